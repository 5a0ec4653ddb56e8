//! Answers questions about tickets by looking at each: the reference for what an index must find.

mod correcting;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::search::{
    Choice, Errors, Facet, Facets, Filters, Found, Hit, Question, SearchChange, SearchCursor, SearchEntry, SearchPage,
    SearchSort, SearchTexts, Watermark, country_of, name_to_find, rank_of,
};
use ticketing_core::domain::ticket::{Sales, Ticket};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::search_index::{MOST_SUGGESTIONS, SearchError, SearchIndex, SearchIndexes};

use crate::lock::Lock;

/// Finds tickets in memory, one by one. A clone is a handle to the same index.
///
/// For tests and small marketplaces: a question costs as much as there are tickets.
///
/// # Examples
///
/// ```
/// use ticketing_core::domain::search::{Question, SearchPage};
/// use ticketing_core::domain::time::Timestamp;
/// use ticketing_core::ports::search_index::SearchIndex;
/// use ticketing_memory::MemorySearchIndex;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let index = MemorySearchIndex::default();
/// let found = index.search(&Question::all(Timestamp::EPOCH), SearchPage::First { limit: 10 }).await?;
/// assert_eq!(found.count, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemorySearchIndex(Arc<Lock<Index>>);

#[derive(Default)]
struct Index {
    tickets: BTreeMap<TicketId, Known>,
    watermark: Option<Watermark>,
}

struct Known {
    entry: SearchEntry,
    /// What it is found by, if it is shown.
    texts: Option<SearchTexts>,
}

/// A place in the order: equal ranks are ordered by id, highest first.
type Place = (u64, Reverse<TicketId>);

#[async_trait]
impl SearchIndex for MemorySearchIndex {
    async fn apply(&self, changes: Vec<SearchChange>, upto: Watermark) -> Result<usize, SearchError> {
        let mut index = self.0.lock();
        let changed: BTreeSet<TicketId> = changes.iter().filter_map(|change| index.follow(change)).collect();
        index.watermark = Some(upto);
        Ok(changed.len())
    }

    async fn search(&self, question: &Question, page: SearchPage) -> Result<Found, SearchError> {
        Ok(self.0.lock().search(question, page))
    }

    async fn facets(&self, question: &Question) -> Result<Facets, SearchError> {
        let index = self.0.lock();
        let choices = |facet| index.choices(&question.without(facet), facet);
        Ok(Facets {
            categories: choices(Facet::Category),
            cities: choices(Facet::City),
            countries: choices(Facet::Country),
            currencies: choices(Facet::Currency),
        })
    }

    async fn suggest(&self, typed: &str, now: Timestamp) -> Result<Vec<String>, SearchError> {
        let typed: String = typed.chars().take(Question::LONGEST).collect();
        let question = Question::parse(&typed, Filters::default(), SearchSort::BestMatch, now);
        let Some(question) = question.ok().filter(|question| question.text().is_some()) else { return Ok(Vec::new()) };
        let index = self.0.lock();
        let found = index.search(&question, SearchPage::First { limit: SearchPage::MOST });
        let mut known = BTreeSet::new();
        let titles = found.hits.iter().filter_map(|hit| index.title(hit.ticket));
        Ok(titles.filter(|title| known.insert(name_to_find(title))).take(MOST_SUGGESTIONS).collect())
    }

    async fn watermark(&self) -> Result<Option<Watermark>, SearchError> {
        Ok(self.0.lock().watermark)
    }

    async fn sales(&self, tickets: &[TicketId]) -> Result<HashMap<TicketId, Sales>, SearchError> {
        let index = self.0.lock();
        let known = tickets.iter().filter_map(|ticket| Some((*ticket, index.tickets.get(ticket)?.entry.sales)));
        Ok(known.filter(|(_, sales)| sales.version > 0).collect())
    }
}

/// Begins indexes in memory. None is there after its process, so none needs to be adopted.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::search_index::SearchIndexes;
/// use ticketing_memory::MemorySearchIndexes;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let next = MemorySearchIndexes.begin().await?;
/// assert_eq!(next.watermark().await?, None);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct MemorySearchIndexes;

#[async_trait]
impl SearchIndexes for MemorySearchIndexes {
    async fn begin(&self) -> Result<Arc<dyn SearchIndex>, SearchError> {
        Ok(Arc::new(MemorySearchIndex::default()))
    }

    async fn adopt(&self) -> Result<(), SearchError> {
        Ok(())
    }
}

impl Index {
    fn follow(&mut self, change: &SearchChange) -> Option<TicketId> {
        let id = change.ticket();
        let known = self.tickets.entry(id).or_insert_with(|| Known { entry: SearchEntry::new(id), texts: None });
        let is_news = known.entry.follow(change);
        if is_news && matches!(change, SearchChange::Facts(_)) {
            known.texts = known.entry.shown().map(|ticket| SearchTexts::of(&ticket.offer.details));
        }
        is_news.then_some(id)
    }

    fn search(&self, question: &Question, page: SearchPage) -> Found {
        let places = self.places(question, Errors::Keep);
        if !places.is_empty() || !self.is_corrected(question) {
            return page_of(&places, page);
        }
        let instead = question.text().and_then(|wanted| correcting::instead(self.tickets.values(), wanted));
        Found { instead, ..page_of(&self.places(question, Errors::Correct), page) }
    }

    /// Whether nothing that is on sale has the words of a question, whatever it is narrowed by.
    fn is_corrected(&self, question: &Question) -> bool {
        let texts = || self.tickets.values().filter_map(|known| known.texts.as_ref());
        question.text().is_some_and(|wanted| {
            !wanted.words.is_empty() && !texts().any(|texts| texts.points(wanted, Errors::Keep).is_some())
        })
    }

    /// The places of all hits, in the order asked for.
    fn places(&self, question: &Question, errors: Errors) -> Vec<Place> {
        let mut places: Vec<Place> =
            self.hits(question, errors).map(|(known, points)| place(question, known, points)).collect();
        places.sort_unstable();
        places
    }

    fn hits(&self, question: &Question, errors: Errors) -> impl Iterator<Item = (&Known, u32)> {
        self.tickets.values().filter_map(move |known| {
            let points = question.points(&known.entry, known.texts.as_ref()?, errors)?;
            Some((known, points))
        })
    }

    fn choices(&self, question: &Question, facet: Facet) -> Vec<Choice> {
        let errors = if self.is_corrected(question) { Errors::Correct } else { Errors::Keep };
        let values = self.hits(question, errors).filter_map(|(known, _)| value(known.entry.shown()?, facet));
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        values.for_each(|value| *counts.entry(value).or_default() += 1);
        Facets::choices(counts.into_iter().map(|(value, count)| Choice { value, count }))
    }

    fn title(&self, ticket: TicketId) -> Option<String> {
        let ticket = self.tickets.get(&ticket)?.entry.shown()?;
        Some(ticket.offer.details.event.title.to_string())
    }
}

fn value(ticket: &Ticket, facet: Facet) -> Option<String> {
    let details = &ticket.offer.details;
    match facet {
        Facet::Category => details.category.as_deref().map(str::to_owned),
        Facet::City => details.event.city.as_deref().map(str::to_owned),
        Facet::Country => country_of(&details.attributes).map(str::to_owned),
        Facet::Currency => Some(ticket.offer.price.money().currency.to_string()),
    }
}

fn place(question: &Question, known: &Known, points: u32) -> Place {
    let offer = known.entry.facts.as_ref().map(|ticket| &ticket.offer);
    let amount = offer.map_or(0, |offer| offer.price.money().amount);
    let starts_at = offer.and_then(|offer| offer.details.event.starts_at);
    let rank = match question.sort() {
        SearchSort::BestMatch => rank_of(points),
        SearchSort::Newest => 0,
        SearchSort::Soonest => starts_at.map_or(u64::MAX, |at| at.millis().unsigned_abs()),
        SearchSort::Cheapest(_) => amount,
        SearchSort::Dearest(_) => u64::MAX - amount,
    };
    (rank, Reverse(known.entry.id))
}

fn page_of(places: &[Place], page: SearchPage) -> Found {
    let at = |cursor: SearchCursor| (cursor.rank, Reverse(cursor.ticket));
    let first = match page {
        SearchPage::First { .. } => 0,
        SearchPage::After { cursor, .. } => places.partition_point(|place| *place <= at(cursor)),
        SearchPage::Before { cursor, .. } => {
            places.partition_point(|place| *place < at(cursor)).saturating_sub(page.limit())
        }
    };
    let last = match page {
        SearchPage::First { .. } | SearchPage::After { .. } => first + page.limit(),
        SearchPage::Before { cursor, .. } => places.partition_point(|place| *place < at(cursor)),
    };
    let hit = |(rank, Reverse(ticket)): &Place| Hit { ticket: *ticket, rank: *rank };
    let hits = places.get(first..last.min(places.len())).unwrap_or_default().iter().map(hit).collect();
    Found { hits, before: first as u64, count: places.len() as u64, instead: None }
}
