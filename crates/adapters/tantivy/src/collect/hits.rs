//! The hits of a page, and how many there are before and behind.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::search::{Found, Hit, SearchCursor, SearchPage};

use super::columns::{Bounds, Columns};

/// A place in the order: equal ranks are ordered by id, highest first.
type Place = (u64, Reverse<TicketId>);

/// Collects one page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HitsCollector {
    pub(crate) bounds: Bounds,
    pub(crate) page: SearchPage,
}

/// What one segment, or all of them, have of a page.
#[derive(Debug, Default)]
pub(crate) struct PageOfHits {
    places: Vec<Place>,
    /// Hits that come before the cursor, or at it.
    passed: u64,
    count: u64,
}

impl Collector for HitsCollector {
    type Fruit = PageOfHits;
    type Child = SegmentHits;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<SegmentHits> {
        let columns = Columns::open(segment, self.bounds)?;
        Ok(SegmentHits { columns, page: self.page, heap: BinaryHeap::new(), passed: 0, count: 0 })
    }

    fn requires_scoring(&self) -> bool {
        self.bounds.are_scored()
    }

    fn merge_fruits(&self, segments: Vec<PageOfHits>) -> tantivy::Result<PageOfHits> {
        let mut all = PageOfHits::default();
        for PageOfHits { places, passed, count } in segments {
            all.places.extend(places);
            all.passed += passed;
            all.count += count;
        }
        all.places.sort_unstable();
        let limit = self.page.limit();
        if let SearchPage::Before { .. } = self.page {
            all.places.drain(..all.places.len().saturating_sub(limit));
        }
        all.places.truncate(limit);
        Ok(all)
    }
}

impl PageOfHits {
    /// The page as a question gets it.
    pub(crate) fn found(self, page: SearchPage, instead: Option<String>) -> Found {
        let hits: Vec<Hit> = self.places.into_iter().map(|(rank, Reverse(ticket))| Hit { ticket, rank }).collect();
        let before = match page {
            SearchPage::First { .. } | SearchPage::After { .. } => self.passed,
            SearchPage::Before { .. } => self.passed.saturating_sub(hits.len() as u64),
        };
        Found { hits, before, count: self.count, instead }
    }
}

/// Collects the hits of one segment.
pub(crate) struct SegmentHits {
    columns: Columns,
    page: SearchPage,
    /// The best so far, the worst on top; places count backwards where the page is before a cursor.
    heap: BinaryHeap<Kept>,
    passed: u64,
    count: u64,
}

/// A place that is kept, so that the one to give up first is the greatest.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kept {
    First(Place),
    Last(Reverse<Place>),
}

impl Kept {
    const fn place(&self) -> Place {
        match self {
            Self::First(place) | Self::Last(Reverse(place)) => *place,
        }
    }
}

const fn place((rank, ticket): (u64, TicketId)) -> Place {
    (rank, Reverse(ticket))
}

const fn place_of(cursor: SearchCursor) -> Place {
    place((cursor.rank, cursor.ticket))
}

impl SegmentHits {
    /// Whether a document is behind a first page that is full, by its rank and half of its id: most are.
    fn is_far(&self, document: DocId, rank: u64) -> bool {
        let is_full = self.heap.len() == self.page.limit();
        match (self.page, self.heap.peek()) {
            (SearchPage::First { .. }, Some(Kept::First((worst, Reverse(ticket))))) if is_full => {
                rank > *worst || rank == *worst && self.columns.id_high(document) < ticket.uuid().as_u64_pair().0
            }
            _ => false,
        }
    }

    fn keep(&mut self, kept: Kept) {
        if self.heap.len() < self.page.limit() {
            self.heap.push(kept);
        } else if let Some(mut worst) = self.heap.peek_mut()
            && kept < *worst
        {
            *worst = kept;
        }
    }
}

impl SegmentCollector for SegmentHits {
    type Fruit = PageOfHits;

    fn collect(&mut self, document: DocId, score: Score) {
        if !self.columns.have(document) || !self.columns.have_price(document) {
            return;
        }
        self.count += 1;
        let rank = self.columns.rank(document, score);
        if self.is_far(document, rank) {
            return;
        }
        let at = place((rank, self.columns.id(document)));
        match self.page {
            SearchPage::First { .. } => self.keep(Kept::First(at)),
            SearchPage::After { cursor, .. } if at > place_of(cursor) => self.keep(Kept::First(at)),
            SearchPage::After { .. } => self.passed += 1,
            SearchPage::Before { cursor, .. } if at < place_of(cursor) => {
                self.passed += 1;
                self.keep(Kept::Last(Reverse(at)));
            }
            SearchPage::Before { .. } => {}
        }
    }

    fn harvest(self) -> PageOfHits {
        let places = self.heap.iter().map(Kept::place).collect();
        PageOfHits { places, passed: self.passed, count: self.count }
    }
}
