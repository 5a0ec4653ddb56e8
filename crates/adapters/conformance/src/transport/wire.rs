//! A transport with everything that a rule does to it.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use ticketing_core::domain::event::Topic;
use ticketing_core::domain::ids::EventId;
use ticketing_core::ports::transport::{
    Arrival, Delivery, Settlement, StartFrom, Subscription, SubscriptionConfig, TransportError, TransportFeatures,
};
use ticketing_core::wire::EventEnvelope;
use uuid::Uuid;

use crate::outcome::broken;
use crate::sample;
use crate::time::meanwhile;

use super::TransportFixture;

/// The group of rules that need only one.
pub(super) const GROUP: &str = "catalog";

pub(super) type Member = Box<dyn Subscription>;

/// The transport of a fixture. Time passes while it waits.
#[derive(Clone, Copy)]
pub(super) struct Wire<'a>(pub(super) &'a dyn TransportFixture);

impl Wire<'_> {
    pub(super) fn features(self) -> TransportFeatures {
        self.0.subscriber().features()
    }

    /// Subscribes to orders so that nothing is missed which is published from now on.
    pub(super) async fn join(self, group: &str) -> Member {
        self.join_as(self.config(group)).await
    }

    pub(super) async fn join_as(self, config: SubscriptionConfig) -> Member {
        self.try_join(config).await.expect("a group is joined")
    }

    pub(super) async fn try_join(self, config: SubscriptionConfig) -> Result<Member, TransportError> {
        meanwhile(self.0, "a subscription is answered", self.0.subscriber().subscribe(config)).await
    }

    pub(super) fn config(self, group: &str) -> SubscriptionConfig {
        let start = if self.features().replays_history { StartFrom::Earliest } else { StartFrom::Latest };
        SubscriptionConfig { group: group.to_owned(), topics: vec![Topic::Orders], start, max_unsettled: 1000 }
    }

    pub(super) async fn publish(self, events: &[EventEnvelope]) {
        let published = meanwhile(self.0, "a publication is answered", self.0.publisher().publish(events)).await;
        published.expect("a publication succeeds");
    }

    /// The next batch, which has something in it.
    pub(super) async fn next(self, member: &mut Member, max: usize) -> Vec<Delivery> {
        let batch = meanwhile(self.0, "a delivery comes", member.next(max)).await.expect("a delivery comes");
        assert!(!batch.is_empty(), "an empty batch came without a stop");
        assert!(batch.len() <= max, "{} deliveries came where {max} were asked for", batch.len());
        batch
    }

    /// Exactly so many deliveries, unsettled.
    pub(super) async fn take(self, member: &mut Member, count: usize) -> Vec<Delivery> {
        let mut taken = Vec::new();
        while taken.len() < count {
            taken.extend(self.next(member, count - taken.len()).await);
        }
        taken
    }

    /// Settles what comes until everything that is `wanted` came; fails if something else does.
    pub(super) async fn receive(self, member: &mut Member, wanted: &[EventEnvelope]) -> Log {
        let mut log = Log::of(wanted);
        self.finish(member, &mut log).await;
        log
    }

    /// Settles what comes until nothing is missing any more.
    pub(super) async fn finish(self, member: &mut Member, log: &mut Log) {
        while !log.is_complete() {
            for delivery in self.next(member, 100).await {
                log.note(&delivery);
                ack(delivery);
            }
        }
    }

    pub(super) async fn close(self, member: Member) -> usize {
        self.close_within(member, Duration::from_secs(5)).await
    }

    pub(super) async fn close_within(self, member: Member, deadline: Duration) -> usize {
        meanwhile(self.0, "a subscription closes", member.close(deadline)).await.expect("a subscription closes")
    }
}

/// What came of what was wanted.
pub(super) struct Log {
    wanted: HashMap<EventId, bool>,
    missing: usize,
    newest: HashMap<Uuid, u64>,
    /// How many deliveries came that had come before.
    pub(super) repeated: usize,
}

impl Log {
    pub(super) fn of(wanted: &[EventEnvelope]) -> Self {
        let wanted: HashMap<_, _> = wanted.iter().map(|event| (event.id, false)).collect();
        Self { missing: wanted.len(), wanted, newest: HashMap::new(), repeated: 0 }
    }

    /// Adds to what is wanted.
    pub(super) fn want(&mut self, events: &[EventEnvelope]) {
        self.missing += events.len();
        self.wanted.extend(events.iter().map(|event| (event.id, false)));
    }

    pub(super) const fn is_complete(&self) -> bool {
        self.missing == 0
    }

    /// Notes a delivery. What comes for the first time comes in the order of versions.
    pub(super) fn note(&mut self, delivery: &Delivery) {
        let event = event_of(delivery);
        match self.wanted.insert(event.id, true) {
            None => broken(&format!("an event came that was not to come: {event:?}")),
            Some(true) => self.repeated += 1,
            Some(false) => {
                self.missing -= 1;
                let before = self.newest.insert(event.subject, event.version);
                assert!(before < Some(event.version), "version {} came after {before:?}", event.version);
            }
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} events are missing, {} were repeated", self.missing, self.wanted.len(), self.repeated)
    }
}

pub(super) fn event_of(delivery: &Delivery) -> &EventEnvelope {
    match &delivery.arrival {
        Arrival::Event(event) => event,
        Arrival::Undecodable { reason, .. } => broken(&format!("an event is undecodable: {reason}")),
    }
}

pub(super) fn events_of(deliveries: &[Delivery]) -> Vec<EventEnvelope> {
    deliveries.iter().map(event_of).cloned().collect()
}

pub(super) fn ack(delivery: Delivery) {
    delivery.settle(Settlement::Ack).expect("a delivery of a living subscription is settled");
}

pub(super) fn retry(delivery: Delivery, after: Duration) {
    delivery.settle(Settlement::Retry { after }).expect("a delivery of a living subscription is settled");
}

/// The first `length` events of new orders: all first versions, then all second ones, and so on.
pub(super) fn orders(subjects: usize, length: u64) -> Vec<EventEnvelope> {
    let subjects: Vec<Uuid> = (0..subjects).map(|_| sample::uuid()).collect();
    let versions = (1..=length).flat_map(|version| subjects.iter().map(move |subject| (*subject, version)));
    versions.map(|(subject, version)| sample::envelope(Topic::Orders, subject, version)).collect()
}
