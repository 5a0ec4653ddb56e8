//! A member of a group: what it holds, and what of that is on loan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use ticketing_core::messaging::keyed_deliveries::{Lent, Loan};
use ticketing_core::ports::store::StoreError;
use ticketing_core::ports::transport::{Arrival, Delivery, Lag, Settlement, SubscriptionConfig, TransportError};
use tokio::sync::Notify;
use uuid::Uuid;

use super::Bus;
use super::ends::Ends;
use super::partition::Partition;
use super::places::{Place, Statement, View};
use super::sequence::Sequence;

pub(super) struct Member {
    pub(super) bus: Arc<Bus>,
    pub(super) id: Uuid,
    pub(super) config: SubscriptionConfig,
    state: Mutex<State>,
    /// Something may be lent, has failed or has ended; one waits.
    pub(super) changed: Notify,
    /// Something is to be written; one waits.
    pub(super) keeping: Notify,
    /// There may be room to read, or more to read; one waits.
    pub(super) reading: Notify,
    began_at: Instant,
}

/// How far a member is on its way. It never goes back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    #[default]
    Joining,
    Joined,
    /// Nothing new is lent.
    Stopped,
    /// What it holds is given back.
    Leaving,
    Left,
}

#[derive(Debug, Default)]
pub(super) struct State {
    phase: Phase,
    pub(super) sequences: BTreeMap<Partition, Sequence>,
    /// Until when nobody replaces it, by its own clock, which began before the server's.
    pub(super) good_until: Option<Instant>,
    /// Why something failed, until somebody hears of it.
    failure: Option<StoreError>,
    /// Whether it is known already that something is to be written.
    is_unsaved: bool,
    /// Which sequence is asked first, so that a busy one does not starve the others.
    turn: usize,
}

impl Member {
    pub(super) fn new(bus: &Arc<Bus>, config: SubscriptionConfig) -> Self {
        Self {
            bus: Arc::clone(bus),
            id: Uuid::from_u128(rand::random()),
            config,
            state: Mutex::default(),
            changed: Notify::new(),
            keeping: Notify::new(),
            reading: Notify::new(),
            began_at: Instant::now(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    pub(super) fn phase(&self) -> Phase {
        self.state().phase
    }

    /// Whether it gives back what it holds, or did.
    pub(super) fn has_left(&self) -> bool {
        self.phase() >= Phase::Leaving
    }

    /// Goes on to a phase, never back.
    pub(super) fn advance(&self, phase: Phase) {
        {
            let mut state = self.state();
            state.phase = state.phase.max(phase);
        }
        self.changed.notify_one();
        self.keeping.notify_one();
        self.reading.notify_one();
    }

    /// Keeps why something failed.
    pub(super) fn fail(&self, failure: StoreError) {
        self.state().failure = Some(failure);
        self.changed.notify_one();
    }

    /// Why something failed; told once.
    pub(super) fn take_failure(&self) -> Option<StoreError> {
        self.state().failure.take()
    }

    pub(super) fn out(&self) -> usize {
        self.state().out()
    }

    pub(super) fn lag(&self, ends: &Ends) -> Lag {
        let lag = |(partition, sequence): (&Partition, &Sequence)| {
            sequence.lag(ends.get(partition).copied().unwrap_or_default())
        };
        self.state().sequences.iter().map(lag).sum()
    }

    /// Lends what can be lent now, or returns after which span a delayed delivery is due.
    pub(super) fn lend(self: &Arc<Self>, max: usize) -> (Vec<Delivery>, Option<Duration>) {
        let now = self.began_at.elapsed();
        let mut state = self.state();
        if state.phase > Phase::Joined || state.good_until.is_none_or(|until| until <= Instant::now()) {
            return (Vec::new(), None);
        }
        let room = max.min(self.config.max_unsettled.saturating_sub(state.out()));
        state.turn += 1;
        let turn = state.turn % state.sequences.len().max(1);
        let (mut batch, mut due) = (Vec::new(), None::<Duration>);
        let mut lend = |(partition, sequence): (&Partition, &mut Sequence)| {
            if sequence.goes_back {
                return;
            }
            let lent = sequence.deliveries.lend(now, room - batch.len());
            due = [due, sequence.deliveries.due()].into_iter().flatten().min();
            batch.extend(lent.into_iter().map(|lent| self.deliver(*partition, lent)));
        };
        state.sequences.iter_mut().skip(turn).for_each(&mut lend);
        state.sequences.iter_mut().take(turn).for_each(&mut lend);
        drop(state);
        self.reading.notify_one();
        (batch, due.map(|due| due.saturating_sub(now)))
    }

    fn deliver(self: &Arc<Self>, partition: Partition, lent: Lent<Arc<Arrival>>) -> Delivery {
        let member = Arc::clone(self);
        let settle = move |loan, settlement| member.settle(partition, loan, settlement);
        lent.loan.into_delivery(Arrival::clone(&lent.delivery), lent.attempt, settle)
    }

    fn settle(&self, partition: Partition, loan: Loan, settlement: Settlement) -> Result<(), TransportError> {
        let mut state = self.state();
        let sequence = state.sequences.get_mut(&partition).ok_or(TransportError::Closed)?;
        sequence.deliveries.settle(loan, settlement, || self.began_at.elapsed())?;
        let goes_back = sequence.goes_back && sequence.deliveries.out() == 0;
        let is_news = sequence.is_unsaved() && !std::mem::replace(&mut state.is_unsaved, true);
        drop(state);
        if goes_back || is_news {
            self.keeping.notify_one();
        }
        self.changed.notify_one();
        Ok(())
    }
}

impl State {
    fn out(&self) -> usize {
        self.sequences.values().map(|sequence| sequence.deliveries.out()).sum()
    }

    pub(super) const fn is_unsaved(&self) -> bool {
        self.is_unsaved
    }

    /// Has the places written soon.
    pub(super) const fn note_unsaved(&mut self) {
        self.is_unsaved = true;
    }

    pub(super) fn held(&self) -> BTreeSet<Partition> {
        self.sequences.keys().copied().collect()
    }

    /// Forgets what somebody else holds by now; what is on loan of it settles nothing.
    pub(super) fn keep_what_is_held(&mut self, member: Uuid, view: &View) {
        let is_held = |place: &Place, epoch| place.holder == Some(member) && place.epoch == epoch;
        self.sequences.retain(|partition, sequence| {
            view.places.get(partition).is_some_and(|place| is_held(place, sequence.epoch))
        });
    }

    /// Writes how far it came, where that is not written.
    pub(super) fn unsaved(&mut self, member: Uuid) -> Vec<(Partition, i64, u64, Statement)> {
        self.is_unsaved = false;
        let unsaved = self.sequences.iter().filter(|(_, sequence)| sequence.is_unsaved());
        let save = |(partition, sequence): (&Partition, &Sequence)| {
            let (epoch, next) = (sequence.epoch, sequence.deliveries.watermark());
            (*partition, epoch, next, Statement::save(member, epoch, *partition, next))
        };
        unsaved.map(save).collect()
    }

    /// Notes that a place is written, or that one is to be written again.
    pub(super) fn note_saved(&mut self, saved: &[(Partition, i64, u64)], is_written: bool) {
        self.is_unsaved |= !is_written;
        for (partition, epoch, next) in saved.iter().filter(|_| is_written) {
            if let Some(sequence) = self.sequences.get_mut(partition).filter(|sequence| sequence.epoch == *epoch) {
                sequence.saved = *next;
            }
        }
    }

    /// Lets go of what goes back and has nothing on loan, or of everything.
    pub(super) fn let_go(&mut self, member: Uuid, is_all: bool) -> Vec<Statement> {
        let goes = |sequence: &Sequence| is_all || (sequence.goes_back && sequence.deliveries.out() == 0);
        let going: Vec<Partition> =
            self.sequences.iter().filter(|(_, sequence)| goes(sequence)).map(|(partition, _)| *partition).collect();
        let release = |partition| {
            let sequence = self.sequences.remove(&partition)?;
            Some(Statement::release(member, sequence.epoch, partition, sequence.deliveries.watermark()))
        };
        going.into_iter().filter_map(release).collect()
    }
}

impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Member").field("group", &self.config.group).field("id", &self.id).finish_non_exhaustive()
    }
}
