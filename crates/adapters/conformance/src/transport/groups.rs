//! What groups get, and where they begin and go on.

use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::{StartFrom, SubscriptionConfig};

use crate::outcome::Outcome;
use crate::sample;

use super::TransportFixture;
use super::wire::{GROUP, Log, Wire, ack, orders};

/// Every group gets every event of the topics it asked for, and no other.
pub async fn every_group_gets_every_event(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let mut one = wire.join("one").await;
    let mut two = wire.join("two").await;
    let payments = SubscriptionConfig { topics: vec![Topic::Payments], ..wire.config("three") };
    let mut three = wire.join_as(payments).await;

    let events = orders(100, 3);
    let payment = sample::history(Topic::Payments, 2);
    wire.publish(&[events.as_slice(), &payment].concat()).await;
    wire.receive(&mut one, &events).await;
    wire.receive(&mut two, &events).await;
    wire.receive(&mut three, &payment).await;
    Outcome::Kept
}

/// A new group may begin with the next event: the first that is published after it subscribed.
pub async fn a_new_group_may_begin_with_the_next_event(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let old = orders(50, 1);
    wire.publish(&old).await;
    let config = SubscriptionConfig { start: StartFrom::Latest, ..wire.config("late") };
    let mut member = wire.join_as(config).await;

    let new = orders(50, 1);
    wire.publish(&new).await;
    let last = orders(64, 1);
    wire.receive(&mut member, &new).await;
    wire.publish(&last).await;
    wire.receive(&mut member, &last).await;
    Outcome::Kept
}

/// A group goes on where it stopped, also with what came while it was away; `start` is for new groups alone.
pub async fn a_group_goes_on_where_it_stopped(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let mut member = wire.join(GROUP).await;
    let events = orders(1000, 10);
    for batch in events.chunks(1000) {
        wire.publish(batch).await;
    }
    let mut log = Log::of(&events);
    for delivery in wire.take(&mut member, 500).await {
        log.note(&delivery);
        ack(delivery);
    }
    assert_eq!(wire.close(member).await, 0, "everything that was out was settled");

    let meanwhile = orders(100, 1);
    wire.publish(&meanwhile).await;
    log.want(&meanwhile);
    let config = SubscriptionConfig { start: StartFrom::Latest, ..wire.config(GROUP) };
    let mut member = wire.join_as(config).await;
    wire.finish(&mut member, &mut log).await;
    assert_eq!(log.repeated, 0, "what was settled before a close came again");
    Outcome::Kept
}
