//! Counts the choices of each facet in one pass.

use std::collections::HashMap;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::StrColumn;
use tantivy::query::Weight;
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};
use ticketing_core::domain::search::{Choice, Facet, Facets, Question};

use super::block::{Block, Each, MOST};
use super::columns::{Bounds, Columns};
use crate::name;
use crate::schema::{FACETS, facet_name};

/// The most spellings of one facet that are put together.
const MOST_SPELLINGS: usize = 20 * Facets::MOST;

/// What stands for no value: no segment has so many.
const NO_VALUE: u64 = u64::MAX;

/// Counts the hits of a question by facet.
#[derive(Debug)]
pub(crate) struct ChoicesCollector {
    bounds: Bounds,
    /// What each facet is filtered by, in the order of [`FACETS`].
    wanted: [Option<String>; 4],
}

/// How many hits each choice has, in the order of [`FACETS`].
#[derive(Debug, Default)]
pub(crate) struct Counted([HashMap<String, u64>; 4]);

impl ChoicesCollector {
    pub(crate) fn of(question: &Question) -> Self {
        let filters = question.filters();
        let wanted = FACETS.map(|facet| match facet {
            Facet::Category => filters.category.clone(),
            Facet::City => filters.city.clone(),
            Facet::Country => filters.country.clone(),
            Facet::Currency => question.currency().map(|currency| currency.code().to_owned()),
        });
        Self { bounds: Bounds::of(question), wanted }
    }
}

impl Counted {
    /// Whether nothing has any choice.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(HashMap::is_empty)
    }

    pub(crate) fn facets(self) -> Facets {
        let [categories, cities, countries, currencies] = self.0.map(|counts| {
            let choice = |(value, count): (String, u64)| Choice { value: name::written(&value).to_owned(), count };
            let mut choices: Vec<Choice> = counts.into_iter().map(choice).collect();
            choices.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.value.cmp(&other.value)));
            choices.truncate(MOST_SPELLINGS);
            Facets::choices(choices)
        });
        Facets { categories, cities, countries, currencies }
    }
}

impl Collector for ChoicesCollector {
    type Fruit = Counted;
    type Child = SegmentChoices;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<SegmentChoices> {
        let mut columns = Vec::with_capacity(FACETS.len());
        for (facet, wanted) in FACETS.into_iter().zip(&self.wanted) {
            columns.push(FacetColumn::open(segment, facet, wanted.as_deref())?);
        }
        Ok(SegmentChoices { columns: Columns::open(segment, self.bounds)?, facets: columns, block: Block::default() })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn collect_segment(
        &self,
        weight: &dyn Weight,
        ordinal: SegmentOrdinal,
        segment: &SegmentReader,
    ) -> tantivy::Result<tantivy::Result<Counted>> {
        let mut choices = self.for_segment(ordinal, segment)?;
        weight.for_each_no_score(segment, &mut |documents| choices.collect_block(documents))?;
        Ok(choices.harvest())
    }

    fn merge_fruits(&self, segments: Vec<tantivy::Result<Counted>>) -> tantivy::Result<Counted> {
        let mut all = Counted::default();
        for segment in segments {
            for (all, counts) in all.0.iter_mut().zip(segment?.0) {
                for (value, count) in counts {
                    *all.entry(value).or_default() += count;
                }
            }
        }
        Ok(all)
    }
}

/// Counts the hits of one segment.
pub(crate) struct SegmentChoices {
    columns: Columns,
    facets: Vec<FacetColumn>,
    block: Block,
}

/// The values of one facet in a segment, and their counts.
struct FacetColumn {
    facet: Facet,
    values: Option<StrColumn>,
    /// The spellings that are filtered by; none if the facet is not.
    wanted: Option<std::ops::Range<u64>>,
    counts: Vec<u64>,
}

impl FacetColumn {
    fn open(segment: &SegmentReader, facet: Facet, wanted: Option<&str>) -> tantivy::Result<Self> {
        let values = segment.fast_fields().str(facet_name(facet))?;
        let terms = values.as_ref().map_or(0, |values| values.num_terms());
        let wanted = wanted.map(|wanted| spellings(values.as_ref(), wanted)).transpose()?;
        Ok(Self { facet, values, wanted, counts: vec![0; terms] })
    }

    fn read(&self, block: &Block, values: &mut Each<u64>) {
        match &self.values {
            Some(column) => block.read(column.ords(), NO_VALUE, values),
            None => values.fill(NO_VALUE),
        }
    }

    /// Which hits are left out by this facet; a range of prices is one of its currency.
    fn misses(&self, values: &Each<u64>, have_price: Option<&Each<bool>>) -> Each<bool> {
        let mut misses = [false; MOST];
        if let Some(wanted) = &self.wanted {
            misses = values.map(|value| !wanted.contains(&value));
        }
        if let (Facet::Currency, Some(have_price)) = (self.facet, have_price) {
            misses.iter_mut().zip(have_price).for_each(|(misses, has_price)| *misses |= !has_price);
        }
        misses
    }

    fn count(&mut self, value: u64) {
        if let Some(count) = usize::try_from(value).ok().and_then(|value| self.counts.get_mut(value)) {
            *count += 1;
        }
    }

    fn counted(self) -> tantivy::Result<HashMap<String, u64>> {
        let mut counts = HashMap::new();
        let Some(values) = self.values else { return Ok(counts) };
        let mut value = String::new();
        for (ord, count) in self.counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
            if values.ord_to_str(ord as u64, &mut value)? {
                counts.insert(value.clone(), count);
            }
        }
        Ok(counts)
    }
}

/// Where the spellings of a name stand among the values.
fn spellings(values: Option<&StrColumn>, wanted: &str) -> tantivy::Result<std::ops::Range<u64>> {
    let Some(values) = values else { return Ok(0..0) };
    let prefix = name::choice_prefix(wanted);
    let mut stream = values.dictionary().prefix_range(&prefix).into_stream()?;
    let (mut first, mut count) = (0, 0);
    while stream.advance() {
        if count == 0 {
            first = stream.term_ord();
        }
        count += 1;
    }
    Ok(first..first + count)
}

impl SegmentCollector for SegmentChoices {
    type Fruit = tantivy::Result<Counted>;

    fn collect(&mut self, document: DocId, score: Score) {
        self.block.push(document, score);
        if self.block.is_full() {
            self.count();
        }
    }

    fn harvest(mut self) -> tantivy::Result<Counted> {
        self.count();
        let mut counted = Counted::default();
        for (counts, facet) in counted.0.iter_mut().zip(self.facets) {
            *counts = facet.counted()?;
        }
        Ok(counted)
    }
}

impl SegmentChoices {
    /// Counts the hits of the block, and empties it.
    fn count(&mut self) {
        self.columns.retain(&mut self.block);
        let have_price = self.columns.have_price(&self.block);
        let mut values = [[NO_VALUE; MOST]; FACETS.len()];
        let mut misses = [[false; MOST]; FACETS.len()];
        // How many facets leave a hit out. Each facet counts those that no other one leaves out.
        let mut missed = [0_u8; MOST];
        for (facet, (values, misses)) in self.facets.iter().zip(values.iter_mut().zip(&mut misses)) {
            facet.read(&self.block, values);
            *misses = facet.misses(values, have_price.as_ref());
            missed.iter_mut().zip(misses).for_each(|(missed, misses)| *missed += u8::from(*misses));
        }
        for (facet, (values, misses)) in self.facets.iter_mut().zip(values.iter().zip(&misses)) {
            for ((value, misses), missed) in values.iter().zip(misses).zip(missed).take(self.block.len()) {
                if missed == u8::from(*misses) {
                    facet.count(*value);
                }
            }
        }
        self.block.clear();
    }
}
