//! How fast events go in and come out, beside the bare client with the same bytes.
//!
//! `KAFKA_BROKERS=… cargo run --release -p ticketing-kafka --example throughput`
#![expect(clippy::print_stdout, reason = "it prints its figures")]

use std::error::Error;
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use ticketing_conformance::sample;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::{
    EventPublisher, EventSubscriber, Kinds, Settlement, StartFrom, SubscriptionConfig,
};
use ticketing_core::wire::{EventEnvelope, to_headers};
use ticketing_kafka::{KafkaConfig, KafkaPublisher, KafkaSubscriber, KafkaTopics};

/// So many different events are published again and again.
const EVENTS: usize = 20_000;
const TIMES: usize = 10;
const PARTITIONS: i32 = 8;
const BATCH: usize = 512;
const ROUNDS: usize = 2;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;
/// An event, its key and its headers.
type Message<'a> = (&'a EventEnvelope, String, Vec<(String, String)>);

#[tokio::main]
async fn main() -> Outcome<()> {
    let prefix = format!("throughput-{}", sample::uuid().simple());
    let brokers = std::env::var("KAFKA_BROKERS")?;
    let config = KafkaConfig {
        topic_prefix: prefix.clone(),
        group_prefix: prefix,
        partitions: PARTITIONS,
        ..KafkaConfig::new(brokers)
    };
    KafkaTopics::ensure(&config).await?;
    let subjects: Vec<_> = (0..2000).map(|_| sample::uuid()).collect();
    let each = subjects.iter().cycle().take(EVENTS);
    let events: Vec<_> = each.map(|subject| sample::envelope(Topic::Orders, *subject, 1)).collect();
    let bytes: usize = events.iter().take(1).map(|event| event.data.len()).sum();
    println!("{} events, {bytes} bytes of payload each, {PARTITIONS} partitions", EVENTS * TIMES);
    for round in 0..ROUNDS {
        publish(&config, &events).await?;
        consume(&config, round, (round + 1) * 3 * EVENTS * TIMES).await?;
    }
    clean(&config).await
}

/// The bare producer, then the publisher with one call at a time, then with four.
async fn publish(config: &KafkaConfig, events: &[EventEnvelope]) -> Outcome<()> {
    let total = events.len() * TIMES;
    let messages: Vec<_> = events.iter().map(|event| (event, event.subject.to_string(), to_headers(event))).collect();
    let bare = timed(|| produce(config, &messages))?;
    drop(messages);
    let publisher = KafkaPublisher::connect(config).await?;
    let began = Instant::now();
    publish_part(&publisher, events, TIMES).await?;
    let one = began.elapsed();
    let began = Instant::now();
    try_join_all(events.chunks(events.len() / 4).map(|part| publish_part(&publisher, part, TIMES))).await?;
    let four = began.elapsed();
    report("bare idempotent producer", total, bare, bare);
    report("publisher, 512 a call, one at a time", total, one, bare);
    report("publisher, 512 a call, four at a time", total, four, bare);
    Ok(())
}

async fn publish_part(publisher: &KafkaPublisher, events: &[EventEnvelope], times: usize) -> Outcome<()> {
    for _ in 0..times {
        for batch in events.chunks(BATCH) {
            publisher.publish(batch).await?;
        }
    }
    Ok(())
}

/// The same bytes with the same settings, encoded before and waited for only at the end.
fn produce(config: &KafkaConfig, messages: &[Message<'_>]) -> Outcome<()> {
    let producer: BaseProducer = client(config)
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("partitioner", "murmur2_random")
        .set("compression.codec", "lz4")
        .set("linger.ms", "0")
        .create()?;
    let topic = config.topic(Topic::Orders);
    for (event, key, headers) in messages.iter().cycle().take(messages.len() * TIMES) {
        let headers = headers.iter().fold(OwnedHeaders::new_with_capacity(12), |all, (key, value)| {
            all.insert(Header { key, value: Some(value) })
        });
        let mut record = BaseRecord::to(&topic).key(key).payload(&*event.data).headers(headers);
        while let Err((_, returned)) = producer.send(record) {
            producer.poll(Duration::from_millis(1));
            record = returned;
        }
        producer.poll(Duration::ZERO);
    }
    Ok(producer.flush(Duration::from_secs(60))?)
}

/// The bare consumer, which looks at nothing, then the subscription, which decodes, lends and settles.
async fn consume(config: &KafkaConfig, round: usize, total: usize) -> Outcome<()> {
    let bare = timed(|| poll(config, total))?;
    let subscriber = KafkaSubscriber::new(config);
    let (group, topics) = (format!("round-{round}"), vec![Topic::Orders]);
    let wants = SubscriptionConfig {
        group,
        topics,
        start: StartFrom::Earliest,
        max_unsettled: 2048,
        patience: Duration::ZERO,
        kinds: Kinds::All,
    };
    let began = Instant::now();
    let mut member = subscriber.subscribe(wants).await?;
    let mut settled = 0;
    let mut first = None;
    while settled < total {
        for delivery in member.next(256).await? {
            delivery.settle(Settlement::Ack)?;
            settled += 1;
        }
        first.get_or_insert_with(|| began.elapsed());
    }
    // Joining a group takes its time once, and says nothing about events.
    let ours = began.elapsed() - first.unwrap_or_default();
    member.close(Duration::from_secs(5)).await?;
    report("bare consumer", total, bare, bare);
    report("subscription, next and settle", total, ours, bare);
    Ok(())
}

fn poll(config: &KafkaConfig, total: usize) -> Outcome<()> {
    let consumer: BaseConsumer = client(config).set("group.id", "bare").set("enable.auto.commit", "false").create()?;
    let mut all = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        all.add_partition_offset(&config.topic(Topic::Orders), partition, Offset::Beginning)?;
    }
    consumer.assign(&all)?;
    let mut polled = 0;
    while polled < total {
        if let Some(message) = consumer.poll(Duration::from_millis(100)) {
            message?;
            polled += 1;
        }
    }
    Ok(())
}

fn timed(work: impl FnOnce() -> Outcome<()>) -> Outcome<Duration> {
    let began = Instant::now();
    tokio::task::block_in_place(work)?;
    Ok(began.elapsed())
}

fn report(what: &str, events: usize, took: Duration, bare: Duration) {
    let rate = u32::try_from(events).map_or(f64::NAN, f64::from) / took.as_secs_f64();
    let bare_rate = u32::try_from(events).map_or(f64::NAN, f64::from) / bare.as_secs_f64();
    println!("{what:40} {rate:>10.0} /s  ratio {:.2}", rate / bare_rate);
}

fn client(config: &KafkaConfig) -> ClientConfig {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", &config.brokers);
    client
}

async fn clean(config: &KafkaConfig) -> Outcome<()> {
    let admin: AdminClient<DefaultClientContext> = client(config).create()?;
    let names = Topic::ALL.map(|topic| config.topic(topic));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    admin.delete_topics(&names, &AdminOptions::new()).await?;
    Ok(())
}
