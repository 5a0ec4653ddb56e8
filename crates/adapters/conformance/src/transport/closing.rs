//! How a member leaves.

use std::time::Duration;

use futures::future::join;
use ticketing_core::ports::transport::{Settlement, TransportError};

use crate::outcome::Outcome;
use crate::time::meanwhile;

use super::TransportFixture;
use super::wire::{GROUP, Log, Member, Wire, ack, event_of, events_of, orders};

/// After `stop` nothing new comes, and settling still works.
pub async fn after_stop_settling_still_works(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let mut member = wire.join(GROUP).await;
    let events = orders(100, 1);
    wire.publish(&events).await;
    let out = wire.take(&mut member, 5).await;

    meanwhile(fixture, "a subscription stops", member.stop()).await;
    for _ in 0..3 {
        let more = meanwhile(fixture, "`next` ends after a stop", member.next(100)).await;
        assert!(more.expect("`next` ends well after a stop").is_empty(), "something new came after a stop");
    }
    let settled = events_of(&out);
    out.into_iter().for_each(ack);
    assert_eq!(wire.close(member).await, 0, "everything that was out was settled");

    let mut member = wire.join(GROUP).await;
    let rest: Vec<_> = events.into_iter().filter(|event| !settled.contains(event)).collect();
    wire.receive(&mut member, &rest).await;
    Outcome::Kept
}

/// `close` waits for what is out, tells how much was left unsettled, and that comes again.
pub async fn close_tells_what_was_abandoned(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let mut member = wire.join(GROUP).await;
    let events = orders(20, 1);
    wire.publish(&events).await;
    let mut log = Log::of(&events);
    let mut out = wire.take(&mut member, 5).await;
    for delivery in out.drain(..2) {
        log.note(&delivery);
        ack(delivery);
    }

    let abandoned = wire.close_within(member, Duration::from_millis(300)).await;
    assert_eq!(abandoned, 3, "three of five were abandoned");
    let abandoned = events_of(&out);
    for delivery in out {
        let late = delivery.settle(Settlement::Ack);
        assert!(matches!(late, Err(TransportError::Closed)), "settling after a close: {late:?}");
    }

    let mut member = wire.join(GROUP).await;
    let mut again = Vec::new();
    while !log.is_complete() {
        for delivery in wire.next(&mut member, 3).await {
            log.note(&delivery);
            again.push(event_of(&delivery).clone());
            ack(delivery);
        }
    }
    assert!(abandoned.iter().all(|event| again.contains(event)), "what was abandoned did not come again");
    close_waits(wire, member).await;
    Outcome::Kept
}

/// What is settled while the member closes is not abandoned, and the close ends at once.
async fn close_waits(wire: Wire<'_>, mut member: Member) {
    let events = orders(3, 1);
    wire.publish(&events).await;
    let out = wire.take(&mut member, events.len()).await;
    let settling = async {
        for delivery in out {
            wire.0.pass(Duration::from_millis(50)).await;
            tokio::time::sleep(Duration::from_millis(1)).await;
            ack(delivery);
        }
    };
    let (abandoned, ()) = join(wire.close_within(member, Duration::from_secs(600)), settling).await;
    assert_eq!(abandoned, 0, "what was settled while the member closed was abandoned");
}
