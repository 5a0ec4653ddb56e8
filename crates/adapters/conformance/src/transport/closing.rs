//! How a member leaves.

use std::time::Duration;

use futures::future::join;
use ticketing_core::ports::transport::{Settlement, TransportError};

use crate::outcome::Outcome;
use crate::time::meanwhile;

use super::TransportFixture;
use super::deviation::{Log, events_of};
use super::wire::{GROUP, Member, Wire, ack, orders};

/// After `stop` nothing new comes, and settling still works.
pub async fn after_stop_settling_still_works(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let mut member = wire.join(GROUP).await;
    let events = orders(100, 1);
    wire.publish(&events).await;
    let out = wire.take(&mut member, 5).await.expect("100 events were published");

    meanwhile(fixture, "`stop` returns", member.stop()).await;
    for _ in 0..3 {
        let more = meanwhile(fixture, "`next` returns after `stop`", member.next(100)).await;
        let more = more.expect("`next` ends well after `stop`").len();
        assert_eq!(more, 0, "after `stop`, while 5 are out: none was to come; {more} came");
    }
    let settled = events_of(&out);
    out.into_iter().for_each(ack);
    assert_eq!(wire.close(member).await, 0, "5 were settled after `stop`, and `close` counts some as abandoned");

    let mut member = wire.join(GROUP).await;
    let rest: Vec<_> = events.into_iter().filter(|event| !settled.contains(event)).collect();
    wire.receive(&mut member, &rest).await.expect("5 of 100 were settled after `stop`, and the group went on");
    Outcome::Kept
}

/// `close` waits for what is in flight and returns how much was left unsettled, which comes again.
pub async fn close_tells_what_was_abandoned(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let mut member = wire.join(GROUP).await;
    let events = orders(20, 1);
    wire.publish(&events).await;
    let mut out = wire.take(&mut member, 5).await.expect("20 events were published");
    let settled = events_of(out.get(..2).unwrap_or_default());
    out.drain(..2).for_each(ack);

    let abandoned = wire.close_within(member, Duration::from_millis(300)).await;
    assert_eq!(abandoned, 3, "2 of 5 deliveries were settled, and `close` counts another number than 3 as abandoned");
    for delivery in out {
        let late = delivery.settle(Settlement::Ack);
        assert!(matches!(late, Err(TransportError::Closed)), "an ack after `close` was to be refused: {late:?}");
    }

    let mut member = wire.join(GROUP).await;
    let rest: Vec<_> = events.into_iter().filter(|event| !settled.contains(event)).collect();
    let mut log = Log::of(&rest);
    log.tolerate(&settled);
    wire.finish(&mut member, &mut log).await.expect("2 of 20 were settled, 3 abandoned, and the group went on");
    close_waits(wire, member).await;
    Outcome::Kept
}

/// What is settled while the member closes is not abandoned, and the close ends at once.
async fn close_waits(wire: Wire<'_>, mut member: Member) {
    let events = orders(3, 1);
    wire.publish(&events).await;
    let out = wire.take(&mut member, events.len()).await.expect("3 events were published");
    let settling = async {
        for delivery in out {
            wire.0.pass(Duration::from_millis(50)).await;
            tokio::time::sleep(Duration::from_millis(1)).await;
            ack(delivery);
        }
    };
    let (abandoned, ()) = join(wire.close_within(member, Duration::from_secs(600)), settling).await;
    assert_eq!(abandoned, 0, "3 deliveries were settled while the member closed, and `close` counts some as abandoned");
}
