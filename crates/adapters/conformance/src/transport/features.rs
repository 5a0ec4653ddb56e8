//! What a transport may claim.

use std::time::Duration;

use futures::future::join;
use ticketing_core::ports::transport::{Settlement, StartFrom, SubscriptionConfig, TransportError};
use tokio::time::Instant;

use crate::outcome::Outcome;
use crate::time::{patience, premature};

use super::TransportFixture;
use super::wire::{GROUP, Log, Member, Wire, orders};

/// How many events members share at a time.
const BATCH: usize = 192;
const MOMENT: Duration = Duration::from_millis(50);

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
    assert_shared(wire, &mut log, &mut first, &mut second).await;

    publish(wire, &mut log).await;
    wire.close(first).await;
    wire.finish(&mut second, &mut log).await;

    let mut third = wire.join(GROUP).await;
    share_until_both_work(wire, &mut log, &mut second, &mut third).await;
    publish(wire, &mut log).await;
    // It vanishes with a batch in its hands.
    let held = premature(fixture, MOMENT * 20, second.next(100)).await;
    drop(held);
    drop(second);
    wire.finish(&mut third, &mut log).await;
    Outcome::Kept
}

async fn publish(wire: Wire<'_>, log: &mut Log) {
    let events = orders(BATCH / 3, 3);
    log.want(&events);
    wire.publish(&events).await;
}

/// Goes on publishing until both members got something since the newer one joined, and all came.
async fn share_until_both_work(wire: Wire<'_>, log: &mut Log, old: &mut Member, new: &mut Member) {
    let began = Instant::now();
    let mut worked = [false, false];
    while worked != [true, true] || !log.is_complete() {
        if log.is_complete() {
            publish(wire, log).await;
        }
        let settled = share(wire, log, old, new).await;
        worked = [worked[0] || settled[0] > 0, worked[1] || settled[1] > 0];
        assert!(began.elapsed() < patience(), "a member gets no work, or events are lost: worked {worked:?}, {log:?}");
    }
}

/// Of what is published while both work, not everything comes to both.
async fn assert_shared(wire: Wire<'_>, log: &mut Log, old: &mut Member, new: &mut Member) {
    let (began, repeated) = (Instant::now(), log.repeated);
    publish(wire, log).await;
    let mut quiet = 0;
    while !log.is_complete() || quiet < 10 {
        let settled = share(wire, log, old, new).await;
        quiet = if settled == [0, 0] { quiet + 1 } else { 0 };
        assert!(began.elapsed() < patience(), "two members lose events or never come to an end: {log:?}");
    }
    assert!(log.repeated - repeated < BATCH, "each of two members got every event");
}

/// Settles what comes to either within a moment; returns how many each could settle.
async fn share(wire: Wire<'_>, log: &mut Log, old: &mut Member, new: &mut Member) -> [usize; 2] {
    let (old, new) = join(premature(wire.0, MOMENT, old.next(20)), premature(wire.0, MOMENT, new.next(20))).await;
    [old, new].map(|batch| {
        let batch = batch.map_or_else(Vec::new, |batch| batch.expect("a delivery comes"));
        batch.iter().for_each(|delivery| log.note(delivery));
        // A member that lost the subject meanwhile settles too late: it comes again elsewhere.
        batch.into_iter().filter_map(|delivery| delivery.settle(Settlement::Ack).ok()).count()
    })
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
