//! The numbers of documents, and the bounds that a question has for them.

use tantivy::columnar::Column;
use tantivy::fastfield::AliveBitSet;
use tantivy::{DocId, Score, SegmentReader};
use ticketing_core::domain::search::{Days, Moment, Places, Question, SearchSort, rank_of};

use super::block::{Block, Each, MOST};
use crate::schema::{CLOSES, ID_HIGH, ID_LOW, LEFT, PRICE, STARTS, STARTS_LOCAL};

const DAY: i64 = 24 * 60 * 60 * 1000;
/// What stands for no time: a time is after 1970.
const NO_TIME: i64 = i64::MIN;

/// The bounds of a question, as numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    now: i64,
    from: Option<Bound>,
    to: Option<Bound>,
    days: Days,
    places: Places,
    price: Option<(u64, u64)>,
    sort: SearchSort,
    are_scored: bool,
}

/// A moment on one of two clocks.
#[derive(Debug, Clone, Copy)]
enum Bound {
    At(i64),
    AtPlace(i64),
}

impl From<Moment> for Bound {
    fn from(moment: Moment) -> Self {
        match moment {
            Moment::At(time) => Self::At(time.millis()),
            Moment::AtPlace(time) => Self::AtPlace(time.millis()),
        }
    }
}

impl Bounds {
    pub(crate) fn of(question: &Question) -> Self {
        let filters = question.filters();
        let price = filters.price.map(|range| (range.least.unwrap_or(0), range.most.unwrap_or(u64::MAX)));
        Self {
            now: question.now().millis(),
            from: filters.from.map(Bound::from),
            to: filters.to.map(Bound::from),
            days: filters.days,
            places: filters.places,
            price,
            sort: question.sort(),
            // Names earn nothing.
            are_scored: question.sort() == SearchSort::BestMatch && question.text().is_some(),
        }
    }

    /// Whether hits are ordered by what they earn.
    pub(crate) const fn are_scored(&self) -> bool {
        self.are_scored
    }

    /// Whether they have what starts then, and then at its place.
    fn have_time(&self, starts: i64, local: i64) -> bool {
        let starts = |bound| match bound {
            Bound::At(time) => (starts, time),
            Bound::AtPlace(time) => (local, time),
        };
        let is_right_day = match self.days {
            Days::Any => true,
            // The first day of 1970 was a Thursday.
            Days::Weekends => matches!(local.div_euclid(DAY).rem_euclid(7), 2 | 3),
        };
        is_right_day
            && self.from.map(starts).is_none_or(|(at, from)| at >= from)
            && self.to.map(starts).is_none_or(|(at, to)| at < to)
    }

    /// Whether so many places are left as are wanted; see the field of the schema.
    fn have_places(&self, left: u64) -> bool {
        let (wanted, together) = match self.places {
            Places::Any => return true,
            Places::Left(places) => (places, false),
            Places::Together(places) => (places, places > 1),
        };
        left / 2 >= u64::from(wanted) && (!together || left % 2 == 1)
    }

    const fn is_timed(&self) -> bool {
        self.from.is_some() || self.to.is_some() || matches!(self.days, Days::Weekends)
    }
}

/// The numbers of the documents of a segment.
pub(super) struct Columns {
    bounds: Bounds,
    id_high: Column<u64>,
    id_low: Column<u64>,
    starts: Column<i64>,
    starts_local: Column<i64>,
    closes: Column<i64>,
    price: Column<u64>,
    left: Column<u64>,
    /// What was not deleted, if anything was.
    alive: Option<AliveBitSet>,
}

impl Columns {
    pub(super) fn open(segment: &SegmentReader, bounds: Bounds) -> tantivy::Result<Self> {
        let fast = segment.fast_fields();
        Ok(Self {
            bounds,
            id_high: fast.u64(ID_HIGH)?,
            id_low: fast.u64(ID_LOW)?,
            starts: fast.i64(STARTS)?,
            starts_local: fast.i64(STARTS_LOCAL)?,
            closes: fast.i64(CLOSES)?,
            price: fast.u64(PRICE)?,
            left: fast.u64(LEFT)?,
            alive: segment.alive_bitset().cloned(),
        })
    }

    /// Keeps the hits that are there and within the bounds; their prices aside.
    pub(super) fn retain(&self, block: &mut Block) {
        if let Some(alive) = &self.alive {
            block.retain_documents(|document| alive.is_alive(document));
        }
        self.retain_open(block);
        if self.bounds.is_timed() {
            self.retain_timed(block);
        }
        if self.bounds.places != Places::Any {
            self.retain_with_places(block);
        }
    }

    /// Those whose sales have not ended; in a segment where they have for none, none is looked at.
    fn retain_open(&self, block: &mut Block) {
        if self.closes.min_value() >= self.bounds.now {
            return;
        }
        let mut closes = [0; MOST];
        block.read(&self.closes, i64::MAX, &mut closes);
        block.retain(&closes, |at| *at >= self.bounds.now);
    }

    fn retain_timed(&self, block: &mut Block) {
        let (mut starts, mut local) = ([0; MOST], [0; MOST]);
        block.read(&self.starts, NO_TIME, &mut starts);
        block.read(&self.starts_local, NO_TIME, &mut local);
        let mut wanted = [false; MOST];
        for (wanted, (starts, local)) in wanted.iter_mut().zip(starts.into_iter().zip(local)) {
            *wanted = local != NO_TIME && self.bounds.have_time(if starts == NO_TIME { local } else { starts }, local);
        }
        block.retain(&wanted, |is_wanted| *is_wanted);
    }

    fn retain_with_places(&self, block: &mut Block) {
        let mut left = [0; MOST];
        block.read(&self.left, 0, &mut left);
        block.retain(&left, |left| self.bounds.have_places(*left));
    }

    /// Which hits have a price within the bounds; none if prices have no bounds.
    pub(super) fn have_price(&self, block: &Block) -> Option<Each<bool>> {
        let (least, most) = self.bounds.price?;
        let mut amounts = [0; MOST];
        block.read(&self.price, 0, &mut amounts);
        Some(amounts.map(|amount| (least..=most).contains(&amount)))
    }

    /// Where hits stand in the order asked for, lowest first.
    pub(super) fn read_ranks(&self, block: &Block, ranks: &mut Each<u64>) {
        match self.bounds.sort {
            SearchSort::BestMatch => {
                ranks.iter_mut().zip(block.scores()).for_each(|(rank, score)| *rank = rank_of(points(*score)));
            }
            SearchSort::Newest => ranks.fill(0),
            SearchSort::Soonest => {
                let mut starts = [0; MOST];
                block.read(&self.starts, NO_TIME, &mut starts);
                for (rank, at) in ranks.iter_mut().zip(starts) {
                    *rank = if at == NO_TIME { u64::MAX } else { at.unsigned_abs() };
                }
            }
            SearchSort::Cheapest(_) => block.read(&self.price, 0, ranks),
            SearchSort::Dearest(_) => {
                block.read(&self.price, 0, ranks);
                ranks.iter_mut().for_each(|amount| *amount = u64::MAX - *amount);
            }
        }
    }

    /// The first half of each id.
    pub(super) fn read_highs(&self, block: &Block, highs: &mut Each<u64>) {
        block.read(&self.id_high, 0, highs);
    }

    /// The other half of one.
    pub(super) fn low_of(&self, document: DocId) -> u64 {
        self.id_low.first(document).unwrap_or(0)
    }
}

/// Points are whole and few, so a score has them exactly.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "points are whole, few and not negative")]
const fn points(score: Score) -> u32 {
    score as u32
}
