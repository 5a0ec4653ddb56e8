//! The numbers of documents, and the bounds that a question has for them.

use tantivy::columnar::Column;
use tantivy::{DocId, Score, SegmentReader};
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::search::{Days, Moment, Places, Question, SearchSort, rank_of};
use ticketing_core::domain::time::Timestamp;
use uuid::Uuid;

use crate::schema::{CLOSES, ID_HIGH, ID_LOW, LEFT, PRICE, STARTS, STARTS_LOCAL};

const DAY: i64 = 24 * 60 * 60 * 1000;

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
        }
    }

    /// Whether hits are ordered by what they earn.
    pub(crate) fn are_scored(&self) -> bool {
        self.sort == SearchSort::BestMatch
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
        })
    }

    /// Whether a document is within the bounds; its price aside.
    pub(super) fn have(&self, document: DocId) -> bool {
        self.closes.first(document).is_none_or(|at| at >= self.bounds.now)
            && (!self.bounds.is_timed() || self.have_time(document))
            && self.have_places(document)
    }

    fn have_time(&self, document: DocId) -> bool {
        let Some(local) = self.starts_local.first(document) else { return false };
        let starts = |bound| match bound {
            Bound::At(time) => (self.starts.first(document).unwrap_or(local), time),
            Bound::AtPlace(time) => (local, time),
        };
        let is_right_day = match self.bounds.days {
            Days::Any => true,
            // The first day of 1970 was a Thursday.
            Days::Weekends => matches!(local.div_euclid(DAY).rem_euclid(7), 2 | 3),
        };
        is_right_day
            && self.bounds.from.map(starts).is_none_or(|(at, from)| at >= from)
            && self.bounds.to.map(starts).is_none_or(|(at, to)| at < to)
    }

    fn have_places(&self, document: DocId) -> bool {
        let (wanted, together) = match self.bounds.places {
            Places::Any => return true,
            Places::Left(places) => (places, false),
            Places::Together(places) => (places, places > 1),
        };
        let left = self.left.first(document).unwrap_or(0);
        left / 2 >= u64::from(wanted) && (!together || left % 2 == 1)
    }

    /// Whether the price of a document is within the bounds.
    pub(super) fn have_price(&self, document: DocId) -> bool {
        self.bounds.price.is_none_or(|(least, most)| {
            let amount = self.price.first(document).unwrap_or(0);
            amount >= least && amount <= most
        })
    }

    /// Where a document stands in the order asked for, lowest first.
    pub(super) fn rank(&self, document: DocId, score: Score) -> u64 {
        let amount = || self.price.first(document).unwrap_or(0);
        match self.bounds.sort {
            SearchSort::BestMatch => rank_of(points(score)),
            SearchSort::Newest => 0,
            SearchSort::Soonest => {
                let at = self.starts.first(document);
                at.map_or(u64::MAX, |at| Timestamp::from_millis(at).millis().unsigned_abs())
            }
            SearchSort::Cheapest(_) => amount(),
            SearchSort::Dearest(_) => u64::MAX - amount(),
        }
    }

    /// The first half of an id, by which most are told apart.
    pub(super) fn id_high(&self, document: DocId) -> u64 {
        self.id_high.first(document).unwrap_or(0)
    }

    pub(super) fn id(&self, document: DocId) -> TicketId {
        TicketId::new(Uuid::from_u64_pair(self.id_high(document), self.id_low.first(document).unwrap_or(0)))
    }
}

/// Points are whole and few, so a score has them exactly.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "points are whole, few and not negative")]
fn points(score: Score) -> u32 {
    score.round() as u32
}
