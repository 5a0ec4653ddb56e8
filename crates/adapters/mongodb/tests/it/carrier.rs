//! A separate log of events for each rule, on a running MongoDB.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bson::{Document, doc};
use mongodb::Collection;
use parking_lot::Mutex;
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
use ticketing_mongodb::{MongoBroker, MongoClient, MongoConfig, MongoLog, MongoPublisher, MongoSubscriber};

use crate::world;

/// How long what must happen is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A log that nobody else has.
pub(crate) struct Carrier {
    pub(crate) config: MongoConfig,
    process: Mutex<Process>,
}

/// What one process has open.
#[derive(Clone)]
pub(crate) struct Process {
    pub(crate) client: MongoClient,
    pub(crate) broker: MongoBroker,
    publisher: Arc<MongoPublisher>,
    subscriber: Arc<MongoSubscriber>,
}

impl Process {
    pub(crate) async fn start(config: &MongoConfig) -> Self {
        let client = MongoClient::connect(config).await.expect("MongoDB answers");
        let broker = MongoBroker::open(&client).await.expect("the log opens");
        let (publisher, subscriber) = (Arc::new(broker.publisher()), Arc::new(broker.subscriber()));
        Self { client, broker, publisher, subscriber }
    }

    pub(crate) async fn join(&self, group: &str) -> Box<dyn Subscription> {
        self.join_as(wants(group)).await
    }

    pub(crate) async fn join_as(&self, config: SubscriptionConfig) -> Box<dyn Subscription> {
        soon("a group is joined", self.subscriber.subscribe(config)).await.expect("a group is joined")
    }

    pub(crate) async fn publish(&self, events: &[EventEnvelope]) {
        soon("events are published", self.publisher.publish(events)).await.expect("events are published");
    }

    /// A collection of the log's database, without the adapter.
    pub(crate) fn collection(&self, name: &str) -> Collection<Document> {
        self.client.database("events").collection(name)
    }
}

impl Carrier {
    pub(crate) async fn open() -> Self {
        // A member that vanishes is soon replaced.
        Self::of(MongoConfig { member_lease: Duration::from_secs(3), ..world::config() }).await
    }

    pub(crate) async fn of(config: MongoConfig) -> Self {
        let process = Mutex::new(Process::start(&config).await);
        Self { config, process }
    }

    pub(crate) fn process(&self) -> Process {
        self.process.lock().clone()
    }

    /// Another process with the same log.
    pub(crate) async fn another(&self) -> Process {
        Process::start(&self.config).await
    }
}

/// Orders, from the first on.
pub(crate) fn wants(group: &str) -> SubscriptionConfig {
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

#[async_trait]
impl TimeFixture for Carrier {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH.after(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default())
    }

    async fn pass(&self, span: Duration) {
        tokio::time::sleep(span).await; // time is real
    }
}

#[async_trait]
impl TransportFixture for Carrier {
    fn publisher(&self) -> Arc<dyn EventPublisher> {
        self.process().publisher
    }

    fn subscriber(&self) -> Arc<dyn EventSubscriber> {
        self.process().subscriber
    }

    async fn append(&self, message: RawMessage) {
        self.process().broker.append_raw(message).await.expect("a message is appended");
    }

    async fn restart(&self) {
        let process = self.another().await;
        *self.process.lock() = process;
    }

    fn too_large(&self) -> Option<usize> {
        Some(self.config.max_bytes + 1)
    }

    async fn interrupt(&self, topic: Topic) -> bool {
        let heads = self.process().collection("heads");
        let renamed = heads.update_one(doc! { "_id": topic.name() }, doc! { "$rename": { "ends": "kept" } }).await;
        let no_number = doc! { "$set": { "ends": "none" } };
        renamed.expect("an answer");
        heads.update_one(doc! { "_id": topic.name() }, no_number).await.expect("an answer").modified_count == 1
    }

    async fn resume(&self, topic: Topic) {
        let heads = self.process().collection("heads");
        let renamed = heads.update_one(doc! { "_id": topic.name() }, doc! { "$rename": { "kept": "ends" } }).await;
        renamed.expect("an answer");
    }
}

#[async_trait]
impl LogFixture for Carrier {
    fn publisher(&self) -> Arc<dyn EventPublisher> {
        TransportFixture::publisher(self)
    }

    async fn log(&self, topics: &[Topic]) -> Box<dyn EventLog> {
        Box::new(MongoLog::open(&self.process().client, topics).await.expect("the log opens"))
    }
}
