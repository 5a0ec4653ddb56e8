//! How far a member came in one partition. Pure: it is told everything.
//!
//! Every key with something unsettled has a lane. A lane lends what waits in it
//! only while none of its messages is out, so that a later message of a key
//! never overtakes an earlier one. Other lanes flow meanwhile, so what is
//! unsettled has holes, and progress is the lowest offset of it.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Instant;

use ticketing_core::ports::transport::{Arrival, TransportError};

use crate::message::{Decoded, Key, Print};

use super::mark::Mark;

/// What one member has of one partition, from its assignment until it is revoked.
#[derive(Debug)]
pub(super) struct Progress {
    /// Which assignment this is; what was polled or lent under an earlier one is void.
    pub(super) generation: u64,
    /// The offset that the group is known to have committed.
    pub(super) committed: Option<i64>,
    /// Whether nothing is fetched for now.
    pub(super) is_paused: bool,
    /// Whether it is about to be taken away: nothing more is lent.
    pub(super) is_leaving: bool,
    /// The newest message that was found where it was when the log was last compared; at first, the first that came.
    known: Option<Mark>,
    /// The newest message that arrived.
    newest: Option<Mark>,
    /// All that arrived and is unsettled.
    held: BTreeMap<i64, Held>,
    /// How much memory that takes.
    bytes: usize,
    /// What arrived and no lane has yet, oldest first.
    fresh: VecDeque<i64>,
    lanes: HashMap<Key, Lane>,
    /// Lanes that may lend, by the first offset that waits in them. Invariant: nothing of them is out.
    ready: BTreeMap<i64, Key>,
    /// Lanes that may lend later, by when, and by the first offset that waits in them.
    delayed: BTreeMap<(Instant, i64), Key>,
    out: usize,
    batches: u64,
}

#[derive(Debug)]
struct Held {
    key: Key,
    print: Print,
    bytes: usize,
    arrival: Arrival,
    returns: u32,
    is_out: bool,
}

#[derive(Debug, Default)]
struct Lane {
    waiting: BTreeSet<i64>,
    out: usize,
    /// The batch that lent from it last.
    batch: u64,
    not_before: Option<Instant>,
}

/// A message on loan.
#[derive(Debug)]
pub(super) struct Lent {
    pub(super) offset: i64,
    pub(super) attempt: u32,
    pub(super) arrival: Arrival,
}

impl Progress {
    /// Begins with nothing. `known` is what was compared before anything is read.
    pub(super) fn new(generation: u64, known: Option<Mark>) -> Self {
        Self {
            generation,
            committed: None,
            is_paused: false,
            is_leaving: false,
            known,
            newest: None,
            held: BTreeMap::new(),
            bytes: 0,
            fresh: VecDeque::new(),
            lanes: HashMap::new(),
            ready: BTreeMap::new(),
            delayed: BTreeMap::new(),
            out: 0,
            batches: 0,
        }
    }

    /// The lowest unsettled offset, behind which everything is done; none if nothing arrived.
    pub(super) fn watermark(&self) -> Option<i64> {
        self.held.keys().next().copied().or(self.newest.map(|newest| newest.offset + 1))
    }

    /// The watermark, unless the group knows it.
    pub(super) fn to_commit(&self) -> Option<i64> {
        self.watermark().filter(|watermark| Some(*watermark) != self.committed)
    }

    /// What the watermark is committed with: the message at it or else just before it, and one that is known.
    pub(super) fn marks(&self) -> Vec<Mark> {
        let lowest = self.held.first_key_value().map(|(offset, held)| Mark { offset: *offset, print: held.print });
        let mut marks: Vec<Mark> = lowest.or(self.newest).into_iter().chain(self.known).collect();
        marks.sort_unstable();
        marks.dedup();
        marks
    }

    /// What is to be compared with the log, and what is known if it is the same.
    pub(super) fn to_compare(&self) -> Option<(Mark, Mark)> {
        let known = self.known.or(self.newest)?;
        Some((known, self.newest.unwrap_or(known)))
    }

    /// Notes that the log is the one that this was read from.
    pub(super) const fn is_known(&mut self, mark: Mark) {
        self.known = Some(mark);
    }

    /// How many messages are on loan.
    pub(super) const fn out(&self) -> usize {
        self.out
    }

    /// About how much memory all messages take, those on loan among them.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many messages wait for their turn.
    pub(super) fn waiting(&self) -> usize {
        self.held.len() - self.out
    }

    /// When the next delayed lane may lend.
    pub(super) fn due(&self) -> Option<Instant> {
        self.delayed.keys().next().map(|(due, _)| *due)
    }

    /// Takes in a message, unless its offset was passed already; tells whether it was taken.
    ///
    /// A client may hand over an offset twice around a rebalance. If it is not that, the log has changed.
    pub(super) fn accept(&mut self, offset: i64, message: Decoded) -> bool {
        if self.newest.is_some_and(|newest| offset <= newest.offset) {
            return false;
        }
        let Decoded { key, print, bytes, arrival } = message;
        self.held.insert(offset, Held { key, print, bytes, arrival, returns: 0, is_out: false });
        self.bytes += bytes;
        self.fresh.push_back(offset);
        let mark = Mark { offset, print };
        self.newest = Some(mark);
        self.known.get_or_insert(mark);
        true
    }

    /// Lends up to `max` messages: first what waited, then what is fresh.
    pub(super) fn lend(&mut self, now: Instant, max: usize) -> Vec<Lent> {
        self.batches += 1;
        self.end_delays(now);
        let mut offsets = Vec::with_capacity(max.min(self.waiting()));
        while offsets.len() < max && !self.ready.is_empty() {
            let room = max - offsets.len();
            self.take_ready(room, &mut offsets);
        }
        while offsets.len() < max
            && let Some(offset) = self.fresh.pop_front()
        {
            offsets.extend(self.look(offset));
        }
        offsets.into_iter().filter_map(|offset| self.lend_one(offset)).collect()
    }

    fn end_delays(&mut self, now: Instant) {
        while let Some(entry) = self.delayed.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((_, first), key) = entry.remove_entry();
            self.ready.insert(first, key);
        }
    }

    /// Takes up to `max` offsets, in order, out of the first lane that may lend.
    fn take_ready(&mut self, max: usize, offsets: &mut Vec<i64>) {
        let lane = self.ready.pop_first().and_then(|(_, key)| self.lanes.get_mut(&key));
        let Some(lane) = lane else { return };
        lane.batch = self.batches;
        lane.not_before = None;
        let taken = (0..max).map_while(|_| lane.waiting.pop_first());
        let before = offsets.len();
        offsets.extend(taken);
        lane.out += offsets.len() - before;
    }

    /// Looks at a fresh message; `None` if it has to wait for an earlier one of its key.
    fn look(&mut self, offset: i64) -> Option<i64> {
        let key = self.held.get(&offset)?.key;
        let lane = self.lanes.entry(key).or_default();
        let is_free = lane.waiting.is_empty() && (lane.out == 0 || lane.batch == self.batches);
        if is_free {
            lane.batch = self.batches;
            lane.out += 1;
            return Some(offset);
        }
        lane.waiting.insert(offset);
        None
    }

    fn lend_one(&mut self, offset: i64) -> Option<Lent> {
        let held = self.held.get_mut(&offset)?;
        held.is_out = true;
        self.out += 1;
        Some(Lent { offset, attempt: held.returns + 1, arrival: held.arrival.clone() })
    }

    /// Ends a loan: the message is done, or comes again once a time has come. Tells whether that frees what waits.
    pub(super) fn settle(&mut self, offset: i64, again: Option<Instant>) -> Result<bool, TransportError> {
        let held = self.held.get_mut(&offset).filter(|held| held.is_out).ok_or(TransportError::Closed)?;
        let key = held.key;
        held.is_out = false;
        held.returns += 1;
        self.out -= 1;
        let lane = self.lanes.entry(key).or_default();
        lane.out = lane.out.saturating_sub(1);
        if again.is_some() {
            lane.waiting.insert(offset);
            lane.not_before = lane.not_before.max(again);
        } else if let Some(done) = self.held.remove(&offset) {
            self.bytes -= done.bytes;
        }
        Ok(self.free(key))
    }

    /// Lets a lane lend again once all of it is back.
    fn free(&mut self, key: Key) -> bool {
        let Some(lane) = self.lanes.get(&key).filter(|lane| lane.out == 0) else { return false };
        let Some(first) = lane.waiting.first().copied() else {
            self.lanes.remove(&key);
            return false;
        };
        match lane.not_before {
            Some(due) => self.delayed.insert((due, first), key),
            None => self.ready.insert(first, key),
        };
        true
    }
}

#[cfg(test)]
mod tests;
