//! What settling does, and what not settling does.

use std::collections::VecDeque;
use std::time::Duration;

use ticketing_core::ports::transport::{Delivery, SubscriptionConfig};
use ticketing_core::wire::EventEnvelope;
use tokio::time::Instant;

use crate::outcome::{Outcome, broken};
use crate::time::{patience, polled, premature};

use super::TransportFixture;
use super::deviation::{Log, event_of, events_of};
use super::wire::{GROUP, Member, Wire, ack, orders};

/// Progress never passes what is unsettled, whether the member closes or vanishes.
pub async fn progress_never_passes_an_unsettled_delivery(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let mut published = Vec::new();
    for end in ["closed", "vanished"] {
        let group = format!("whose member {end}");
        let mut member = wire.join_as(wire.config(&group)).await;
        let events = orders(50, 1);
        wire.publish(&events).await;
        published.extend_from_slice(&events);
        let mut held = Vec::new();
        for (n, delivery) in take_all(wire, &mut member, &events).await.into_iter().enumerate() {
            if n % 10 == 3 {
                held.push(delivery);
            } else {
                ack(delivery);
            }
        }
        let mut log = Log::of(&[]);
        log.tolerate(&published);
        log.want(&events_of(&held));
        let done = format!("a member settled 45 of 50 deliveries, held 5 and {end}, and the group went on");
        if end == "closed" {
            let abandoned = wire.close_within(member, Duration::ZERO).await;
            assert_eq!(abandoned, 5, "{done}: `close` counts others as abandoned");
        } else {
            drop(member);
        }
        drop(held);

        let mut member = wire.join_as(wire.config(&group)).await;
        wire.finish(&mut member, &mut log).await.expect(&done);
        wire.close(member).await;
    }
    Outcome::Kept
}

/// Takes these, settling at once whatever an earlier round left.
async fn take_all(wire: Wire<'_>, member: &mut Member, events: &[EventEnvelope]) -> Vec<Delivery> {
    let mut taken = Vec::new();
    while taken.len() < events.len() {
        let done = format!("{} events were published, and {} came", events.len(), taken.len());
        for delivery in wire.next(member, events.len()).await.expect(&done) {
            if events.iter().any(|event| event.id == event_of(&delivery).id) {
                taken.push(delivery);
            } else {
                ack(delivery);
            }
        }
    }
    taken
}

/// No more than `max_unsettled` are out at a time.
pub async fn unsettled_deliveries_are_bounded(fixture: &dyn TransportFixture) -> Outcome {
    const BOUND: usize = 10;
    let wire = Wire(fixture);
    let config = SubscriptionConfig { max_unsettled: BOUND, ..wire.config(GROUP) };
    let mut member = wire.join_as(config).await;
    let events = orders(100, 1);
    wire.publish(&events).await;

    let mut log = Log::of(&events);
    let mut out = VecDeque::new();
    while !log.is_complete() {
        let done = format!("100 events were published, {BOUND} may be out and {} are", out.len());
        let batch = wire.next(&mut member, 1000).await.map_err(|then| log.lacks(then)).expect(&done);
        batch.iter().for_each(|delivery| log.note(delivery).expect(&done));
        out.extend(batch);
        assert!(out.len() <= BOUND, "{} are out where {BOUND} may be", out.len());
        if out.len() == BOUND && !log.is_complete() {
            let moment = Duration::from_millis(100);
            let more = premature(fixture, moment, member.next(1000)).await;
            let more = more.map_or(0, |batch| batch.expect("`next` at the bound").len());
            assert_eq!(more, 0, "{BOUND} may be out and are: none was to come; {more} came");
            out.drain(..3).for_each(ack);
        } else if let Some(delivery) = out.pop_front() {
            ack(delivery);
        }
    }
    Outcome::Kept
}

/// A caller that stops waiting for `next`, at any point, loses nothing.
pub async fn a_cancelled_next_loses_nothing(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let mut member = wire.join(GROUP).await;
    let events = orders(100, 10);
    let mut log = Log::of(&events);
    let publishing = async {
        for batch in events.chunks(10) {
            wire.publish(batch).await;
            tokio::task::yield_now().await;
        }
    };
    let receiving = async {
        let began = Instant::now();
        for turn in 0_usize.. {
            if log.is_complete() {
                break;
            }
            if began.elapsed() > patience() {
                broken(&format!("calls of `next` were cancelled for {:?}: {log:?}", began.elapsed()));
            }
            let wait = member.next(5);
            let batch = tokio::time::timeout(Duration::from_millis(20), polled(turn % 4, wait)).await;
            for delivery in batch.ok().flatten().into_iter().flat_map(|batch| batch.expect("`next` that was awaited")) {
                log.note(&delivery).expect("calls of `next` were cancelled");
                ack(delivery);
            }
            tokio::task::yield_now().await;
        }
    };
    futures::future::join(publishing, receiving).await;
    log.assert_nothing_came_again("calls of `next` were cancelled");
    Outcome::Kept
}
