//! Brokers go, and come back or do not.

use std::time::{Duration, Instant};

use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::{
    EventPublisher, EventSubscriber, Kinds, StartFrom, Subscription, SubscriptionConfig,
};
use ticketing_kafka::{KafkaConfig, KafkaPublisher, KafkaSubscriber};

use crate::publishing::cluster;
use crate::world::{ack, event_of, orders, soon, take};

async fn join(config: &KafkaConfig) -> Box<dyn Subscription> {
    let (group, topics) = ("catalog".to_owned(), vec![Topic::Orders]);
    let wants = SubscriptionConfig {
        group,
        topics,
        start: StartFrom::Earliest,
        max_unsettled: 10,
        patience: Duration::ZERO,
        kinds: Kinds::All,
    };
    KafkaSubscriber::new(config).subscribe(wants).await.expect("a group is joined")
}

#[tokio::test]
async fn a_close_ends_in_time_although_the_brokers_are_gone() {
    let (cluster, config) = cluster();
    let config = KafkaConfig { answer_within: Duration::from_secs(2), ..config };
    let publisher = KafkaPublisher::connect(&config).await.unwrap();
    publisher.publish(&orders(3)).await.unwrap();
    let mut member = join(&config).await;
    let mut held = take(&mut member, 3).await;
    held.drain(..1).for_each(ack);
    [1, 2].iter().for_each(|broker| cluster.broker_down(*broker).unwrap());

    let began = Instant::now();
    let closed = member.close(Duration::from_millis(100)).await;

    assert!(began.elapsed() < config.answer_within * 2, "it took {:?}", began.elapsed());
    assert!(matches!(closed, Ok(2) | Err(_)), "{closed:?}");
}

#[tokio::test]
async fn a_subscription_outlives_an_outage() {
    let (cluster, config) = cluster();
    let publisher = KafkaPublisher::connect(&config).await.unwrap();
    let mut member = join(&config).await;
    publisher.publish(&orders(1)).await.unwrap();
    take(&mut member, 1).await.into_iter().for_each(ack);

    [1, 2].iter().for_each(|broker| cluster.broker_down(*broker).unwrap());
    let events = orders(1);
    let failed = soon("a publication is answered", publisher.publish(&events)).await;
    assert!(failed.is_err(), "nobody was there");
    [1, 2].iter().for_each(|broker| cluster.broker_up(*broker).unwrap());
    publisher.publish(&events).await.unwrap();

    let next = take(&mut member, 1).await.pop().unwrap();
    assert_eq!(*event_of(&next), events[0]);
    ack(next);
}
