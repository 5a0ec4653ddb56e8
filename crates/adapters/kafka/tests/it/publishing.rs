//! How honest a publisher is when its cluster fails, with errors injected.

use std::collections::HashMap;
use std::time::Duration;

use futures::future::join_all;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use ticketing_conformance::sample;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::log::EventLog;
use ticketing_core::ports::transport::{EventPublisher, TransportError};
use ticketing_core::wire::EventEnvelope;
use ticketing_kafka::{KafkaConfig, KafkaLog, KafkaPublisher};
use uuid::Uuid;

use crate::world::{World, ack, event_of, orders, soon, take};

/// A cluster of two brokers in this process, on which orders live on one and everything else on the other.
pub(crate) fn cluster() -> (MockCluster<'static, DefaultProducerContext>, KafkaConfig) {
    let cluster = MockCluster::new(2).expect("a cluster starts");
    let publish_within = Duration::from_secs(3);
    let config = KafkaConfig { publish_within, ..KafkaConfig::new(cluster.bootstrap_servers()) };
    for topic in Topic::ALL {
        let name = config.topic(topic);
        cluster.create_topic(&name, 1, 1).expect("a topic is created");
        let leader = if topic == Topic::Orders { 1 } else { 2 };
        cluster.partition_leader(&name, 0, Some(leader)).expect("a leader is chosen");
    }
    (cluster, config)
}

fn payment() -> EventEnvelope {
    sample::envelope(Topic::Payments, sample::uuid(), 1)
}

async fn total(config: &KafkaConfig, topic: Topic) -> u64 {
    KafkaLog::open(config, &[topic]).await.expect("a log opens").progress().total
}

#[tokio::test]
async fn only_the_unbroken_prefix_counts_as_durable() {
    let (cluster, config) = cluster();
    let publisher = KafkaPublisher::connect(&config).await.unwrap();
    let orders = orders(4);
    publisher.publish(&[orders[0].clone(), payment()]).await.unwrap();
    cluster.broker_down(2).unwrap();

    let events = [&orders[1..3], &[payment()], &orders[3..]].concat();
    let error = soon("a publication fails", publisher.publish(&events)).await.unwrap_err();

    assert_eq!(error.durable, 2);
    assert!(matches!(error.source, TransportError::Unavailable(_)), "{:?}", error.source);
    cluster.broker_up(2).unwrap();
    // The last is durable, although an earlier one is not.
    assert_eq!(total(&config, Topic::Orders).await, 4);
    publisher.publish(&events[2..]).await.unwrap();
}

#[tokio::test]
async fn a_passing_error_is_retried_and_not_seen() {
    let (cluster, config) = cluster();
    let publisher = KafkaPublisher::connect(&config).await.unwrap();
    let passing =
        [RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RDKafkaRespErr::RD_KAFKA_RESP_ERR__TRANSPORT];
    cluster.request_errors(RDKafkaApiKey::Produce, &passing);

    publisher.publish(&orders(5)).await.unwrap();

    assert_eq!(total(&config, Topic::Orders).await, 5);
}

#[tokio::test]
async fn a_publisher_survives_a_fatal_error() {
    let (cluster, config) = cluster();
    let publisher = KafkaPublisher::connect(&config).await.unwrap();
    publisher.publish(&orders(1)).await.unwrap();
    let desynchronized = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER];
    cluster.request_errors(RDKafkaApiKey::Produce, &desynchronized);

    let failed = soon("a publication is answered", publisher.publish(&orders(3))).await;

    let error = failed.unwrap_err();
    assert_eq!(error.durable, 0);
    assert!(matches!(error.source, TransportError::Unavailable(_)), "{:?}", error.source);
    soon("a publication is answered", publisher.publish(&orders(2))).await.unwrap();
}

#[tokio::test]
async fn an_event_that_is_too_large_is_refused() {
    let world = World::of(KafkaConfig { max_bytes: 10_000, ..crate::world::config(1) }).await;
    let publisher = KafkaPublisher::connect(&world.config).await.unwrap();
    let large = EventEnvelope { data: vec![b'x'; 10_000].into(), ..payment() };

    let error = publisher.publish(&[payment(), large, payment()]).await.unwrap_err();

    assert_eq!(error.durable, 1);
    assert!(matches!(error.source, TransportError::Refused(_)), "{:?}", error.source);
}

#[tokio::test]
async fn calls_at_once_keep_the_order_of_each_subject() {
    let world = World::start(4).await;
    let publisher = KafkaPublisher::connect(&world.config).await.unwrap();
    let calls: Vec<_> = (0..8).map(|_| sample::history(Topic::Orders, 200)).collect();

    let published = join_all(calls.iter().map(|events| publisher.publish(events))).await;

    assert!(published.into_iter().all(|published| published.is_ok()));
    let mut member = world.join("catalog").await;
    let mut came: HashMap<Uuid, Vec<EventEnvelope>> = HashMap::new();
    for _ in 0..1600 {
        for delivery in take(&mut member, 1).await {
            came.entry(event_of(&delivery).subject).or_default().push(event_of(&delivery).clone());
            ack(delivery);
        }
    }
    assert!(calls.iter().all(|call| came.get(&call[0].subject) == Some(call)), "an order was changed");
}
