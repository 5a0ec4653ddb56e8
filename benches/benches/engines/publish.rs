//! The relay from memory to Kafka, beside a bare idempotent producer of the same bytes.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use ticketing_core::domain::event::{Event, Topic};
use ticketing_core::domain::ids::EventId;
use ticketing_core::messaging::driver::Step;
use ticketing_core::messaging::relay::{Relay, RelayConfig, RelayPorts};
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::store::UnitOfWork;
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_core::ports::transport::EventPublisher;
use ticketing_core::wire::{EventEnvelope, Origin, seal, to_headers};
use ticketing_kafka::{KafkaConfig, KafkaPublisher, KafkaTopics};
use ticketing_memory::MemoryEngines;
use uuid::Uuid;

use crate::sample::{env, ticket};
use crate::table::{Table, rate};

const EVENTS: usize = 100_000;

pub(crate) async fn bench(table: &mut Table) {
    let env = env();
    let config = topics(&env).await;
    let events: Vec<EventEnvelope> = (0..EVENTS).map(|_| event(&env)).collect();
    // Once for nothing, so that neither meets a broker that has just begun.
    rate(relayed(&config, events.clone())).await;
    let bare = rate(async { tokio::task::block_in_place(|| produced(&config, &events)) }).await;
    let ours = rate(relayed(&config, events)).await;
    table.add("relay from memory / idempotent producer", [ours, bare], Some(0.8));
    clean(&config).await;
}

pub(crate) async fn topics(env: &ClockAndIds) -> KafkaConfig {
    let brokers = std::env::var("KAFKA_BROKERS").expect("set KAFKA_BROKERS: these figures need a real Kafka");
    let prefix = format!("bench-{}", env.uuid(env.now()).simple());
    let config = KafkaConfig { topic_prefix: prefix, ..KafkaConfig::new(brokers) };
    KafkaTopics::ensure(&config).await.expect("the topics are made");
    config
}

pub(crate) fn event(env: &ClockAndIds) -> EventEnvelope {
    let now = env.now();
    let event = Event::TicketCreated(ticket(env, 10, 1200).into());
    seal(&event, EventId::new(env.uuid(now)), now, &Origin::new(Uuid::nil()))
}

async fn relayed(config: &KafkaConfig, events: Vec<EventEnvelope>) -> usize {
    let publisher = KafkaPublisher::connect(config).await.expect("the broker answers");
    relayed_by(Arc::new(publisher), events).await
}

/// A relay takes events from an outbox in memory.
pub(crate) async fn relayed_by(publisher: Arc<dyn EventPublisher>, events: Vec<EventEnvelope>) -> usize {
    let memory = MemoryEngines::default();
    let all = events.len();
    memory.tickets.commit(UnitOfWork { events, ..UnitOfWork::default() }).await.expect("a commit");
    let ports = RelayPorts { outbox: Arc::new(memory.tickets.outbox()), publisher };
    let mut relay = Relay::new("tickets", ports, Uuid::from_u128(7), RelayConfig::default());
    let mut moved = 0;
    while moved < all {
        moved += relay.step().await.expect("a step");
    }
    moved
}

/// The least that anybody does who brings the same bytes: hands all over, and waits for the last report.
fn produced(config: &KafkaConfig, events: &[EventEnvelope]) -> usize {
    let settings = [
        ("bootstrap.servers", config.brokers.as_str()),
        ("enable.idempotence", "true"),
        ("acks", "all"),
        ("partitioner", "murmur2_random"),
        ("compression.codec", "lz4"),
    ];
    let producer: BaseProducer = client(settings).create().expect("a producer");
    let topic = config.topic(Topic::Tickets);
    for event in events {
        let (key, room) = (event.subject.to_string(), OwnedHeaders::new_with_capacity(12));
        let headers = to_headers(event);
        let headers = headers.iter().fold(room, |all, (key, value)| all.insert(Header { key, value: Some(value) }));
        let mut record = BaseRecord::to(&topic).key(&key).payload(&*event.data).headers(headers);
        while let Err((_, returned)) = producer.send(record) {
            producer.poll(Duration::from_millis(1));
            record = returned;
        }
        producer.poll(Duration::ZERO);
    }
    producer.flush(Duration::from_secs(60)).expect("the broker has all");
    events.len()
}

fn client<const N: usize>(settings: [(&str, &str); N]) -> ClientConfig {
    settings.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

pub(crate) async fn clean(config: &KafkaConfig) {
    let admin: AdminClient<DefaultClientContext> =
        client([("bootstrap.servers", config.brokers.as_str())]).create().expect("a client");
    let names = Topic::ALL.map(|topic| config.topic(topic));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    admin.delete_topics(&names, &AdminOptions::new()).await.expect("the topics are deleted");
}
