//! A broker in memory: a partitioned log for each topic, and groups that read it.
//!
//! It keeps the promises of a real one and has its manners: events of a subject
//! share a partition, members of a group share the partitions, and whenever one
//! joins or leaves, partitions change hands and what was not settled comes again.

mod group;
mod log;
mod progress;
mod replay;
mod subscription;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::transport::{
    Arrival, EventPublisher, EventSubscriber, Lag, PublishError, Subscription, SubscriptionConfig, TransportError,
    TransportFeatures,
};
use ticketing_core::wire::{EventEnvelope, RawMessage};

use crate::faults::{FaultPlan, Operation};
use crate::lock::Lock;

use group::Group;
use log::{Log, Message};
use subscription::MemorySubscription;

pub use replay::MemoryLog;

/// How a broker keeps its log.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use ticketing_core::domain::event::{Event, Topic};
/// use ticketing_core::ports::transport::EventPublisher;
/// use ticketing_memory::{ManualClock, MemoryBroker, MemoryBrokerConfig};
/// # use ticketing_core::domain::{ids::{EventId, OrderId}, time::Timestamp};
/// # use ticketing_core::wire::{Origin, seal};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let expired = Event::ExpirationCompleted { order: OrderId::from_u128(1), pay_by: Timestamp::EPOCH };
/// # let event = |n| seal(&expired, EventId::from_u128(n), Timestamp::EPOCH, &Origin::new(uuid::Uuid::nil()));
/// let config = MemoryBrokerConfig { retention: 2, ..MemoryBrokerConfig::default() };
/// let broker = MemoryBroker::new(Arc::new(ManualClock::default()), config);
/// broker.publisher().publish(&[event(1), event(2), event(3)]).await?;
/// assert_eq!(broker.retained(Topic::Expirations), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryBrokerConfig {
    /// Of each topic; at least one.
    pub partitions: usize,
    /// So many messages of a partition are kept, and more only while a known group has not settled them.
    pub retention: usize,
    /// The largest payload that is taken.
    pub max_bytes: usize,
}

impl Default for MemoryBrokerConfig {
    fn default() -> Self {
        Self { partitions: 8, retention: 10_000, max_bytes: 1 << 20 }
    }
}

/// Carries events within a process. A clone is a handle to the same broker.
#[derive(Clone)]
pub struct MemoryBroker {
    shared: Arc<Shared>,
    faults: FaultPlan,
}

struct Shared {
    clock: Arc<dyn Clock>,
    max_bytes: usize,
    state: Lock<State>,
}

struct State {
    log: Log,
    groups: BTreeMap<String, Group>,
    members: u64,
}

impl Shared {
    /// The time, as deliveries count it.
    fn time(&self) -> Duration {
        self.clock.now().since(Timestamp::EPOCH)
    }
}

impl MemoryBroker {
    /// A broker with an empty log; the clock measures retries.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, config: MemoryBrokerConfig) -> Self {
        let log = Log::new(config.partitions, config.retention);
        let state = Lock::new(State { log, groups: BTreeMap::new(), members: 0 });
        Self { shared: Arc::new(Shared { clock, max_bytes: config.max_bytes, state }), faults: FaultPlan::none() }
    }

    /// A handle to the same broker that fails by this plan.
    #[must_use]
    pub fn with_faults(&self, faults: FaultPlan) -> Self {
        Self { shared: Arc::clone(&self.shared), faults }
    }

    /// Takes events to this broker.
    #[must_use]
    pub fn publisher(&self) -> MemoryPublisher {
        MemoryPublisher(self.clone())
    }

    /// Opens subscriptions to this broker.
    #[must_use]
    pub fn subscriber(&self) -> MemorySubscriber {
        MemorySubscriber(self.clone())
    }

    /// Appends a message as another program might have written it.
    pub fn append_raw(&self, topic: Topic, raw: RawMessage) {
        self.shared.state.lock().append(std::iter::once((topic, Message::of_raw(raw))));
    }

    /// How many messages a group has not settled; none if the group never subscribed.
    #[must_use]
    pub fn lag(&self, group: &str) -> u64 {
        let state = self.shared.state.lock();
        state.groups.get(group).map_or(0, |group| group.lag(&state.log).events)
    }

    /// How far each group is behind that has members.
    #[must_use]
    pub fn lags(&self) -> BTreeMap<String, Lag> {
        let state = self.shared.state.lock();
        let groups = state.groups.iter().filter(|(_, group)| !group.is_empty());
        groups.map(|(name, group)| (name.clone(), group.lag(&state.log))).collect()
    }

    /// How many messages of a topic are kept.
    #[must_use]
    pub fn retained(&self, topic: Topic) -> usize {
        self.shared.state.lock().log.retained(topic)
    }

    /// Forgets a group that has no members, so that nothing is kept for it any more; returns whether it did.
    #[must_use]
    pub fn forget_group(&self, group: &str) -> bool {
        let mut state = self.shared.state.lock();
        let is_empty = state.groups.get(group).is_some_and(Group::is_empty);
        is_empty && state.groups.remove(group).is_some()
    }
}

impl State {
    fn append(&mut self, messages: impl Iterator<Item = (Topic, Message)>) {
        for (topic, message) in messages {
            let partition = self.log.append(topic, message);
            let groups = self.groups.values();
            self.log.trim(partition, || groups.filter_map(|group| group.committed(partition)).min());
        }
        for group in self.groups.values() {
            group.wake();
        }
    }
}

/// Publishes to a [`MemoryBroker`]. A clone is a handle to the same broker.
#[derive(Debug, Clone)]
pub struct MemoryPublisher(MemoryBroker);

#[async_trait]
impl EventPublisher for MemoryPublisher {
    async fn publish(&self, events: &[EventEnvelope]) -> Result<(), PublishError> {
        let MemoryBroker { shared, faults } = &self.0;
        let nothing = |error: TransportError| PublishError { durable: 0, source: error };
        let fault = faults.enter(Operation::Publish).await.map_err(|injected| nothing(injected.into()))?;
        let fitting = events.iter().take_while(|event| event.data.len() <= shared.max_bytes).count();
        shared
            .state
            .lock()
            .append(events.iter().take(fitting).map(|event| (event.topic, Message::of(Arrival::Event(event.clone())))));
        // After a fault, half of what was published is not reported: the caller knows a prefix and no more.
        let half = |error: TransportError| PublishError { durable: fitting / 2, source: error };
        faults.leave(fault).map_err(|injected| half(injected.into()))?;
        if fitting < events.len() {
            let source = TransportError::Refused("the payload is too large".into());
            return Err(PublishError { durable: fitting, source });
        }
        Ok(())
    }
}

/// Opens subscriptions to a [`MemoryBroker`]. A clone is a handle to the same broker.
#[derive(Debug, Clone)]
pub struct MemorySubscriber(MemoryBroker);

#[async_trait]
impl EventSubscriber for MemorySubscriber {
    fn features(&self) -> TransportFeatures {
        TransportFeatures::NONE.replaying_history().sharing_work()
    }

    async fn subscribe(&self, config: SubscriptionConfig) -> Result<Box<dyn Subscription>, TransportError> {
        let MemoryBroker { shared, faults } = &self.0;
        let faults = faults.of_group(&config.group);
        let join = || Ok(MemorySubscription::join(shared, &faults, config));
        let subscription = faults.run::<_, TransportError>(Operation::Receive, join).await?;
        Ok(Box::new(subscription))
    }
}

impl fmt::Debug for MemoryBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups = self.shared.state.lock().groups.len();
        f.debug_struct("MemoryBroker").field("groups", &groups).field("faults", &self.faults).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
