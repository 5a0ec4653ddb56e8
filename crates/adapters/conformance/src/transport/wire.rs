//! A transport with everything that a rule does to it.

use std::time::Duration;

use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::{
    Delivery, Kinds, Settlement, StartFrom, Subscription, SubscriptionConfig, TransportError, TransportFeatures,
};
use ticketing_core::wire::EventEnvelope;
use uuid::Uuid;

use crate::sample;
use crate::time::{meanwhile, patience, patiently};

use super::TransportFixture;
use super::deviation::{Deviation, Log};

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
        meanwhile(self.0, "`subscribe` returns", self.0.subscriber().subscribe(config)).await
    }

    pub(super) fn config(self, group: &str) -> SubscriptionConfig {
        let start = if self.features().replays_history { StartFrom::Earliest } else { StartFrom::Latest };
        SubscriptionConfig {
            group: group.to_owned(),
            topics: vec![Topic::Orders],
            start,
            max_unsettled: 1000,
            patience: Duration::ZERO,
            kinds: Kinds::All,
        }
    }

    pub(super) async fn publish(self, events: &[EventEnvelope]) {
        let what = format!("`publish` of {} events returns", events.len());
        meanwhile(self.0, &what, self.0.publisher().publish(events)).await.expect("events are published");
    }

    /// The next batch, which has something in it.
    pub(super) async fn next(self, member: &mut Member, max: usize) -> Result<Vec<Delivery>, Deviation> {
        let batch = match patiently(self.0, member.next(max)).await {
            Some(batch) => batch.map_err(|error| Deviation(format!("`next` failed: {error:?}")))?,
            None => return Err(Deviation(format!("nothing for {:?}", patience()))),
        };
        match batch.len() {
            0 => Err(Deviation("an empty batch without a stop".to_owned())),
            size if size > max => Err(Deviation(format!("{size} at once where {max} were asked for"))),
            _ => Ok(batch),
        }
    }

    /// Exactly so many deliveries, unsettled.
    pub(super) async fn take(self, member: &mut Member, count: usize) -> Result<Vec<Delivery>, Deviation> {
        let mut taken = Vec::new();
        while taken.len() < count {
            let batch = self.next(member, count - taken.len()).await;
            taken.extend(batch.map_err(|then| then.after(count, taken.len()))?);
        }
        Ok(taken)
    }

    /// Settles what comes until everything that is `wanted` came, and nothing else.
    pub(super) async fn receive(self, member: &mut Member, wanted: &[EventEnvelope]) -> Result<Log, Deviation> {
        let mut log = Log::of(wanted);
        self.finish(member, &mut log).await?;
        Ok(log)
    }

    /// Settles what comes until nothing is missing any more.
    pub(super) async fn finish(self, member: &mut Member, log: &mut Log) -> Result<(), Deviation> {
        while !log.is_complete() {
            for delivery in self.next(member, 100).await.map_err(|then| log.lacks(then))? {
                log.note(&delivery)?;
                ack(delivery);
            }
        }
        Ok(())
    }

    pub(super) async fn close(self, member: Member) -> usize {
        self.close_within(member, Duration::from_secs(5)).await
    }

    pub(super) async fn close_within(self, member: Member, deadline: Duration) -> usize {
        meanwhile(self.0, "`close` returns", member.close(deadline)).await.expect("a subscription closes")
    }
}

#[track_caller]
pub(super) fn ack(delivery: Delivery) {
    delivery.settle(Settlement::Ack).expect("a delivery is acknowledged while its member lives");
}

#[track_caller]
pub(super) fn retry(delivery: Delivery, after: Duration) {
    delivery.settle(Settlement::Retry { after }).expect("a delivery is given back while its member lives");
}

/// The first `length` events of new orders: all first versions, then all second ones, and so on.
pub(super) fn orders(subjects: usize, length: u64) -> Vec<EventEnvelope> {
    let subjects: Vec<Uuid> = (0..subjects).map(|_| sample::uuid()).collect();
    let versions = (1..=length).flat_map(|version| subjects.iter().map(move |subject| (*subject, version)));
    versions.map(|(subject, version)| sample::envelope(Topic::Orders, subject, version)).collect()
}
