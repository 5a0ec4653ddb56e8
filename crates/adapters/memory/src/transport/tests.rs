//! Partitions change hands, and the log is kept as long as somebody needs it.

use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use ticketing_core::domain::ids::EventId;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::transport::{Arrival, Delivery, Kinds, Settlement, StartFrom};
use ticketing_core::wire::Origin;
use uuid::Uuid;

use super::*;
use crate::clock::ManualClock;
use crate::faults::Fault;

const RETRY: Settlement = Settlement::Retry { after: Duration::from_secs(1) };

fn event(subject: u128, version: u64) -> EventEnvelope {
    EventEnvelope {
        id: EventId::new(Uuid::from_u128(subject << 64 | u128::from(version))),
        topic: Topic::Orders,
        kind: "order.created".into(),
        schema: 1,
        time: Timestamp::EPOCH,
        subject: Uuid::from_u128(subject),
        version,
        origin: Origin::new(Uuid::nil()),
        data: Bytes::from_static(b"{}"),
    }
}

fn broker(config: MemoryBrokerConfig) -> (MemoryBroker, ManualClock) {
    let clock = ManualClock::default();
    (MemoryBroker::new(Arc::new(clock.clone()), config), clock)
}

async fn join(broker: &MemoryBroker, start: StartFrom) -> Box<dyn Subscription> {
    let topics = vec![Topic::Orders];
    let config = SubscriptionConfig {
        group: "tests".to_owned(),
        topics,
        start,
        max_unsettled: 1000,
        patience: Duration::ZERO,
        kinds: Kinds::All,
    };
    broker.subscriber().subscribe(config).await.expect("nothing fails without a plan")
}

async fn publish(broker: &MemoryBroker, events: &[EventEnvelope]) {
    broker.publisher().publish(events).await.expect("nothing fails without a plan");
}

fn ready(subscription: &mut Box<dyn Subscription>) -> Vec<Delivery> {
    subscription.next(100).now_or_never().map_or_else(Vec::new, |batch| batch.expect("nothing fails without a plan"))
}

fn seen(batch: &[Delivery]) -> Vec<(u128, u64, u32)> {
    let event = |delivery: &Delivery| match &delivery.arrival {
        Arrival::Event(event) => (event.subject.as_u128(), event.version, delivery.attempt),
        Arrival::Undecodable { .. } => (0, 0, delivery.attempt),
    };
    batch.iter().map(event).collect()
}

fn settle(batch: Vec<Delivery>, settlement: Settlement) {
    for delivery in batch {
        delivery.settle(settlement).expect("the loan is alive");
    }
}

const ONE: MemoryBrokerConfig = MemoryBrokerConfig { partitions: 1, retention: 5, max_bytes: 100 };

#[tokio::test]
async fn a_waiting_next_wakes_when_the_clock_reaches_a_retry() {
    let (broker, clock) = broker(ONE);
    let mut subscription = join(&broker, StartFrom::Earliest).await;
    publish(&broker, &[event(1, 1)]).await;
    settle(ready(&mut subscription), RETRY);

    let mut next = subscription.next(10);
    assert!((&mut next).now_or_never().is_none());
    clock.advance(Duration::from_secs(1));
    assert_eq!(seen(&next.now_or_never().unwrap().unwrap()), [(1, 1, 2)]);
}

#[tokio::test]
async fn a_batch_that_is_full_leaves_the_rest_of_a_subject_waiting() {
    let (broker, clock) = broker(ONE);
    let mut subscription = join(&broker, StartFrom::Earliest).await;
    publish(&broker, &[event(1, 1), event(1, 2), event(1, 3)]).await;
    settle(ready(&mut subscription), RETRY);
    clock.advance(Duration::from_secs(1));

    let first = subscription.next(2).await.unwrap();
    assert_eq!(seen(&first), [(1, 1, 2), (1, 2, 2)]);
    assert!(ready(&mut subscription).is_empty());
    settle(first, Settlement::Ack);
    assert_eq!(seen(&ready(&mut subscription)), [(1, 3, 2)]);
}

#[tokio::test]
async fn retention_drops_the_oldest_but_nothing_that_a_group_needs() {
    let (broker, _) = broker(ONE);
    let early: Vec<_> = (1..=20).map(|version| event(1, version)).collect();
    publish(&broker, &early).await;
    assert_eq!(broker.retained(Topic::Orders), 5);

    let mut subscription = join(&broker, StartFrom::Earliest).await;
    let late: Vec<_> = (21..=40).map(|version| event(1, version)).collect();
    publish(&broker, &late).await;
    let batch = ready(&mut subscription);
    assert_eq!((batch.len(), broker.lag("tests"), broker.retained(Topic::Orders)), (25, 25, 25));
    settle(batch, Settlement::Ack);
    publish(&broker, &[event(1, 41)]).await;
    assert_eq!((broker.lag("tests"), broker.retained(Topic::Orders)), (1, 5));
}

#[tokio::test]
async fn a_forgotten_group_keeps_nothing_alive() {
    let (broker, _) = broker(ONE);
    let subscription = join(&broker, StartFrom::Earliest).await;
    assert!(!broker.forget_group("tests"));
    drop(subscription);

    assert!(broker.forget_group("tests"));
    publish(&broker, &(1..=20).map(|version| event(1, version)).collect::<Vec<_>>()).await;
    assert_eq!(broker.retained(Topic::Orders), 5);
}

#[tokio::test]
async fn a_rebalance_voids_the_loans_of_partitions_that_change_hands() {
    let (broker, _) = broker(MemoryBrokerConfig { partitions: 2, ..ONE });
    let mut first = join(&broker, StartFrom::Earliest).await;
    publish(&broker, &(1..=50).map(|subject| event(subject, 1)).collect::<Vec<_>>()).await;
    let batch = ready(&mut first);
    let mut second = join(&broker, StartFrom::Earliest).await;
    let moved = ready(&mut second);
    let refused = batch.into_iter().filter_map(|delivery| delivery.settle(Settlement::Ack).err()).count();

    assert!(!moved.is_empty() && moved.len() < 50);
    assert_eq!(refused, moved.len());
    settle(moved, Settlement::Ack);
    assert_eq!(broker.lag("tests"), 0);
}

#[tokio::test]
async fn a_dropped_member_gives_its_deliveries_to_the_others() {
    let (broker, _) = broker(MemoryBrokerConfig { partitions: 2, ..ONE });
    let (mut first, mut second) = (join(&broker, StartFrom::Earliest).await, join(&broker, StartFrom::Earliest).await);
    publish(&broker, &(1..=50).map(|subject| event(subject, 1)).collect::<Vec<_>>()).await;
    let (lost, kept) = (ready(&mut first), ready(&mut second));
    let of_first = lost.len();
    drop(first);

    assert_eq!(ready(&mut second).len(), of_first);
    assert_eq!(of_first + kept.len(), 50);
}

#[tokio::test]
async fn a_payload_that_is_too_large_is_refused_and_those_before_it_are_not() {
    let (broker, _) = broker(ONE);
    let large = EventEnvelope { data: Bytes::from(vec![b' '; 101]), ..event(1, 2) };
    let refused = broker.publisher().publish(&[event(1, 1), large, event(1, 3)]).await.unwrap_err();

    assert_eq!(refused.durable, 1);
    assert!(matches!(refused.source, TransportError::Refused(_)));
    assert_eq!(broker.retained(Topic::Orders), 1);
}

#[tokio::test]
async fn a_lost_settlement_brings_the_delivery_again() {
    let (broker, clock) = broker(ONE);
    let plan = FaultPlan::counting(Arc::new(clock));
    plan.inject(Operation::Settle, Fault::LoseSettlement);
    let mut subscription = join(&broker.with_faults(plan), StartFrom::Earliest).await;
    publish(&broker, &[event(1, 1), event(2, 1)]).await;
    settle(ready(&mut subscription), Settlement::Ack);

    assert_eq!(seen(&ready(&mut subscription)), [(1, 1, 2)]);
}

#[tokio::test]
async fn a_fault_that_is_aimed_at_a_group_befalls_no_other() {
    let (broker, clock) = broker(ONE);
    let plan = FaultPlan::counting(Arc::new(clock));
    let mut subscription = join(&broker.with_faults(plan.clone()), StartFrom::Earliest).await;
    publish(&broker, &[event(1, 1)]).await;

    plan.of_group("others").inject(Operation::Settle, Fault::LoseSettlement);
    settle(ready(&mut subscription), Settlement::Ack);
    assert_eq!(broker.lag("tests"), 0);

    publish(&broker, &[event(1, 2)]).await;
    plan.of_group("tests").inject(Operation::Settle, Fault::LoseSettlement);
    settle(ready(&mut subscription), Settlement::Ack);
    assert_eq!(broker.lag("tests"), 1);
}

#[tokio::test]
async fn a_plan_duplicates_and_reorders_but_keeps_the_order_of_a_subject() {
    let (broker, clock) = broker(ONE);
    let plan = FaultPlan::counting(Arc::new(clock));
    let mut subscription = join(&broker.with_faults(plan.clone()), StartFrom::Earliest).await;
    publish(&broker, &[event(1, 1), event(1, 2), event(2, 1)]).await;
    plan.inject(Operation::Receive, Fault::Reorder);
    plan.inject(Operation::Receive, Fault::Duplicate);

    assert_eq!(seen(&ready(&mut subscription)), [(2, 1, 1), (1, 1, 1), (1, 2, 1)]);
    let again = ready(&mut subscription);
    assert_eq!(seen(&again), [(1, 1, 2), (1, 1, 2), (1, 2, 2), (2, 1, 2)]);
    settle(again, Settlement::Ack);
    assert_eq!(broker.lag("tests"), 0);
}

#[tokio::test]
async fn half_of_a_publication_is_told_when_its_answer_is_lost() {
    let (broker, clock) = broker(ONE);
    let plan = FaultPlan::counting(Arc::new(clock));
    plan.inject(Operation::Publish, Fault::FailAfter);
    let publisher = broker.with_faults(plan).publisher();
    let error = publisher.publish(&[event(1, 1), event(1, 2), event(1, 3)]).await.unwrap_err();

    assert_eq!((error.durable, broker.retained(Topic::Orders)), (1, 3));
}
