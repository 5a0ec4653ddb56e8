//! The log is not the one that was read: it lost its end, its topic was made again, or retention was faster.

use std::collections::BTreeSet;

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::{EventSubscriber, Subscription};
use ticketing_core::wire::EventEnvelope;
use ticketing_kafka::{KafkaConfig, KafkaSubscriber, KafkaTopics};

use crate::broker::Broker;
use crate::world::{World, ack, client, config, delete_topics, event_of, orders, soon, take};

/// So many events are handled before anything happens to the log.
const BEFORE: usize = 20;

/// Publishes events in separate batches, each until it is acknowledged.
async fn acknowledged(world: &World, count: usize) -> Vec<EventEnvelope> {
    let events = orders(count);
    for event in &events {
        let publisher = ticketing_conformance::transport::TransportFixture::publisher(world);
        let published = async { while publisher.publish(std::slice::from_ref(event)).await.is_err() {} };
        soon("an event is acknowledged", published).await;
    }
    events
}

/// Waits until a member was given all of some events; what else comes is handled too.
async fn delivered(member: &mut Box<dyn Subscription>, events: &[EventEnvelope]) {
    let mut missing: BTreeSet<_> = events.iter().map(|event| event.id).collect();
    while !missing.is_empty() {
        let next = tokio::time::timeout(std::time::Duration::from_secs(60), member.next(100)).await;
        let left: Vec<_> = events.iter().enumerate().filter(|(_, event)| missing.contains(&event.id)).collect();
        let left: Vec<usize> = left.into_iter().map(|(number, _)| number).collect();
        assert!(next.is_ok(), "acknowledged and never delivered: numbers {left:?} of {}", events.len());
        for delivery in next.expect("it came").expect("the subscription is open") {
            missing.remove(&event_of(&delivery).id);
            // What was lent under another history may be too late to settle.
            let _settled = delivery.settle(ticketing_core::ports::transport::Settlement::Ack);
        }
    }
}

/// Waits until a group has committed exactly this of its one partition.
async fn committed(world: &World, offset: i64) {
    soon("progress is committed", async { while world.committed("catalog").await != [offset] {} }).await;
}

/// A group that has handled and committed some events of a separate broker.
async fn handled(broker: &Broker) -> (World, Box<dyn Subscription>) {
    let world = World::of(KafkaConfig { brokers: broker.addresses.clone(), ..config(1) }).await;
    let mut member = world.join("catalog").await;
    let events = acknowledged(&world, BEFORE).await;
    delivered(&mut member, &events).await;
    committed(&world, BEFORE as i64).await;
    (world, member)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_after_a_cut_is_delivered_to_a_member_that_runs() {
    let broker = Broker::start().await;
    let (world, mut member) = handled(&broker).await;

    // Twice, so that a position that was found again can be lost again.
    for end in [30, 40] {
        broker.kill();
        broker.cut(&world.config, 10);
        broker.start_again();
        let events = acknowledged(&world, end - 10).await;

        delivered(&mut member, &events).await;
        committed(&world, end as i64).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_after_a_cut_is_delivered_to_a_member_that_was_away() {
    let broker = Broker::start().await;
    let (world, member) = handled(&broker).await;
    member.close(std::time::Duration::ZERO).await.unwrap();
    broker.kill();
    broker.cut(&world.config, 10);
    broker.start_again();
    let refilled = acknowledged(&world, 15).await;

    // The position of the group is within the log, among other events.
    let subscriber = KafkaSubscriber::new(&world.config);
    let mut member = subscriber.subscribe(world.wants("catalog")).await.unwrap();

    delivered(&mut member, &refilled).await;
    assert_eq!(subscriber.resets(), 1);
    committed(&world, 25).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_made_again_after_elections_is_read() {
    let broker = Broker::start().await;
    let (world, mut member) = handled(&broker).await;
    // Leaders are counted from the beginning in a new topic, and what clients remember of the old one is higher.
    for _ in 0..2 {
        broker.kill();
        broker.start_again();
    }
    delivered(&mut member, &acknowledged(&world, 1).await).await;

    made_again(&world.config).await;
    let events = acknowledged(&world, 5).await;

    delivered(&mut member, &events).await;
}

async fn made_again(config: &KafkaConfig) {
    delete_topics(config);
    let made = async { while KafkaTopics::ensure(config).await.is_err() {} };
    soon("topics are made again", made).await;
}

#[tokio::test]
async fn a_topic_that_is_made_again_is_read_from_its_beginning() {
    // Ends before, at and behind the offset that the group has committed.
    for after in [5, BEFORE, BEFORE + 30] {
        let world = World::start(1).await;
        let mut member = world.join("catalog").await;
        let events = orders(BEFORE);
        world.publish(&events).await;
        delivered(&mut member, &events).await;
        committed(&world, BEFORE as i64).await;

        made_again(&world.config).await;
        let events = acknowledged(&world, after).await;

        delivered(&mut member, &events).await;
        committed(&world, after as i64).await;
    }
}

#[tokio::test]
async fn a_topic_that_is_made_again_while_deliveries_are_out_is_read_from_its_beginning() {
    let world = World::start(1).await;
    let mut member = world.join("catalog").await;
    world.publish(&orders(BEFORE)).await;
    let mut held = take(&mut member, BEFORE).await;
    held.drain(..5).for_each(ack);
    committed(&world, 5).await;

    made_again(&world.config).await;
    let events = acknowledged(&world, BEFORE + 10).await;
    // Too late, or in vain: nothing that is settled now counts for the new log.
    held.into_iter().for_each(|delivery| drop(delivery.settle(ticketing_core::ports::transport::Settlement::Ack)));

    delivered(&mut member, &events).await;
}

#[tokio::test]
async fn a_position_beyond_the_end_is_of_no_use() {
    let world = World::start(1).await;
    let events = orders(10);
    world.publish(&events).await;
    let (config, topic) = (world.config.clone(), world.config.topic(Topic::Orders));
    let commit = move || {
        let group = format!("{}.catalog", config.group_prefix);
        let consumer: BaseConsumer = client(&config).set("group.id", group).create().expect("a consumer starts");
        let mut offsets = TopicPartitionList::new();
        offsets.add_partition_offset(&topic, 0, Offset::Offset(1000)).expect("an offset");
        consumer.commit(&offsets, CommitMode::Sync).expect("it is committed");
    };
    tokio::task::spawn_blocking(commit).await.unwrap();

    let subscriber = KafkaSubscriber::new(&world.config);
    let mut member = subscriber.subscribe(world.wants("catalog")).await.unwrap();

    delivered(&mut member, &events).await;
    assert_eq!(subscriber.resets(), 1);
    committed(&world, 10).await;
}

#[tokio::test]
async fn what_retention_removed_unread_is_counted_and_the_rest_is_read() {
    let world = World::start(1).await;
    let mut member = world.join("catalog").await;
    let events = orders(BEFORE);
    world.publish(&events[..5]).await;
    delivered(&mut member, &events[..5]).await;
    committed(&world, 5).await;
    member.close(std::time::Duration::ZERO).await.unwrap();
    world.publish(&events[5..]).await;
    let admin: AdminClient<DefaultClientContext> = client(&world.config).create().unwrap();
    let mut before = TopicPartitionList::new();
    before.add_partition_offset(&world.config.topic(Topic::Orders), 0, Offset::Offset(10)).unwrap();
    admin.delete_records(&before, &AdminOptions::new()).await.unwrap();

    let subscriber = KafkaSubscriber::new(&world.config);
    let mut member = subscriber.subscribe(world.wants("catalog")).await.unwrap();

    delivered(&mut member, &events[10..]).await;
    assert_eq!(subscriber.resets(), 1);
}

#[tokio::test]
async fn a_group_that_goes_on_is_not_taken_for_one_that_lost_its_place() {
    let world = World::start(4).await;
    let subscriber = KafkaSubscriber::new(&world.config);
    let events = orders(200);
    for part in events.chunks(50) {
        let mut member = subscriber.subscribe(world.wants("catalog")).await.unwrap();
        world.publish(part).await;
        for _ in 0..part.len() {
            let next = take(&mut member, 1).await.pop().unwrap();
            assert!(part.contains(event_of(&next)), "what was handled came again");
            ack(next);
        }
        member.close(std::time::Duration::ZERO).await.unwrap();
    }
    assert_eq!(subscriber.resets(), 0);
}
