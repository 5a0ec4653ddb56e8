//! Where a new group begins is fixed when it subscribes.

use std::time::Duration;

use ticketing_conformance::sample;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::{StartFrom, SubscriptionConfig};

use crate::world::{World, ack, event_of, orders, take};

#[tokio::test]
async fn what_comes_while_a_new_group_is_away_is_its_first() {
    let world = World::start(2).await;
    world.publish(&orders(20)).await;
    let late = SubscriptionConfig { start: StartFrom::Latest, ..world.wants("late") };

    let member = world.join_as(late.clone()).await;
    assert_eq!(member.close(Duration::ZERO).await.unwrap(), 0);
    let event = orders(1);
    world.publish(&event).await;

    let mut member = world.join_as(late).await;
    let first = take(&mut member, 1).await.pop().unwrap();
    assert_eq!(*event_of(&first), event[0]);
    ack(first);
}

#[tokio::test]
async fn a_topic_new_to_a_busy_group_begins_with_the_next_event() {
    let world = World::start(2).await;
    let mut busy = world.join("catalog").await;
    world.publish(&orders(1)).await;
    take(&mut busy, 1).await.into_iter().for_each(ack);
    world.publish(&sample::history(Topic::Payments, 5)).await;

    let topics = vec![Topic::Orders, Topic::Payments];
    let both = SubscriptionConfig { start: StartFrom::Latest, topics, ..world.wants("catalog") };
    let mut member = world.join_as(both).await;
    let payment = sample::history(Topic::Payments, 1);
    world.publish(&payment).await;

    let first = take(&mut member, 1).await.pop().unwrap();
    assert_eq!(*event_of(&first), payment[0]);
    ack(first);
}
