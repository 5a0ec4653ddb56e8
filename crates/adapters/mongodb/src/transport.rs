//! The log of events in a database of its own, and groups that read it.
//!
//! What a service commits waits in its outbox, and its relay publishes it here, as it would to a broker. The rows of a
//! partition are numbered without a gap, and one that has a lower number is never committed after one that has a higher.
//!
//! Members of a group, in one process or in many, share the partitions of its topics. A place is written only by the
//! member that holds its partition, so one that was replaced moves nothing.

mod appending;
mod batch;
mod ends;
mod keeper;
mod member;
mod message;
mod missed;
mod partition;
mod places;
mod reader;
mod replay;
mod schema;
mod sequence;
mod share;
mod subscription;
mod watching;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use bson::RawDocumentBuf;
use mongodb::{Collection, Database};
use parking_lot::Mutex;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::store::StoreError;
use ticketing_core::ports::transport::{
    EventPublisher, EventSubscriber, Lag, PublishError, Subscription, SubscriptionConfig, TransportError,
    TransportFeatures,
};
use ticketing_core::wire::{EventEnvelope, RawMessage};
use tokio::sync::watch;

use crate::client::MongoClient;
use crate::config::MongoConfig;
use crate::elections::Elections;
use crate::error::MongoError;

use ends::Ends;
use member::Member;
use message::Message;
use subscription::MongoSubscription;

pub use replay::MongoLog;

/// Carries events within a replica set. A clone is a handle to the same broker.
///
/// # Examples
///
/// ```no_run
/// use std::time::Duration;
/// use ticketing_core::domain::event::Topic;
/// use ticketing_core::ports::transport::{EventSubscriber, Kinds, Settlement, StartFrom, SubscriptionConfig};
/// use ticketing_mongodb::{MongoBroker, MongoClient, MongoConfig};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let config = MongoConfig::new("mongodb://localhost:27017/?replicaSet=rs0");
/// let broker = MongoBroker::open(&MongoClient::connect(&config).await?).await?;
/// let mut catalog = broker
///     .subscriber()
///     .subscribe(SubscriptionConfig {
///         group: "catalog".into(),
///         topics: vec![Topic::Tickets, Topic::Orders],
///         start: StartFrom::Earliest,
///         max_unsettled: 1000,
///         patience: Duration::ZERO,
///         kinds: Kinds::All,
///     })
///     .await?;
/// for delivery in catalog.next(100).await? {
///     delivery.settle(Settlement::Ack)?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MongoBroker(Arc<Bus>);

/// What the publisher and all members of this process share.
struct Bus {
    database: Database,
    log: Collection<RawDocumentBuf>,
    elections: Elections,
    config: Arc<MongoConfig>,
    /// One publication of a topic at a time, so that those of this process do not collide.
    turns: BTreeMap<&'static str, tokio::sync::Mutex<()>>,
    /// Where the log ends, as far as this process knows.
    ends: watch::Sender<Ends>,
    /// Counts, for each group, what may have changed who is a member, and who holds what.
    regrouped: watch::Sender<BTreeMap<String, u64>>,
    is_watched: AtomicBool,
    members: Mutex<Vec<Weak<Member>>>,
    missed: AtomicU64,
}

impl MongoBroker {
    /// Opens the log; its database is made where there is none, and what is kept for how long is as the configuration
    /// says from now on.
    ///
    /// # Errors
    ///
    /// [`MongoError`] is a sentence that says what to change.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves parts of the database made; the next call makes the rest.
    pub async fn open(client: &MongoClient) -> Result<Self, MongoError> {
        let database = schema::open(client).await?;
        Ok(Self(Arc::new(Bus {
            log: database.collection(schema::LOG),
            database,
            elections: client.elections.clone(),
            config: Arc::clone(&client.config),
            turns: Topic::ALL.into_iter().map(|topic| (topic.name(), tokio::sync::Mutex::default())).collect(),
            ends: watch::Sender::default(),
            regrouped: watch::Sender::default(),
            is_watched: AtomicBool::default(),
            members: Mutex::default(),
            missed: AtomicU64::default(),
        })))
    }

    /// Takes events to this broker.
    #[must_use]
    pub fn publisher(&self) -> MongoPublisher {
        MongoPublisher(self.clone())
    }

    /// Opens subscriptions to this broker.
    #[must_use]
    pub fn subscriber(&self) -> MongoSubscriber {
        MongoSubscriber(self.clone())
    }

    /// Appends a message as another program might have written it.
    ///
    /// # Errors
    ///
    /// [`TransportError::Refused`]: its topic is none of ours. [`TransportError::Unavailable`]: it may have been
    /// appended.
    pub async fn append_raw(&self, message: RawMessage) -> Result<(), TransportError> {
        let message = Message::of_raw(message).ok_or_else(|| TransportError::Refused("no such topic".into()))?;
        self.0.append(vec![message]).await.map_err(|failed| failed.source)
    }

    /// How far each group is behind that has members in this process, in the partitions that these hold.
    #[must_use]
    pub fn lags(&self) -> BTreeMap<String, Lag> {
        let ends = self.0.ends.borrow().clone();
        let mut lags: BTreeMap<String, Lag> = BTreeMap::new();
        let mut members = self.0.members.lock();
        members.retain(|member| member.strong_count() > 0);
        for member in members.iter().filter_map(Weak::upgrade).filter(|member| !member.has_left()) {
            *lags.entry(member.config.group.clone()).or_default() += member.lag(&ends);
        }
        lags
    }

    /// How many events were gone that a group had not settled, when one of its members here came to them.
    ///
    /// Each time is in the log as an error too: rebuild what followed them. Since this process opened the broker.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.0.missed.load(Ordering::Relaxed)
    }
}

/// Publishes to a [`MongoBroker`]. A clone is a handle to the same broker.
///
/// Every event is journaled by a majority before it counts as durable. The events of a topic in one call are one
/// transaction, or a few if they are many: dropped or failed, a call leaves each of these done or not done.
#[derive(Debug, Clone)]
pub struct MongoPublisher(MongoBroker);

#[async_trait]
impl EventPublisher for MongoPublisher {
    async fn publish(&self, events: &[EventEnvelope]) -> Result<(), PublishError> {
        let MongoBroker(bus) = &self.0;
        let max_bytes = bus.config.max_bytes.min(appending::MOST_BYTES);
        let fitting: Vec<Message> =
            events.iter().take_while(|event| event.data.len() <= max_bytes).map(Message::of).collect();
        let durable = fitting.len();
        bus.append(fitting).await?;
        if durable < events.len() {
            let source = TransportError::Refused("the payload is too large".into());
            return Err(PublishError { durable, source });
        }
        Ok(())
    }
}

/// Opens subscriptions to a [`MongoBroker`]. A clone is a handle to the same broker.
///
/// What was settled less than a moment ago comes again after a crash; after a close nothing does. A member that gives no
/// sign of life for [`MongoConfig::member_lease`] is replaced. A group that nobody joined for thirty days is a new one.
///
/// Whether [`subscribe`](EventSubscriber::subscribe) ends or is dropped, where a new group begins stays as it was
/// written first, and a member whose subscription is not there leaves at once.
#[derive(Debug, Clone)]
pub struct MongoSubscriber(MongoBroker);

#[async_trait]
impl EventSubscriber for MongoSubscriber {
    fn features(&self) -> TransportFeatures {
        TransportFeatures::NONE.replaying_history().sharing_work().surviving_restarts()
    }

    async fn subscribe(&self, config: SubscriptionConfig) -> Result<Box<dyn Subscription>, TransportError> {
        let MongoBroker(bus) = &self.0;
        places::begin(bus, &config).await.map_err(unavailable)?;
        bus.watch();
        let subscription = MongoSubscription::join(bus, config);
        subscription.has_joined().await?;
        Ok(Box::new(subscription))
    }
}

impl Bus {
    /// Has changes of the log and of groups heard of, once for this process.
    fn watch(self: &Arc<Self>) {
        if !self.is_watched.swap(true, Ordering::AcqRel) {
            tokio::spawn(watching::run(Arc::downgrade(self), self.database.clone()));
        }
    }
}

fn unavailable(error: StoreError) -> TransportError {
    TransportError::Unavailable(error.into())
}

impl fmt::Debug for MongoBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoBroker").field("database", &self.database.name()).finish_non_exhaustive()
    }
}
