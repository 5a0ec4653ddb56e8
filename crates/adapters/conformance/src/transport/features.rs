//! What a transport may claim.

use futures::future::join;
use ticketing_core::ports::transport::{StartFrom, SubscriptionConfig, TransportError};
use ticketing_core::wire::EventEnvelope;

use crate::outcome::{Outcome, broken};
use crate::time::premature;

use super::TransportFixture;
use super::wire::{GROUP, Log, Member, Wire, ack, orders};

/// A new group may begin with the oldest event, if the transport replays history.
pub async fn a_new_group_may_begin_with_the_oldest_event(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    if !wire.features().replays_history {
        return Outcome::NotClaimed("replays_history");
    }
    let events = orders(100, 3);
    wire.publish(&events).await;
    for group in ["one", "two"] {
        let config = SubscriptionConfig { start: StartFrom::Earliest, ..wire.config(group) };
        let mut member = wire.join_as(config).await;
        wire.receive(&mut member, &events).await;
        wire.close(member).await;
    }
    Outcome::Kept
}

/// What was published, and how far groups came, outlives the process, if the transport claims it.
pub async fn what_was_published_survives_a_restart(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    if !wire.features().survives_restart {
        return Outcome::NotClaimed("survives_restart");
    }
    let mut member = wire.join(GROUP).await;
    let settled = orders(50, 2);
    wire.publish(&settled).await;
    wire.receive(&mut member, &settled).await;
    wire.close(member).await;
    let events = orders(1000, 10);
    for batch in events.chunks(1000) {
        wire.publish(batch).await;
    }

    fixture.restart().await;
    let mut member = wire.join(GROUP).await;
    wire.receive(&mut member, &events).await;
    Outcome::Kept
}

/// Members share the work, and nothing is lost or overtaken when one joins, leaves or vanishes.
pub async fn members_share_and_lose_nothing(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    if !wire.features().competing_consumers {
        return Outcome::NotClaimed("competing_consumers");
    }
    let mut log = Log::of(&[]);
    let mut first = wire.join(GROUP).await;
    publish(wire, &mut log).await;
    let mut second = wire.join(GROUP).await;
    share_until_both_work(wire, &mut log, &mut first, &mut second).await;

    publish(wire, &mut log).await;
    wire.close(first).await;
    finish(wire, &mut log, &mut second).await;

    let mut third = wire.join(GROUP).await;
    share_until_both_work(wire, &mut log, &mut second, &mut third).await;
    publish(wire, &mut log).await;
    // It vanishes with a batch in its hands.
    let held = premature(fixture, std::time::Duration::from_secs(1), second.next(100)).await;
    drop(held);
    drop(second);
    finish(wire, &mut log, &mut third).await;
    Outcome::Kept
}

async fn publish(wire: Wire<'_>, log: &mut Log) {
    let events: Vec<EventEnvelope> = orders(64, 3);
    log.want(&events);
    wire.publish(&events).await;
}

/// Goes on publishing until both members got something since the newer one joined, and all came.
async fn share_until_both_work(wire: Wire<'_>, log: &mut Log, old: &mut Member, new: &mut Member) {
    let began = tokio::time::Instant::now();
    let mut worked = [false, false];
    while worked != [true, true] || !log.is_complete() {
        if began.elapsed() > crate::time::PATIENCE {
            broken(&format!("of two members one gets no work, or events are lost: worked {worked:?}, {log:?}"));
        }
        if log.is_complete() {
            publish(wire, log).await;
        }
        let moment = std::time::Duration::from_millis(50);
        let batches = join(premature(wire.0, moment, old.next(20)), premature(wire.0, moment, new.next(20))).await;
        for (batch, worked) in [batches.0, batches.1].into_iter().zip(&mut worked) {
            for delivery in batch.into_iter().flat_map(|batch| batch.expect("a delivery comes")) {
                log.note(&delivery);
                // A member that lost the subject meanwhile settles too late: it comes again elsewhere.
                *worked |= delivery.settle(ticketing_core::ports::transport::Settlement::Ack).is_ok();
            }
        }
    }
}

async fn finish(wire: Wire<'_>, log: &mut Log, member: &mut Member) {
    while !log.is_complete() {
        for delivery in wire.next(member, 100).await {
            log.note(&delivery);
            ack(delivery);
        }
    }
}

/// What is not claimed is refused.
pub async fn an_unclaimed_feature_is_refused(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let features = wire.features();
    if features.replays_history && features.competing_consumers {
        return Outcome::NotClaimed("nothing is left to refuse: all features that could be are claimed");
    }
    if !features.replays_history {
        let config = SubscriptionConfig { start: StartFrom::Earliest, ..wire.config("new") };
        let joined = wire.try_join(config).await;
        assert!(matches!(joined, Err(TransportError::Unsupported)), "beginning with the oldest event: {joined:?}");
    }
    if !features.competing_consumers {
        let first = wire.join(GROUP).await;
        let second = wire.try_join(wire.config(GROUP)).await;
        assert!(matches!(second, Err(TransportError::Unsupported)), "a second member: {second:?}");
        wire.close(first).await;
        wire.join(GROUP).await;
    }
    Outcome::Kept
}
