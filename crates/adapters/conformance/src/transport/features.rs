//! What a transport may claim.

use std::time::Duration;

use futures::future::join;
use ticketing_core::ports::transport::{Settlement, StartFrom, SubscriptionConfig, TransportError};
use tokio::time::Instant;

use crate::outcome::{Outcome, broken};
use crate::time::{patience, premature};

use super::TransportFixture;
use super::deviation::Log;
use super::wire::{GROUP, Member, Wire, orders};

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
        let done = "300 events were published, and a new group began with the oldest";
        wire.receive(&mut member, &events).await.expect(done);
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
    wire.receive(&mut member, &settled).await.expect("100 events were published");
    wire.close(member).await;
    let events = orders(1000, 10);
    for batch in events.chunks(1000) {
        wire.publish(batch).await;
    }

    fixture.restart().await;
    let mut member = wire.join(GROUP).await;
    let done = "a group settled 100 events, 10000 more were published, and the process restarted";
    wire.receive(&mut member, &events).await.expect(done);
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
    wire.finish(&mut second, &mut log).await.expect("events were published, and one of two members closed");

    let mut third = wire.join(GROUP).await;
    share_until_both_work(wire, &mut log, &mut second, &mut third).await;
    publish(wire, &mut log).await;
    // It vanishes with a batch in its hands.
    let held = premature(fixture, MOMENT * 20, second.next(100)).await;
    drop(held);
    drop(second);
    let done = "events were published, and one of two members vanished with a batch in its hands";
    wire.finish(&mut third, &mut log).await.expect(done);
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
        let waited = began.elapsed();
        assert!(waited < patience(), "a second member joined {waited:?} ago: who got work is {worked:?}; {log:?}");
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
        assert!(began.elapsed() < patience(), "two members shared {BATCH} more events and came to no end: {log:?}");
    }
    let twice = log.repeated - repeated;
    assert!(twice < BATCH, "two members shared {BATCH} events: they were to come to one of them; {twice} came to both");
}

/// Settles what comes to either within a moment; returns how many each could settle.
async fn share(wire: Wire<'_>, log: &mut Log, old: &mut Member, new: &mut Member) -> [usize; 2] {
    let (old, new) = join(premature(wire.0, MOMENT, old.next(20)), premature(wire.0, MOMENT, new.next(20))).await;
    [old, new].map(|batch| {
        let batch = batch.map_or_else(Vec::new, |batch| batch.expect("one of two members asks for deliveries"));
        batch.iter().for_each(|delivery| log.note(delivery).expect("two members share events"));
        // A member that lost the subject meanwhile settles too late: it comes again elsewhere.
        batch.into_iter().filter_map(|delivery| delivery.settle(Settlement::Ack).ok()).count()
    })
}

#[track_caller]
fn assert_refused(done: &str, joined: Result<Member, TransportError>) {
    match joined {
        Err(TransportError::Unsupported) => {}
        Err(other) => broken(&format!("{done}: `subscribe` was to fail with `Unsupported`; it failed with {other:?}")),
        Ok(_) => broken(&format!("{done}: `subscribe` was to fail with `Unsupported`; it succeeded")),
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
        assert_refused("`replays_history` is not claimed, and a new group began with the oldest event", joined);
    }
    if !features.competing_consumers {
        let first = wire.join(GROUP).await;
        let second = wire.try_join(wire.config(GROUP)).await;
        assert_refused("`competing_consumers` is not claimed, and a second member joined a group", second);
        wire.close(first).await;
        wire.join(GROUP).await;
    }
    Outcome::Kept
}
