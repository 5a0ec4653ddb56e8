//! A separate marketplace for each test, on a real cluster.
#![expect(clippy::panic, reason = "what a test waits for in vain fails it")]

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use ticketing_conformance::log::LogFixture;
use ticketing_conformance::sample;
use ticketing_conformance::time::TimeFixture;
use ticketing_conformance::transport::TransportFixture;
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::log::EventLog;
use ticketing_core::ports::transport::{
    Arrival, Delivery, EventPublisher, EventSubscriber, Kinds, Settlement, StartFrom, Subscription, SubscriptionConfig,
};
use ticketing_core::wire::{EventEnvelope, RawMessage};
use ticketing_kafka::{KafkaConfig, KafkaLog, KafkaPublisher, KafkaSubscriber, KafkaTopics};

const PATIENCE: Duration = Duration::from_secs(60);

/// Topics with a unique prefix, deleted when it is dropped.
pub(crate) struct World {
    pub(crate) config: KafkaConfig,
    ports: Mutex<(Arc<KafkaPublisher>, Arc<KafkaSubscriber>)>,
}

/// The addresses of a real cluster.
pub(crate) fn brokers() -> String {
    std::env::var("KAFKA_BROKERS").expect(
        "set KAFKA_BROKERS: this test needs a real Kafka; `deploy/engines.sh run cargo test -p ticketing-kafka` brings one",
    )
}

/// Names that nobody else uses.
pub(crate) fn config(partitions: i32) -> KafkaConfig {
    let prefix = format!("test-{}", sample::uuid().simple());
    // A broker on a busy machine answers late.
    let answer_within = Duration::from_secs(30);
    let (topic_prefix, group_prefix) = (prefix.clone(), prefix);
    KafkaConfig { topic_prefix, group_prefix, partitions, answer_within, ..KafkaConfig::new(brokers()) }
}

impl World {
    /// With so many partitions a topic.
    pub(crate) async fn start(partitions: i32) -> Self {
        Self::of(config(partitions)).await
    }

    pub(crate) async fn of(config: KafkaConfig) -> Self {
        KafkaTopics::ensure(&config).await.expect("topics are created");
        let ports = Mutex::new(ports(&config).await);
        Self { config, ports }
    }

    pub(crate) fn wants(&self, group: &str) -> SubscriptionConfig {
        let (group, topics) = (group.to_owned(), vec![Topic::Orders]);
        SubscriptionConfig {
            group,
            topics,
            start: StartFrom::Earliest,
            max_unsettled: 2000,
            patience: Duration::ZERO,
            kinds: Kinds::All,
        }
    }

    pub(crate) async fn join(&self, group: &str) -> Box<dyn Subscription> {
        self.join_as(self.wants(group)).await
    }

    pub(crate) async fn join_as(&self, config: SubscriptionConfig) -> Box<dyn Subscription> {
        soon("a group is joined", self.subscriber().subscribe(config)).await.expect("a group is joined")
    }

    pub(crate) async fn publish(&self, events: &[EventEnvelope]) {
        soon("events are published", TransportFixture::publisher(self).publish(events))
            .await
            .expect("events are published");
    }

    /// Puts a message on the topic of orders, whatever it is made of.
    pub(crate) async fn put(&self, key: Option<&[u8]>, body: Option<&[u8]>, headers: OwnedHeaders) {
        let (config, key, body) = (self.config.clone(), key.map(<[u8]>::to_vec), body.map(<[u8]>::to_vec));
        let put = move || {
            let topic = config.topic(Topic::Orders);
            let record = BaseRecord::to(&topic).headers(headers);
            let record = BaseRecord { key: key.as_deref(), payload: body.as_deref(), ..record };
            let producer: BaseProducer = client(&config).create().expect("a producer starts");
            producer.send(record).expect("a message is taken");
            producer.flush(PATIENCE).expect("a message is written");
        };
        tokio::task::spawn_blocking(put).await.expect("a message is put");
    }

    /// How far a group committed in each partition of orders, in order; nothing is 0.
    pub(crate) async fn committed(&self, group: &str) -> Vec<i64> {
        let (config, group) = (self.config.clone(), group.to_owned());
        let ask = move || {
            let group = format!("{}.{group}", config.group_prefix);
            let consumer: BaseConsumer = client(&config).set("group.id", group).create().expect("a consumer starts");
            let mut asked = TopicPartitionList::new();
            asked.add_partition_range(&config.topic(Topic::Orders), 0, config.partitions - 1);
            let answer = consumer.committed_offsets(asked, PATIENCE).expect("offsets are told");
            let offset = |offset| if let Offset::Offset(offset) = offset { offset } else { 0 };
            answer.elements().iter().map(|element| offset(element.offset())).collect()
        };
        tokio::task::spawn_blocking(ask).await.expect("offsets are asked for")
    }
}

/// Awaits what must happen.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("{what}: nothing happened for {PATIENCE:?}"),
    }
}

/// So many deliveries, unsettled.
pub(crate) async fn take(member: &mut Box<dyn Subscription>, count: usize) -> Vec<Delivery> {
    let mut taken = Vec::new();
    while taken.len() < count {
        taken.extend(soon("a delivery comes", member.next(count - taken.len())).await.expect("a delivery comes"));
    }
    taken
}

pub(crate) fn event_of(delivery: &Delivery) -> &EventEnvelope {
    match &delivery.arrival {
        Arrival::Event(event) => event,
        Arrival::Undecodable { reason, .. } => panic!("an event is undecodable: {reason}"),
    }
}

pub(crate) fn ack(delivery: Delivery) {
    delivery.settle(Settlement::Ack).expect("a delivery is settled");
}

/// The first events of so many orders.
pub(crate) fn orders(count: usize) -> Vec<EventEnvelope> {
    (0..count).map(|_| sample::envelope(Topic::Orders, sample::uuid(), 1)).collect()
}

async fn ports(config: &KafkaConfig) -> (Arc<KafkaPublisher>, Arc<KafkaSubscriber>) {
    let publisher = KafkaPublisher::connect(config).await.expect("the cluster is there");
    (Arc::new(publisher), Arc::new(KafkaSubscriber::new(config)))
}

pub(crate) fn client(config: &KafkaConfig) -> ClientConfig {
    let mut client = ClientConfig::new();
    // A client of the tests speaks no TLS, and its brokers listen without it too.
    client.set("bootstrap.servers", if config.tls { brokers() } else { config.brokers.clone() });
    client
}

#[async_trait]
impl TimeFixture for World {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH.after(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default())
    }

    async fn pass(&self, span: Duration) {
        tokio::time::sleep(span).await; // time is real
    }
}

#[async_trait]
impl TransportFixture for World {
    fn publisher(&self) -> Arc<dyn EventPublisher> {
        self.ports.lock().expect("no test panics here").0.clone()
    }

    fn subscriber(&self) -> Arc<dyn EventSubscriber> {
        self.ports.lock().expect("no test panics here").1.clone()
    }

    async fn append(&self, message: RawMessage) {
        let headers = message
            .headers
            .iter()
            .fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value: Some(value) }));
        self.put(Some(message.key.as_bytes()), Some(&message.body), headers).await;
    }

    async fn restart(&self) {
        let ports = ports(&self.config).await;
        *self.ports.lock().expect("no test panics here") = ports;
    }

    fn too_large(&self) -> Option<usize> {
        Some(self.config.max_bytes + 1)
    }
}

#[async_trait]
impl LogFixture for World {
    fn publisher(&self) -> Arc<dyn EventPublisher> {
        TransportFixture::publisher(self)
    }

    async fn log(&self, topics: &[Topic]) -> Box<dyn EventLog> {
        Box::new(KafkaLog::open(&self.config, topics).await.expect("the log opens"))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        delete_topics(&self.config);
    }
}

/// Deletes the topics of a marketplace, from a separate thread because a runtime may be under way here.
pub(crate) fn delete_topics(config: &KafkaConfig) {
    let config = config.clone();
    let delete = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
        let admin: AdminClient<DefaultClientContext> = client(&config).create().expect("a client starts");
        let names = Topic::ALL.map(|topic| config.topic(topic));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        // A test may have deleted them itself.
        let _deleted = runtime.block_on(admin.delete_topics(&names, &AdminOptions::new()));
    };
    std::thread::spawn(delete).join().expect("topics are deleted");
}
