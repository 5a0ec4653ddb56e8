//! What groups get, and where they begin and go on.

use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::{Kinds, StartFrom, SubscriptionConfig};
use ticketing_core::wire::EventEnvelope;

use crate::outcome::Outcome;
use crate::sample;

use super::TransportFixture;
use super::deviation::Log;
use super::wire::{GROUP, Member, Wire, ack, orders};

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
    let done = "300 orders and 2 payments were published to two groups of orders and one of payments";
    wire.receive(&mut one, &events).await.expect(done);
    wire.receive(&mut two, &events).await.expect(done);
    wire.receive(&mut three, &payment).await.expect(done);
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
    let done = "50 events were published, a new group began with the next one, and more were published";
    wire.receive(&mut member, &new).await.expect(done);
    wire.publish(&last).await;
    wire.receive(&mut member, &last).await.expect(done);
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
    for delivery in wire.take(&mut member, 500).await.expect("10000 events were published") {
        log.note(&delivery).expect("10000 events were published");
        ack(delivery);
    }
    assert_eq!(wire.close(member).await, 0, "500 were out and settled, and `close` counts some as abandoned");

    let meanwhile = orders(100, 1);
    wire.publish(&meanwhile).await;
    log.want(&meanwhile);
    let config = SubscriptionConfig { start: StartFrom::Latest, ..wire.config(GROUP) };
    let mut member = wire.join_as(config).await;
    let done = "a group settled 500 of 10000 events, left, and came back after 100 more were published";
    wire.finish(&mut member, &mut log).await.expect(done);
    log.assert_nothing_came_again(done);
    Outcome::Kept
}

/// Events of topics that a group does not follow hold up neither its own events nor its progress.
pub async fn other_topics_hold_nothing_up(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let mut groups = [Topic::Orders, Topic::Payments].map(|topic| (topic, Log::of(&[])));
    for (topic, _) in &groups {
        // From here on the group misses nothing.
        wire.close(follow(wire, *topic).await).await;
    }

    share_out(wire, &mut groups, "a group that follows one of five topics joined").await;
    share_out(wire, &mut groups, "a group that follows one of five topics settled all that came, and came back").await;
    if wire.features().survives_restart {
        fixture.restart().await;
        let done = "a group that follows one of five topics settled all that came, and came back after a restart";
        share_out(wire, &mut groups, done).await;
    }
    Outcome::Kept
}

/// Events of kinds that a group is not for hold up neither its own events nor its progress, handed over or not.
pub async fn other_kinds_hold_nothing_up(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let config = SubscriptionConfig { kinds: Kinds::Only(&["order.completed"]), ..wire.config(GROUP) };
    // From here on the group misses nothing.
    wire.close(wire.join_as(config.clone()).await).await;

    let mut others = Vec::new();
    for done in ["a group of one of two kinds joined", "it settled all that came, left, and came back"] {
        let events = orders(20, 6).into_iter().map(of_two_kinds);
        let (own, other): (Vec<_>, Vec<_>) = events.partition(|event| config.kinds.have(&event.kind));
        wire.publish(&[other.as_slice(), &own].concat()).await;
        others.extend(other);
        let mut log = Log::of(&own);
        log.tolerate(&others);
        let mut member = wire.join_as(config.clone()).await;
        wire.finish(&mut member, &mut log).await.expect(done);
        assert_eq!(wire.close(member).await, 0, "{done}: `close` counts some of what was settled as abandoned");
    }
    Outcome::Kept
}

/// Every second version completes an order.
fn of_two_kinds(event: EventEnvelope) -> EventEnvelope {
    let kind = if event.version.is_multiple_of(2) { "order.completed" } else { "order.created" };
    EventEnvelope { kind: kind.into(), ..event }
}

async fn follow(wire: Wire<'_>, topic: Topic) -> Member {
    wire.join_as(SubscriptionConfig { topics: vec![topic], ..wire.config(topic.name()) }).await
}

/// Publishes events of every topic in turn, and has each group take its own and leave.
async fn share_out(wire: Wire<'_>, groups: &mut [(Topic, Log)], done: &str) {
    let events: Vec<EventEnvelope> =
        (0..20).flat_map(|_| Topic::ALL).map(|topic| sample::envelope(topic, sample::uuid(), 1)).collect();
    wire.publish(&events).await;
    for (topic, log) in groups {
        let own: Vec<_> = events.iter().filter(|event| event.topic == *topic).cloned().collect();
        log.want(&own);
        let mut member = follow(wire, *topic).await;
        wire.finish(&mut member, log).await.expect(done);
        log.assert_nothing_came_again(done);
        assert_eq!(wire.close(member).await, 0, "{done}: `close` counts some of what was settled as abandoned");
    }
}
