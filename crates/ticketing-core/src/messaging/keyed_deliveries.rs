//! Ordered, at-least-once delivery by key: the state behind a subscription. Pure: everything is an argument.
//!
//! Every key with something unsettled has a lane. A lane lends what waits in it
//! only while none of its deliveries is out, so that a later delivery of a key
//! never overtakes an earlier one. Other lanes flow meanwhile, so what is
//! unsettled has holes, and progress is the lowest position of it.

mod lane;
mod loan;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use crate::ports::transport::{Settlement, TransportError};

pub use lane::Lane;
pub use loan::{Epoch, Loan};

/// A delivery that arrived from the broker or the log.
#[derive(Debug)]
pub struct Arrived<D> {
    /// What it is ordered by.
    pub lane: Lane,
    /// About how much memory it takes; zero where nobody counts.
    pub bytes: usize,
    /// What is lent; `()` where the position is enough to find it.
    pub delivery: D,
}

/// A delivery on loan.
#[derive(Debug)]
pub struct Lent<D> {
    /// Settles it.
    pub loan: Loan,
    /// How often it was lent in this epoch, from 1.
    pub attempt: u32,
    /// What arrived.
    pub delivery: D,
}

/// What one reader has of one sequence of deliveries, such as a partition, during one epoch.
///
/// Time is a span since any fixed moment of the caller's choice.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ticketing_core::messaging::keyed_deliveries::{Arrived, Epoch, KeyedDeliveries, Lane};
/// use ticketing_core::ports::transport::Settlement;
///
/// let at = Duration::from_secs;
/// let mut deliveries = KeyedDeliveries::new(Epoch { number: 1, start: 0 });
/// for (position, key, delivery) in [(0, "A", "A placed"), (1, "A", "A paid"), (2, "B", "B placed")] {
///     deliveries.accept(position, Arrived { lane: Lane::of_key(key), bytes: 0, delivery });
/// }
/// let first = deliveries.lend(at(0), 1).remove(0);
/// assert_eq!((first.delivery, first.attempt), ("A placed", 1));
///
/// // While A waits for a retry, B flows, and progress stays where A is.
/// deliveries.settle(first.loan, Settlement::Retry { after: at(5) }, || at(0))?;
/// let other = deliveries.lend(at(0), 10).remove(0);
/// assert_eq!(other.delivery, "B placed");
/// deliveries.settle(other.loan, Settlement::Ack, || at(1))?;
/// assert_eq!((deliveries.watermark(), deliveries.due()), (0, Some(at(5))));
///
/// let again: Vec<_> = deliveries.lend(at(5), 10).iter().map(|lent| (lent.delivery, lent.attempt)).collect();
/// assert_eq!(again, [("A placed", 2), ("A paid", 1)]);
/// # Ok::<(), ticketing_core::ports::transport::TransportError>(())
/// ```
#[derive(Debug)]
pub struct KeyedDeliveries<D> {
    epoch: u64,
    /// Behind all that arrived.
    next: u64,
    /// All that arrived and is unsettled.
    held: BTreeMap<u64, Held<D>>,
    bytes: usize,
    out: usize,
    /// What arrived and no lane has yet, oldest first.
    fresh: VecDeque<u64>,
    lanes: HashMap<Lane, Queue>,
    /// Lanes that may lend, by the first position that waits in them. Invariant: nothing of them is out.
    ready: BTreeMap<u64, Lane>,
    /// Lanes that may lend later, by when, and by the first position that waits in them.
    delayed: BTreeMap<(Duration, u64), Lane>,
    batches: u64,
}

#[derive(Debug)]
struct Held<D> {
    lane: Lane,
    bytes: usize,
    returns: u32,
    is_out: bool,
    delivery: D,
}

/// What a lane has.
#[derive(Debug, Default)]
struct Queue {
    waiting: BTreeSet<u64>,
    out: usize,
    /// The batch that lent from it last.
    batch: u64,
    not_before: Option<Duration>,
}

impl<D: Clone> KeyedDeliveries<D> {
    /// Begins an epoch, with nothing.
    #[must_use]
    pub fn new(epoch: Epoch) -> Self {
        Self {
            epoch: epoch.number,
            next: epoch.start,
            held: BTreeMap::new(),
            bytes: 0,
            out: 0,
            fresh: VecDeque::new(),
            lanes: HashMap::new(),
            ready: BTreeMap::new(),
            delayed: BTreeMap::new(),
            batches: 0,
        }
    }

    /// Ends the epoch and begins the next one at the watermark. All that is unsettled is forgotten, and so is what was
    /// settled behind it; loans of the old epoch settle nothing.
    pub fn revoke(&mut self) {
        *self = Self::new(Epoch { number: self.epoch + 1, start: self.watermark() });
    }

    /// The position up to which everything is settled.
    #[must_use]
    pub fn watermark(&self) -> u64 {
        self.held.keys().next().copied().unwrap_or(self.next)
    }

    /// What lies at the watermark; `None` if all that arrived is settled.
    #[must_use]
    pub fn first_unsettled(&self) -> Option<&D> {
        self.held.values().next().map(|held| &held.delivery)
    }

    /// The first position that may be accepted.
    #[must_use]
    pub const fn next_position(&self) -> u64 {
        self.next
    }

    /// How many deliveries are on loan.
    #[must_use]
    pub const fn out(&self) -> usize {
        self.out
    }

    /// How many deliveries wait for their turn.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.held.len() - self.out
    }

    /// How many bytes all unsettled deliveries have, those on loan among them.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// When the next retry is due that the last [`lend`](Self::lend) came too early for.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        self.delayed.keys().next().map(|(due, _)| *due)
    }

    /// Takes in a delivery and returns `true`; refuses one whose position was passed already.
    pub fn accept(&mut self, position: u64, arrived: Arrived<D>) -> bool {
        if position < self.next {
            return false;
        }
        let Arrived { lane, bytes, delivery } = arrived;
        self.next = position + 1;
        self.bytes += bytes;
        self.held.insert(position, Held { lane, bytes, returns: 0, is_out: false, delivery });
        self.fresh.push_back(position);
        true
    }

    /// Passes a delivery by that nobody wants, as if it were settled, and returns `true`; refuses one whose position was
    /// passed already.
    pub fn pass(&mut self, position: u64) -> bool {
        let is_new = position >= self.next;
        self.next = self.next.max(position + 1);
        is_new
    }

    /// Lends up to `max` deliveries: first what waited, then what is fresh.
    pub fn lend(&mut self, now: Duration, max: usize) -> Vec<Lent<D>> {
        self.batches += 1;
        self.end_delays(now);
        let mut positions = Vec::with_capacity(max.min(self.waiting()));
        while positions.len() < max && !self.ready.is_empty() {
            let room = max - positions.len();
            self.take_ready(room, &mut positions);
        }
        while positions.len() < max
            && let Some(position) = self.fresh.pop_front()
        {
            positions.extend(self.look(position));
        }
        positions.into_iter().filter_map(|position| self.lend_one(position)).collect()
    }

    /// Ends a loan: the delivery is done, or comes again and the later ones of its lane with it. `now` is asked for a
    /// retry only. Returns whether that leaves its lane with something to lend, at once or later.
    ///
    /// # Errors
    ///
    /// [`TransportError::Closed`] if the epoch of the loan is over: the delivery comes again.
    #[expect(clippy::needless_pass_by_value, reason = "a loan is settled once")]
    pub fn settle(
        &mut self,
        loan: Loan,
        settlement: Settlement,
        now: impl FnOnce() -> Duration,
    ) -> Result<bool, TransportError> {
        let Loan { epoch, position } = loan;
        let held = self.held.get_mut(&position).filter(|held| held.is_out && epoch == self.epoch);
        let held = held.ok_or(TransportError::Closed)?;
        let lane = held.lane;
        held.is_out = false;
        held.returns += 1;
        self.out -= 1;
        let queue = self.lanes.entry(lane).or_default();
        queue.out = queue.out.saturating_sub(1);
        if let Settlement::Retry { after } = settlement {
            queue.waiting.insert(position);
            queue.not_before = queue.not_before.max(Some(now().saturating_add(after)));
        } else if let Some(done) = self.held.remove(&position) {
            self.bytes -= done.bytes;
        }
        Ok(self.free(lane))
    }

    fn end_delays(&mut self, now: Duration) {
        while let Some(entry) = self.delayed.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((_, first), lane) = entry.remove_entry();
            self.ready.insert(first, lane);
        }
    }

    /// Takes up to `max` positions, in order, out of the first lane that may lend.
    fn take_ready(&mut self, max: usize, positions: &mut Vec<u64>) {
        let queue = self.ready.pop_first().and_then(|(_, lane)| self.lanes.get_mut(&lane));
        let Some(queue) = queue else { return };
        queue.batch = self.batches;
        queue.not_before = None;
        let before = positions.len();
        positions.extend((0..max).map_while(|_| queue.waiting.pop_first()));
        queue.out += positions.len() - before;
    }

    /// Looks at a fresh delivery; `None` if it has to wait for an earlier one of its lane.
    fn look(&mut self, position: u64) -> Option<u64> {
        let queue = self.lanes.entry(self.held.get(&position)?.lane).or_default();
        let is_free = queue.waiting.is_empty() && (queue.out == 0 || queue.batch == self.batches);
        if is_free {
            queue.batch = self.batches;
            queue.out += 1;
            return Some(position);
        }
        queue.waiting.insert(position);
        None
    }

    fn lend_one(&mut self, position: u64) -> Option<Lent<D>> {
        let held = self.held.get_mut(&position)?;
        held.is_out = true;
        self.out += 1;
        let loan = Loan { epoch: self.epoch, position };
        Some(Lent { loan, attempt: held.returns + 1, delivery: held.delivery.clone() })
    }

    /// Lets a lane lend again once all of it is back.
    fn free(&mut self, lane: Lane) -> bool {
        let Some(queue) = self.lanes.get(&lane).filter(|queue| queue.out == 0) else { return false };
        let Some(first) = queue.waiting.first().copied() else {
            self.lanes.remove(&lane);
            return false;
        };
        match queue.not_before {
            Some(due) => self.delayed.insert((due, first), lane),
            None => self.ready.insert(first, lane),
        };
        true
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
