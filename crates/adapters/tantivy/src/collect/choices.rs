//! Counts the choices of each facet in one pass.

use std::collections::HashMap;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::StrColumn;
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};
use ticketing_core::domain::search::{Choice, Facet, Facets, Question};

use super::columns::{Bounds, Columns};
use crate::name;
use crate::schema::{FACETS, facet_name};

/// The most spellings of one facet that are put together.
const MOST_SPELLINGS: usize = 20 * Facets::MOST;

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
        Ok(SegmentChoices { columns: Columns::open(segment, self.bounds)?, facets: columns })
    }

    fn requires_scoring(&self) -> bool {
        false
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

    fn value(&self, document: DocId) -> Option<u64> {
        self.values.as_ref().and_then(|values| values.ords().first(document))
    }

    fn leaves(&self, value: Option<u64>) -> bool {
        self.wanted.as_ref().is_none_or(|wanted| value.is_some_and(|value| wanted.contains(&value)))
    }

    fn count(&mut self, value: Option<u64>) {
        let value = value.and_then(|value| usize::try_from(value).ok());
        if let Some(count) = value.and_then(|value| self.counts.get_mut(value)) {
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

    fn collect(&mut self, document: DocId, _: Score) {
        if !self.columns.have(document) {
            return;
        }
        let has_price = self.columns.have_price(document);
        let mut values = [None; 4];
        let mut misses = [false; 4];
        for ((facet, value), misses) in self.facets.iter().zip(&mut values).zip(&mut misses) {
            *value = facet.value(document);
            // A range of prices is one of its currency.
            *misses = !facet.leaves(*value) || facet.facet == Facet::Currency && !has_price;
        }
        let missed = misses.iter().filter(|misses| **misses).count();
        for ((facet, value), misses) in self.facets.iter_mut().zip(values).zip(misses) {
            if missed == 0 || missed == 1 && misses {
                facet.count(value);
            }
        }
    }

    fn harvest(self) -> tantivy::Result<Counted> {
        let mut counted = Counted::default();
        for (counts, facet) in counted.0.iter_mut().zip(self.facets) {
            *counts = facet.counted()?;
        }
        Ok(counted)
    }
}
