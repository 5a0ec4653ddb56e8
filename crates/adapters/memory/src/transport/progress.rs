//! How far a group came in one partition.
//!
//! Every subject with something unsettled has a lane. A lane lends what waits
//! in it only while none of its messages is out, so that a later event of a
//! subject never overtakes an earlier one. Other lanes flow meanwhile.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::transport::{Arrival, TransportError};

use super::log::{Key, Partition};

/// A member of a group.
pub(super) type MemberId = u64;

#[derive(Debug)]
pub(super) struct Progress {
    /// Who reads the partition now.
    pub(super) owner: Option<MemberId>,
    /// Since which generation of the group; what was lent before is void.
    pub(super) generation: u64,
    /// The first offset that was not looked at. Those below are unsettled or done.
    next: u64,
    unsettled: BTreeSet<u64>,
    lanes: HashMap<Key, Lane>,
    /// Lanes that may lend, by the first offset that waits in them. Invariant: nothing of them is out.
    ready: BTreeMap<u64, Key>,
    /// Lanes that may lend later, by when, and by the first offset that waits in them.
    delayed: BTreeMap<(Timestamp, u64), Key>,
    out: HashMap<u64, Key>,
    /// How often each unsettled message came back.
    returns: HashMap<u64, u32>,
    batches: u64,
}

#[derive(Debug, Default)]
struct Lane {
    waiting: BTreeSet<u64>,
    out: usize,
    /// The batch that lent from it last.
    batch: u64,
    not_before: Option<Timestamp>,
}

/// A message on loan.
pub(super) struct Lent {
    pub(super) offset: u64,
    pub(super) attempt: u32,
    pub(super) arrival: Arrival,
}

impl Progress {
    pub(super) fn new(next: u64) -> Self {
        Self {
            owner: None,
            generation: 0,
            next,
            unsettled: BTreeSet::new(),
            lanes: HashMap::new(),
            ready: BTreeMap::new(),
            delayed: BTreeMap::new(),
            out: HashMap::new(),
            returns: HashMap::new(),
            batches: 0,
        }
    }

    /// The lowest unsettled offset: everything below is done.
    pub(super) fn committed(&self) -> u64 {
        self.unsettled.first().copied().unwrap_or(self.next)
    }

    /// How many messages up to `end` are unsettled.
    pub(super) fn lag(&self, end: u64) -> u64 {
        self.unsettled.len() as u64 + end.saturating_sub(self.next)
    }

    /// How many messages are on loan.
    pub(super) fn out(&self) -> usize {
        self.out.len()
    }

    /// When the next delayed lane may lend.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.delayed.keys().next().map(|(due, _)| *due)
    }

    /// Gives the partition to another member, who begins behind all that is done without a gap.
    pub(super) fn hand_over(&mut self, owner: Option<MemberId>, generation: u64) {
        *self = Self { owner, generation, ..Self::new(self.committed()) };
    }

    /// Lends up to `max` messages: first what waited, then what is new in the log.
    pub(super) fn lend(&mut self, partition: &Partition, now: Timestamp, max: usize) -> Vec<Lent> {
        self.batches += 1;
        self.end_delays(now);
        let mut offsets = Vec::new();
        while offsets.len() < max && !self.ready.is_empty() {
            offsets.extend(self.take_ready(max - offsets.len()));
        }
        while offsets.len() < max && self.next < partition.end() {
            offsets.extend(self.look(partition));
        }
        offsets.into_iter().filter_map(|offset| self.lend_one(partition, offset)).collect()
    }

    fn end_delays(&mut self, now: Timestamp) {
        while let Some(entry) = self.delayed.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((_, first), key) = entry.remove_entry();
            self.ready.insert(first, key);
        }
    }

    /// Takes up to `max` offsets, in order, out of a lane that may lend.
    fn take_ready(&mut self, max: usize) -> Vec<u64> {
        let lane = self.ready.pop_first().and_then(|(_, key)| self.lanes.get_mut(&key));
        let Some(lane) = lane else { return Vec::new() };
        lane.batch = self.batches;
        lane.not_before = None;
        let offsets: Vec<u64> = (0..max).map_while(|_| lane.waiting.pop_first()).collect();
        lane.out += offsets.len();
        offsets
    }

    /// Looks at the next message of the log; `None` if it has to wait for an earlier one of its subject.
    fn look(&mut self, partition: &Partition) -> Option<u64> {
        let offset = self.next;
        self.next += 1;
        let message = partition.get(offset)?;
        self.unsettled.insert(offset);
        let lane = self.lanes.entry(message.key.clone()).or_default();
        let is_free = lane.waiting.is_empty() && (lane.out == 0 || lane.batch == self.batches);
        if is_free {
            lane.batch = self.batches;
            lane.out += 1;
            return Some(offset);
        }
        lane.waiting.insert(offset);
        None
    }

    fn lend_one(&mut self, partition: &Partition, offset: u64) -> Option<Lent> {
        let message = partition.get(offset)?;
        self.out.insert(offset, message.key.clone());
        let attempt = self.returns.get(&offset).map_or(1, |returns| returns + 1);
        Some(Lent { offset, attempt, arrival: message.arrival.clone() })
    }

    /// Ends a loan: the message is done, or comes again once a time has come.
    pub(super) fn settle(&mut self, offset: u64, again: Option<Timestamp>) -> Result<(), TransportError> {
        let key = self.out.remove(&offset).ok_or(TransportError::Closed)?;
        let lane = self.lanes.entry(key.clone()).or_default();
        lane.out = lane.out.saturating_sub(1);
        if again.is_some() {
            lane.waiting.insert(offset);
            lane.not_before = lane.not_before.max(again);
            *self.returns.entry(offset).or_default() += 1;
        } else {
            self.unsettled.remove(&offset);
            self.returns.remove(&offset);
        }
        self.free(key);
        Ok(())
    }

    /// Lets a lane lend again once all of it is back.
    fn free(&mut self, key: Key) {
        let Some(lane) = self.lanes.get(&key).filter(|lane| lane.out == 0) else { return };
        match (lane.waiting.first(), lane.not_before) {
            (None, _) => {
                self.lanes.remove(&key);
            }
            (Some(first), Some(due)) => {
                self.delayed.insert((due, *first), key);
            }
            (Some(first), None) => {
                self.ready.insert(*first, key);
            }
        }
    }
}
