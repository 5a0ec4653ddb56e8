//! Events by a log in MongoDB, beside the same by Kafka: published by a relay, read by a group, and one by one.

use std::sync::Arc;
use std::time::Duration;

use ticketing_core::domain::event::Topic;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::transport::{
    EventPublisher, EventSubscriber, Kinds, Settlement, StartFrom, Subscription, SubscriptionConfig,
};
use ticketing_core::wire::EventEnvelope;
use ticketing_kafka::{KafkaConfig, KafkaPublisher, KafkaSubscriber};
use ticketing_mongodb::MongoBroker;

use crate::connected;
use crate::publish::{clean, event, relayed_by, topics};
use crate::sample::env;
use crate::table::{Table, rate};

const EVENTS: usize = 50_000;
const ONE_BY_ONE: usize = 300;

/// How events travel.
struct Bus {
    publisher: Arc<dyn EventPublisher>,
    subscriber: Arc<dyn EventSubscriber>,
}

pub(crate) async fn bench(table: &mut Table) {
    let (kafka, env) = (topics(&env()).await, env());
    let in_mongodb = MongoBroker::open(&connected().await).await.expect("the log opens");
    let mongodb = Bus { publisher: Arc::new(in_mongodb.publisher()), subscriber: Arc::new(in_mongodb.subscriber()) };
    let [ours, bare] = [figures(&mongodb, &env).await, figures(&on_kafka(&kafka).await, &env).await];
    let names = ["relay from memory", "a group reads all", "one event published, then read"];
    for ((name, ours), bare) in names.into_iter().zip(ours).zip(bare) {
        table.add(&format!("{name}: log in MongoDB / Kafka"), [ours, bare], None);
    }
    clean(&kafka).await;
}

async fn on_kafka(config: &KafkaConfig) -> Bus {
    let publisher = KafkaPublisher::connect(config).await.expect("the broker answers");
    Bus { publisher: Arc::new(publisher), subscriber: Arc::new(KafkaSubscriber::new(config)) }
}

async fn figures(bus: &Bus, env: &ClockAndIds) -> [f64; 3] {
    let events: Vec<EventEnvelope> = (0..EVENTS).map(|_| event(env)).collect();
    // Once for nothing, so that neither is met that has just begun.
    relayed(bus, events.iter().take(EVENTS / 10).cloned().collect()).await;
    let relayed = rate(relayed(bus, events)).await;
    let mut member = join(bus).await;
    // Kafka hands out its partitions seconds after somebody joined.
    let first = read(&mut member, EVENTS / 10).await;
    let read = rate(read(&mut member, EVENTS + EVENTS / 10 - first)).await;
    let one_by_one = rate(async {
        for _ in 0..ONE_BY_ONE {
            bus.publisher.publish(&[event(env)]).await.expect("it is published");
            self::read(&mut member, 1).await;
        }
        ONE_BY_ONE
    });
    let one_by_one = one_by_one.await;
    member.close(Duration::from_secs(10)).await.expect("it leaves");
    [relayed, read, one_by_one]
}

async fn relayed(bus: &Bus, events: Vec<EventEnvelope>) -> usize {
    relayed_by(Arc::clone(&bus.publisher), events).await
}

async fn join(bus: &Bus) -> Box<dyn Subscription> {
    let config = SubscriptionConfig {
        group: "bench".to_owned(),
        topics: vec![Topic::Tickets],
        start: StartFrom::Earliest,
        max_unsettled: 2000,
        patience: Duration::ZERO,
        kinds: Kinds::All,
    };
    bus.subscriber.subscribe(config).await.expect("a group is joined")
}

async fn read(member: &mut Box<dyn Subscription>, wanted: usize) -> usize {
    let mut settled = 0;
    while settled < wanted {
        for delivery in member.next(500).await.expect("deliveries") {
            delivery.settle(Settlement::Ack).expect("it is settled");
            settled += 1;
        }
    }
    settled
}
