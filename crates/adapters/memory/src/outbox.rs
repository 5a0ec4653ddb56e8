//! The events that a store committed and that are not published yet.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::domain::ids::EventId;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::outbox::{Backlog, Lease, Outbox, OutboxCursor, OutboxView, PendingEvents};
use ticketing_core::ports::store::StoreError;
use ticketing_core::ports::unreadable::PassedBy;
use ticketing_core::wire::EventEnvelope;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::faults::{FaultPlan, Operation};
use crate::lock::Lock;
use crate::unreadable::unreadable;

/// The outbox of one store, as `outbox()` of the store hands it out.
///
/// A clone is a handle to the same outbox.
#[derive(Debug, Clone)]
pub struct MemoryOutbox {
    shared: Arc<Shared>,
    faults: FaultPlan,
}

#[derive(Debug)]
struct Shared {
    clock: Arc<dyn Clock>,
    state: Lock<State>,
    committed: Notify,
}

#[derive(Default)]
struct State {
    /// In the order of their commits, which is the order of versions for each aggregate.
    events: BTreeMap<u64, EventEnvelope>,
    places: HashMap<EventId, u64>,
    last: u64,
    /// Whether something was committed since `pending` was called last.
    news: bool,
    lease: Option<(Lease, Timestamp)>,
    epoch: u64,
    unreadable: HashSet<EventId>,
    passed_by: PassedBy,
}

impl MemoryOutbox {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let shared = Shared { clock, state: Lock::default(), committed: Notify::new() };
        Self { shared: Arc::new(shared), faults: FaultPlan::none() }
    }

    /// A handle to the same outbox that fails by this plan.
    #[must_use]
    pub fn with_faults(&self, faults: FaultPlan) -> Self {
        Self { shared: Arc::clone(&self.shared), faults }
    }

    /// How many events wait to be published.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.state.lock().events.len()
    }

    /// Whether every event was published.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Makes an event unreadable that waits to be published; `false` if there is none.
    #[must_use = "it says whether there was one"]
    pub fn spoil(&self, event: EventId) -> bool {
        let mut state = self.shared.state.lock();
        state.places.contains_key(&event) && state.unreadable.insert(event)
    }

    /// When the oldest event was committed that waits to be published.
    pub(crate) fn oldest(&self) -> Option<Timestamp> {
        self.shared.state.lock().events.values().next().map(|event| event.time)
    }

    /// Queues the events of a commit. Called under the lock of the store, so the order is that of commits.
    pub(crate) fn append(&self, events: Vec<EventEnvelope>) {
        if events.is_empty() {
            return;
        }
        self.shared.state.lock().append(events);
        self.shared.committed.notify_waiters();
    }
}

#[async_trait]
impl OutboxView for MemoryOutbox {
    async fn backlog(&self, most: usize) -> Result<Backlog, StoreError> {
        let backlog = || Ok(Backlog { entries: self.len().min(most), oldest: self.oldest() });
        self.faults.run(Operation::Outbox, backlog).await
    }
}

#[async_trait]
impl Outbox for MemoryOutbox {
    fn survives_restart(&self) -> bool {
        false
    }

    async fn lease(&self, owner: Uuid, span: Duration) -> Result<Option<Lease>, StoreError> {
        let now = self.shared.clock.now();
        self.faults.run(Operation::Outbox, || Ok(self.shared.state.lock().lease(owner, now, span))).await
    }

    async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        let release = || {
            self.shared.state.lock().lease.take_if(|(held, _)| *held == lease);
            Ok(())
        };
        self.faults.run(Operation::Outbox, release).await
    }

    async fn pending(&self, after: Option<OutboxCursor>, max: usize) -> Result<PendingEvents, StoreError> {
        self.faults.run(Operation::Outbox, || Ok(self.shared.state.lock().pending(after, max))).await
    }

    async fn mark_published(&self, lease: Lease, ids: &[EventId]) -> Result<(), StoreError> {
        let now = self.shared.clock.now();
        self.faults.run(Operation::Outbox, || self.shared.state.lock().mark(lease, now, ids)).await
    }

    async fn wait(&self) {
        let committed = self.shared.committed.notified();
        tokio::pin!(committed);
        // Order matters: listening begins before the look, so a commit between the two is heard.
        committed.as_mut().enable();
        if !self.shared.state.lock().news {
            committed.await;
        }
    }
}

impl State {
    fn append(&mut self, events: Vec<EventEnvelope>) {
        for event in events {
            self.last += 1;
            self.places.insert(event.id, self.last);
            self.events.insert(self.last, event);
        }
        self.news = true;
    }

    fn lease(&mut self, owner: Uuid, now: Timestamp, span: Duration) -> Option<Lease> {
        let lease = match self.lease {
            Some((held, until)) if held.owner == owner && now < until => held,
            Some((_, until)) if now < until => return None,
            _ => {
                self.epoch += 1;
                Lease { owner, epoch: self.epoch }
            }
        };
        self.lease = Some((lease, now.after(span)));
        Some(lease)
    }

    fn pending(&mut self, after: Option<OutboxCursor>, max: usize) -> PendingEvents {
        self.news = false;
        let behind =
            after.map_or(Bound::Unbounded, |cursor| Bound::Excluded(u64::try_from(cursor.0).unwrap_or(u64::MAX)));
        let held = self.held();
        let behind = self.events.range((behind, Bound::Unbounded));
        let ready = behind.filter(|(place, event)| held.get(&event.subject).is_none_or(|from| *place < from));
        let mut pending = PendingEvents::default();
        for (place, event) in ready.take(max) {
            pending.events.push(event.clone());
            pending.end = Some(OutboxCursor(u128::from(*place)));
        }
        pending
    }

    /// Whose events wait for one that cannot be read, and from where on.
    fn held(&self) -> HashMap<Uuid, u64> {
        let mut held = HashMap::new();
        for id in &self.unreadable {
            let Some((place, event)) = self.places.get(id).and_then(|place| self.events.get_key_value(place)) else {
                continue;
            };
            self.passed_by.tell(&unreadable("outbox", id));
            let from = held.entry(event.subject).or_insert(*place);
            *from = (*from).min(*place);
        }
        held
    }

    fn mark(&mut self, lease: Lease, now: Timestamp, ids: &[EventId]) -> Result<(), StoreError> {
        let is_held = self.lease.is_some_and(|(held, until)| held == lease && now < until);
        if !is_held {
            return Err(StoreError::Conflict(Vec::new()));
        }
        for id in ids {
            if let Some(place) = self.places.remove(id) {
                self.events.remove(&place);
            }
        }
        Ok(())
    }
}
