//! The hits of a page, and how many there are before and behind.

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::query::Weight;
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::search::{Found, Hit, SearchCursor, SearchPage};
use uuid::Uuid;

use super::block::{Block, MOST};
use super::columns::{Bounds, Columns};

/// A place in the order, lowest first: a rank, and both halves of an id from the highest down, since equal ranks are
/// ordered by id, highest first.
type Place = (u64, u64, u64);

const fn place(rank: u64, id_high: u64, id_low: u64) -> Place {
    (rank, !id_high, !id_low)
}

const fn place_of(cursor: SearchCursor) -> Place {
    let (high, low) = cursor.ticket.uuid().as_u64_pair();
    place(cursor.rank, high, low)
}

const fn hit((rank, high, low): Place) -> Hit {
    Hit { ticket: TicketId::new(Uuid::from_u64_pair(!high, !low)), rank }
}

/// The same order backwards.
const fn backwards((rank, high, low): Place) -> Place {
    (!rank, !high, !low)
}

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
        Ok(SegmentHits::of(self.page, Columns::open(segment, self.bounds)?))
    }

    fn requires_scoring(&self) -> bool {
        self.bounds.are_scored()
    }

    fn collect_segment(
        &self,
        weight: &dyn Weight,
        ordinal: SegmentOrdinal,
        segment: &SegmentReader,
    ) -> tantivy::Result<PageOfHits> {
        let mut hits = self.for_segment(ordinal, segment)?;
        match self.requires_scoring() {
            true => weight.for_each(segment, &mut |document, score| hits.collect(document, score))?,
            false => weight.for_each_no_score(segment, &mut |documents| hits.collect_block(documents))?,
        }
        Ok(hits.harvest())
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
        let hits: Vec<Hit> = self.places.into_iter().map(hit).collect();
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
    block: Block,
    /// The best so far, and some that may be worse; backwards where the page is before a cursor.
    best: Vec<Place>,
    /// What is not better than this is behind the page.
    worst: Option<Place>,
    passed: u64,
    count: u64,
}

/// How many more than a page are kept until the worse of them are given up, all at once.
const SPARE: usize = 32;

impl SegmentHits {
    fn of(page: SearchPage, columns: Columns) -> Self {
        let (block, best, worst) = (Block::default(), Vec::new(), None);
        Self { columns, page, block, best, worst, passed: 0, count: 0 }
    }

    /// Counts and keeps the hits of the block, and empties it.
    fn take_block(&mut self) {
        self.columns.retain(&mut self.block);
        if let Some(have_price) = self.columns.have_price(&self.block) {
            self.block.retain(&have_price, |has_price| *has_price);
        }
        let hits = self.block.len();
        self.count += hits as u64;
        let mut ranks = [0; MOST];
        self.columns.read_ranks(&self.block, &mut ranks);
        if !self.are_far(ranks.iter().take(hits)) {
            let mut highs = [0; MOST];
            self.columns.read_highs(&self.block, &mut highs);
            // Newer tickets tend to be behind older ones: those that come last leave the fewest to be kept.
            for at in (0..hits).rev() {
                if let (Some(document), Some(rank), Some(high)) =
                    (self.block.documents().get(at), ranks.get(at), highs.get(at))
                {
                    self.take(*document, *rank, *high);
                }
            }
        }
        self.block.clear();
    }

    /// Whether all of these are behind a first page that is full, by their ranks alone.
    fn are_far<'a>(&self, mut ranks: impl Iterator<Item = &'a u64>) -> bool {
        match (self.page, self.worst) {
            (SearchPage::First { .. }, Some((worst, ..))) => ranks.all(|rank| *rank > worst),
            _ => false,
        }
    }

    /// Most hits are behind the page by their rank and half of their id, so the other half is read of few.
    fn take(&mut self, document: DocId, rank: u64, high: u64) {
        let is_first = matches!(self.page, SearchPage::First { .. });
        if is_first && self.worst.is_some_and(|(worst, half, _)| (rank, !high) > (worst, half)) {
            return;
        }
        let at = place(rank, high, self.columns.low_of(document));
        match self.page {
            SearchPage::First { .. } => self.keep(at),
            SearchPage::After { cursor, .. } if at > place_of(cursor) => self.keep(at),
            SearchPage::After { .. } => self.passed += 1,
            SearchPage::Before { cursor, .. } if at < place_of(cursor) => {
                self.passed += 1;
                self.keep(backwards(at));
            }
            SearchPage::Before { .. } => {}
        }
    }

    fn keep(&mut self, at: Place) {
        if self.worst.is_some_and(|worst| at >= worst) {
            return;
        }
        self.best.push(at);
        if self.best.len() >= self.page.limit() + SPARE {
            self.give_up();
        }
    }

    /// Gives up what is behind the page.
    fn give_up(&mut self) {
        let limit = self.page.limit();
        if limit < self.best.len() {
            let (_, worst, _) = self.best.select_nth_unstable(limit);
            self.worst = Some(*worst);
            self.best.truncate(limit);
        }
    }
}

impl SegmentCollector for SegmentHits {
    type Fruit = PageOfHits;

    fn collect(&mut self, document: DocId, score: Score) {
        self.block.push(document, score);
        if self.block.is_full() {
            self.take_block();
        }
    }

    fn harvest(mut self) -> PageOfHits {
        self.take_block();
        self.give_up();
        let mut places = self.best;
        if let SearchPage::Before { .. } = self.page {
            places.iter_mut().for_each(|at| *at = backwards(*at));
        }
        PageOfHits { places, passed: self.passed, count: self.count }
    }
}
