//! What comes again.

use std::time::Duration;

use ticketing_core::domain::event::Topic;

use crate::events::assert_came;
use crate::outcome::Outcome;
use crate::sample;
use crate::time::premature;

use super::TransportFixture;
use super::deviation::events_of;
use super::wire::{GROUP, Wire, orders, retry};

const AFTER: Duration = Duration::from_secs(1);

/// A delivery to retry comes again, no sooner than asked and with a higher attempt, before the later ones of its subject.
pub async fn a_retried_delivery_comes_again_later(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let mut member = wire.join(GROUP).await;
    let events = sample::history(Topic::Orders, 3);
    wire.publish(&events).await;

    let mut last_attempt = 0;
    for turn in 0..3 {
        let done = format!("version 1 of 3 was given back {turn} times, each for {AFTER:?}");
        let batch = wire.take(&mut member, 1).await.expect(&done);
        assert_came(&done, events.get(..1).unwrap_or_default(), &events_of(&batch));
        let asked_at = fixture.now();
        for delivery in batch {
            assert!(delivery.attempt > last_attempt, "{done}: attempt {} came after {last_attempt}", delivery.attempt);
            last_attempt = delivery.attempt;
            retry(delivery, AFTER);
        }
        // As long as time is not on its side, not even the later ones come.
        let early = premature(fixture, AFTER * 9 / 10, member.next(10)).await;
        let waited = fixture.now().since(asked_at);
        assert!(early.is_none() || waited >= AFTER, "asked for {AFTER:?}, it came again after {waited:?}");
        if let Some(batch) = early {
            batch.expect("`next` after a retry").into_iter().for_each(|delivery| retry(delivery, Duration::ZERO));
        }
    }

    wire.receive(&mut member, &events).await.expect("version 1 of 3 was given back 3 times, then all were settled");
    Outcome::Kept
}

/// While one subject waits for a retry the others flow.
pub async fn other_subjects_flow_during_a_retry(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let mut member = wire.join(GROUP).await;
    let stuck = sample::history(Topic::Orders, 3);
    wire.publish(&stuck).await;
    for delivery in wire.take(&mut member, stuck.len()).await.expect("3 events of one subject were published") {
        retry(delivery, Duration::from_secs(3600));
    }

    let others = orders(64, 5);
    wire.publish(&others).await;
    let log = wire.receive(&mut member, &others).await;
    let done = "one subject was given back for an hour, and events of 64 others were published";
    log.expect(done).assert_nothing_came_again(done);
    Outcome::Kept
}

/// A dropped delivery comes again, and the later ones of its subject do not overtake it.
pub async fn a_dropped_delivery_comes_again(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let mut member = wire.join(GROUP).await;
    let events = orders(20, 3);
    wire.publish(&events).await;

    drop(wire.take(&mut member, 10).await.expect("60 events were published"));
    // What was dropped is not in this log, so it counts only when it comes again.
    let done = "10 of 60 deliveries were dropped unsettled, and the others settled";
    wire.receive(&mut member, &events).await.expect(done);
    Outcome::Kept
}
