//! What the thread of a subscription and its deliveries share.
//!
//! The thread puts whole batches in and takes progress out; `next` lends, and
//! each loan settles itself. All of it is one short lock: no message is sent
//! from thread to thread for a single delivery.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};
use ticketing_core::domain::event::Topic;
use ticketing_core::messaging::keyed_deliveries::{KeyedDeliveries, Lent, Loan};
use ticketing_core::ports::transport::{Delivery, Lag, Settlement, TransportError};
use tokio::sync::Notify;

use crate::message::{Decoded, Fetched};

use super::mark::Mark;
use super::progress::Progress;

/// A partition of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Partition {
    pub(super) topic: Topic,
    pub(super) number: i32,
}

/// A message that was polled, and under which assignment.
#[derive(Debug)]
pub(super) struct Polled {
    pub(super) partition: Partition,
    pub(super) offset: i64,
    pub(super) generation: u64,
    pub(super) message: Fetched,
}

/// A member of a group. Outlives its subscription as long as deliveries do.
pub(super) struct Member {
    state: Mutex<State>,
    /// The moment that times are counted from.
    started: Instant,
    /// Counts assignments, so that what was polled or lent under one is distinguished from what came after.
    generation: AtomicU64,
    /// Something may be lent, or all loans ended. One waits: `next` or `close`.
    news: Notify,
    /// There is room again, or a partition that is to be revoked is free. The thread waits.
    room: Condvar,
}

pub(super) struct State {
    pub(super) partitions: BTreeMap<Partition, Progress>,
    max_unsettled: usize,
    /// How many deliveries are out, of all partitions.
    out: usize,
    /// Which partition is asked first, so that a full one does not starve the others.
    turn: usize,
    is_thread_waiting: bool,
    /// Whether an offset came that was passed already.
    pub(super) is_surprised: bool,
    pub(super) phase: Phase,
}

/// What is to be compared with a log.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comparison {
    pub(super) partition: Partition,
    pub(super) generation: u64,
    /// What was known last.
    pub(super) known: Mark,
    /// What is known if that is still there.
    pub(super) newest: Mark,
}

/// What the subscription wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// To lend and to settle.
    Open,
    /// To settle what is out.
    Stopped,
    /// To leave the group: nothing is lent or settled any more.
    Left,
}

impl Member {
    pub(super) fn new(max_unsettled: usize) -> Self {
        let state = State {
            partitions: BTreeMap::new(),
            max_unsettled: max_unsettled.max(1),
            out: 0,
            turn: 0,
            is_thread_waiting: false,
            is_surprised: false,
            phase: Phase::Open,
        };
        Self {
            state: Mutex::new(state),
            started: Instant::now(),
            generation: AtomicU64::new(0),
            news: Notify::new(),
            room: Condvar::new(),
        }
    }

    /// The time, as deliveries count it.
    pub(super) fn time(&self) -> Duration {
        self.started.elapsed()
    }

    /// The assignment that messages are polled under.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    /// Begins another assignment.
    pub(super) fn next_generation(&self) -> u64 {
        self.generation.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Takes in what was polled.
    pub(super) fn accept(&self, batch: impl Iterator<Item = Polled>) {
        let mut guard = self.lock();
        let state = &mut *guard;
        for Polled { partition, offset, generation, message } in batch {
            let assigned = state.partitions.get_mut(&partition);
            // What was polled before the partition was assigned again comes again from the position of the group.
            if let Some(progress) = assigned.filter(|progress| progress.generation <= generation) {
                state.is_surprised |= !progress.accept(offset, message);
            }
        }
        drop(guard);
        self.news.notify_one();
    }

    /// Lends what can be lent now, or returns when a delayed delivery is due.
    pub(super) fn lend(self: &Arc<Self>, max: usize) -> (Vec<Delivery>, Option<Duration>) {
        let mut state = self.lock();
        let lent = state.lend(self.time(), max);
        if lent.is_empty() {
            return (Vec::new(), state.partitions.values().filter_map(|progress| progress.deliveries.due()).min());
        }
        let is_thread_waiting = state.is_thread_waiting;
        drop(state);
        if is_thread_waiting {
            self.room.notify_one();
        }
        (lent.into_iter().map(|(partition, lent)| self.deliver(partition, lent)).collect(), None)
    }

    fn deliver(self: &Arc<Self>, partition: Partition, lent: Lent<Decoded>) -> Delivery {
        let member = Arc::clone(self);
        lent.loan.into_delivery(lent.delivery.arrival, lent.attempt, move |loan, settlement| {
            member.settle(partition, loan, settlement)
        })
    }

    fn settle(&self, partition: Partition, loan: Loan, settlement: Settlement) -> Result<(), TransportError> {
        let mut state = self.lock();
        let is_free = state.settling(partition)?.settle(loan, settlement, || self.time())?;
        let is_news = state.ended() || is_free;
        let is_thread_waiting = state.is_thread_waiting;
        drop(state);
        if is_news {
            self.news.notify_one();
        }
        if is_thread_waiting {
            self.room.notify_one();
        }
        Ok(())
    }

    /// Waits until something may be lent, or all loans ended; may wake up in vain.
    pub(super) async fn news(&self) {
        self.news.notified().await;
    }

    pub(super) fn out(&self) -> usize {
        self.lock().out
    }

    /// Advances to a phase (never backwards) and returns the number of deliveries in flight.
    pub(super) fn enter(&self, phase: Phase) -> usize {
        let mut state = self.lock();
        if state.phase != Phase::Left {
            state.phase = phase;
        }
        let out = state.out;
        drop(state);
        self.news.notify_one();
        self.room.notify_all();
        out
    }

    /// Lets the thread wait until a condition holds, at most so long; returns whether it does.
    pub(super) fn wait_until(&self, within: Duration, holds: impl Fn(&State) -> bool) -> bool {
        let deadline = Instant::now() + within;
        let mut state = self.lock();
        state.is_thread_waiting = true;
        while !holds(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.room.wait_for(&mut state, left);
        }
        state.is_thread_waiting = false;
        holds(&state)
    }
}

impl State {
    /// Begins with a partition that was assigned to this member.
    pub(super) fn assign(&mut self, partition: Partition, generation: u64, known: Option<Mark>) {
        self.revoke(partition);
        self.partitions.insert(partition, Progress::new(generation, known));
    }

    /// By what the logs of all partitions are recognized that something was read of.
    pub(super) fn to_compare(&self) -> Vec<Comparison> {
        let partitions = self.partitions.iter().filter_map(|(partition, progress)| {
            let (known, newest) = progress.to_compare()?;
            Some(Comparison { partition: *partition, generation: progress.generation, known, newest })
        });
        partitions.collect()
    }

    /// Notes where logs end.
    pub(super) fn ends_at(&mut self, kept: &BTreeMap<Partition, Range<i64>>) {
        for (partition, kept) in kept {
            if let Some(progress) = self.partitions.get_mut(partition) {
                progress.end = Some(kept.end);
            }
        }
    }

    /// How far this member is behind in all its partitions.
    pub(super) fn lag(&self) -> Lag {
        self.partitions.values().map(|progress| progress.lag()).sum()
    }

    /// Notes that a log is the one that was read.
    pub(super) fn is_known(&mut self, compared: &Comparison) {
        let assigned = self.partitions.get_mut(&compared.partition);
        if let Some(progress) = assigned.filter(|progress| progress.generation == compared.generation) {
            progress.is_known(compared.newest);
        }
    }

    /// Forgets a partition: what is out of it can no longer be settled.
    pub(super) fn revoke(&mut self, partition: Partition) {
        if let Some(progress) = self.partitions.remove(&partition) {
            self.out -= progress.deliveries.out();
        }
    }

    /// Forgets all partitions.
    pub(super) fn revoke_all(&mut self) {
        while let Some((_, progress)) = self.partitions.pop_first() {
            self.out -= progress.deliveries.out();
        }
    }

    fn lend(&mut self, now: Duration, max: usize) -> Vec<(Partition, Lent<Decoded>)> {
        if self.phase != Phase::Open {
            return Vec::new();
        }
        let mut room = max.min(self.max_unsettled.saturating_sub(self.out));
        self.turn += 1;
        let mut lending: Vec<_> = self.partitions.iter_mut().filter(|(_, progress)| !progress.is_leaving).collect();
        let first = self.turn % lending.len().max(1);
        lending.rotate_left(first);
        let mut batch = Vec::new();
        for (partition, progress) in lending {
            // Also where there is no room: what is due then waits for room, and for no time.
            let lent = progress.deliveries.lend(now, room);
            room -= lent.len();
            batch.extend(lent.into_iter().map(|lent| (*partition, lent)));
        }
        self.out += batch.len();
        batch
    }

    /// What a loan of a partition is settled with, until the group is left.
    fn settling(&mut self, of: Partition) -> Result<&mut KeyedDeliveries<Decoded>, TransportError> {
        let open = self.partitions.get_mut(&of).filter(|_| self.phase != Phase::Left);
        open.map(|progress| &mut progress.deliveries).ok_or(TransportError::Closed)
    }

    /// Counts a delivery that was settled; returns whether there is room again, or nothing is in flight any more.
    const fn ended(&mut self) -> bool {
        let was_full = self.out >= self.max_unsettled;
        self.out -= 1;
        was_full || self.out == 0
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Member").field("phase", &state.phase).field("out", &state.out).finish_non_exhaustive()
    }
}
