//! Carries events between services, at least once.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use tracing::field::{DisplayValue, display};
use uuid::Uuid;

use crate::domain::event::Topic;
use crate::domain::time::Timestamp;
use crate::wire::{EventEnvelope, RawMessage, Undecodable};

use super::BoxError;

/// Why the transport did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The transport did not respond: the same call may succeed later.
    #[error("the transport is unavailable")]
    Unavailable(#[source] BoxError),
    /// This event can never be published, for example because it is too large: an operator is needed.
    #[error("the transport refuses this event")]
    Refused(#[source] BoxError),
    /// The transport lacks the feature, as its [`TransportFeatures`] say.
    #[error("the transport does not support this")]
    Unsupported,
    /// The subscription is closed: subscribe again.
    #[error("the subscription is closed")]
    Closed,
}

/// How many events were published before an error.
#[derive(Debug, thiserror::Error)]
#[error("only the first {durable} events were published")]
pub struct PublishError {
    /// This many events from the front are durable; whether later ones are is unknown.
    pub durable: usize,
    /// Why the next one failed.
    #[source]
    pub source: TransportError,
}

/// What a transport supports beyond the core rules. A claim is tested, and an unclaimed feature is refused.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::transport::TransportFeatures;
///
/// let features = TransportFeatures::NONE.replaying_history().surviving_restarts();
/// assert!(features.replays_history && !features.competing_consumers);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransportFeatures {
    /// A new group may start with events published before it.
    pub replays_history: bool,
    /// Members of one group share the work.
    pub competing_consumers: bool,
    /// Published events outlive the process.
    pub survives_restart: bool,
}

impl TransportFeatures {
    /// The core rules alone.
    pub const NONE: Self = Self { replays_history: false, competing_consumers: false, survives_restart: false };

    /// And a new group may start with events published before it.
    #[must_use]
    pub const fn replaying_history(mut self) -> Self {
        self.replays_history = true;
        self
    }

    /// And members of one group share the work.
    #[must_use]
    pub const fn sharing_work(mut self) -> Self {
        self.competing_consumers = true;
        self
    }

    /// And published events outlive the process.
    #[must_use]
    pub const fn surviving_restarts(mut self) -> Self {
        self.survives_restart = true;
        self
    }
}

/// Publishes events.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `transport`.
///
/// - An event arrives byte for byte as it was published: `events_arrive_as_they_were_sent`.
/// - An Ok means durable: `what_was_acknowledged_is_delivered`.
/// - An error reports the durable prefix correctly: `a_failed_publication_tells_its_durable_prefix`.
/// - A publication that breaks off counts no event that is lost, and the rest can be published again:
///   `a_failed_publication_counts_nothing_that_is_lost`.
/// - Events of one subject keep their order: `events_of_a_subject_keep_their_order`.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::transport::{EventPublisher, PublishError, TransportError};
/// use ticketing_core::wire::EventEnvelope;
/// # use ticketing_core::domain::{event::{Event, Topic}, ids::{EventId, OrderId}, time::Timestamp};
/// # use ticketing_core::wire::{Origin, seal};
/// # use ticketing_memory::{Fault, FaultPlan, MemoryEngines, Operation};
///
/// /// Publishes again what is not durable.
/// async fn publish(publisher: &dyn EventPublisher, mut events: &[EventEnvelope]) -> Result<(), PublishError> {
///     loop {
///         match publisher.publish(events).await {
///             Err(PublishError { durable, source: TransportError::Unavailable(_) }) => events = &events[durable..],
///             done => return done,
///         }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let engines = MemoryEngines::default();
/// # let faults = FaultPlan::counting(engines.env.clock.clone());
/// # let unreliable = engines.broker.with_faults(faults.clone()).publisher();
/// # let expired = |order| Event::ExpirationCompleted { order: OrderId::from_u128(order), pay_by: Timestamp::EPOCH };
/// # let origin = Origin::new(uuid::Uuid::nil());
/// # let events = [1, 2].map(|n| seal(&expired(n), EventId::from_u128(n), Timestamp::EPOCH, &origin));
/// faults.inject(Operation::Publish, Fault::FailBefore);
/// publish(&unreliable, &events).await?;
/// assert_eq!(engines.broker.retained(Topic::Expirations), 2);
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait EventPublisher: Send + Sync + fmt::Debug + 'static {
    /// Publishes all events, in order for each subject.
    ///
    /// # Errors
    ///
    /// [`PublishError`] says how many from the front are durable: publish the rest again.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves some of the events published.
    async fn publish(&self, events: &[EventEnvelope]) -> Result<(), PublishError>;
}

/// Where a new group starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartFrom {
    /// With the oldest retained event.
    Earliest,
    /// With the next event.
    Latest,
}

/// The group and topics of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionConfig {
    /// Members of one group share the events; every group gets all of them.
    pub group: String,
    /// The topics.
    pub topics: Vec<Topic>,
    /// Where a new group starts.
    pub start: StartFrom,
    /// The most unsettled deliveries at a time.
    pub max_unsettled: usize,
}

/// How far a group is behind, as far as its members in this process know; for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lag {
    /// How many published events are unsettled, of what these members read.
    pub events: u64,
    /// When the oldest of those happened that arrived.
    pub oldest: Option<Timestamp>,
}

impl Lag {
    /// Adds what other members of the group know.
    pub fn add(&mut self, other: Self) {
        self.events += other.events;
        self.oldest = [self.oldest, other.oldest].into_iter().flatten().min();
    }
}

/// Opens subscriptions.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `transport`.
///
/// - Every group gets every event: `every_group_gets_every_event`.
/// - A new group may begin with the oldest event (`replays_history`): `a_new_group_may_begin_with_the_oldest_event`.
/// - A new group may begin with the next event, the first that is published after `subscribe` returned:
///   `a_new_group_may_begin_with_the_next_event`.
/// - A group continues where it stopped: `a_group_goes_on_where_it_stopped`.
/// - Events of topics that a group does not follow hold up neither its events nor its progress:
///   `other_topics_hold_nothing_up`.
/// - Members share the work and lose nothing when one joins or leaves (`competing_consumers`): `members_share_and_lose_nothing`.
/// - Published events outlive the process (`survives_restart`): `what_was_published_survives_a_restart`.
/// - An unclaimed feature is refused: `an_unclaimed_feature_is_refused`.
///
/// # Examples
///
/// ```
/// use ticketing_core::domain::event::Topic;
/// use ticketing_core::ports::transport::{EventSubscriber, Settlement, StartFrom, SubscriptionConfig};
/// # use ticketing::{AccountId, Market};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let market = Market::test().await?;
/// # market.sell(AccountId::from_u128(1), "Opera").price(4500, "EUR").await?;
/// # market.settle().await?;
/// let subscriber: &dyn EventSubscriber = &market.engines().broker.subscriber();
/// let config = SubscriptionConfig {
///     group: "report".to_owned(),
///     topics: vec![Topic::Tickets],
///     start: StartFrom::Earliest,
///     max_unsettled: 100,
/// };
/// let mut subscription = subscriber.subscribe(config).await?;
/// let deliveries = subscription.next(100).await?;
/// assert_eq!(deliveries.len(), 1, "the ticket was put on sale before the group began");
/// deliveries.into_iter().try_for_each(|delivery| delivery.settle(Settlement::Ack))?;
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait EventSubscriber: Send + Sync + fmt::Debug + 'static {
    /// What this transport supports.
    fn features(&self) -> TransportFeatures;

    /// Joins a group.
    ///
    /// # Errors
    ///
    /// [`TransportError::Unavailable`]: try again later. [`TransportError::Unsupported`]: the feature is not claimed.
    async fn subscribe(&self, config: SubscriptionConfig) -> Result<Box<dyn Subscription>, TransportError>;
}

/// A member of a group.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `transport`.
///
/// - A later event of a subject waits until the earlier ones are settled or in the same batch before it:
///   `a_later_event_waits_for_the_earlier`.
/// - A delivery to retry comes again, no sooner than asked, with a higher attempt: `a_retried_delivery_comes_again_later`.
/// - While one subject waits for a retry, others continue: `other_subjects_flow_during_a_retry`.
/// - A dropped delivery comes again: `a_dropped_delivery_comes_again`.
/// - Progress never passes an unsettled delivery: `progress_never_passes_an_unsettled_delivery`.
/// - No more than `max_unsettled` are in flight at a time: `unsettled_deliveries_are_bounded`.
/// - After `stop` nothing new comes and settling still works: `after_stop_settling_still_works`.
/// - `close` returns how many were left unsettled, and they come again: `close_tells_what_was_abandoned`.
/// - A cancelled `next` loses nothing: `a_cancelled_next_loses_nothing`.
/// - Undecodable bytes are delivered as such: `undecodable_bytes_are_delivered_as_such`.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ticketing_core::ports::transport::{Settlement, Subscription};
/// # use ticketing::{AccountId, Market};
/// # use ticketing_core::domain::event::Topic;
/// # use ticketing_core::ports::transport::{EventSubscriber, StartFrom, SubscriptionConfig};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let market = Market::test().await?;
/// # market.sell(AccountId::from_u128(1), "Opera").price(4500, "EUR").await?;
/// # market.settle().await?;
/// # let (group, topics) = ("report".to_owned(), vec![Topic::Tickets]);
/// # let config = SubscriptionConfig { group, topics, start: StartFrom::Earliest, max_unsettled: 100 };
/// # let subscription = market.engines().broker.subscriber().subscribe(config).await?;
/// let mut subscription: Box<dyn Subscription> = subscription;
/// for delivery in subscription.next(100).await? {
///     delivery.settle(Settlement::Retry { after: Duration::ZERO })?;
/// }
/// let again = subscription.next(100).await?;
/// assert_eq!(again[0].attempt, 2);
///
/// subscription.stop().await;
/// assert_eq!(subscription.close(Duration::ZERO).await?, 1, "it was not settled, and comes again");
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Subscription: Send + Sync + fmt::Debug {
    /// Waits for deliveries and returns up to `max`; none only after `stop`.
    ///
    /// A batch may hold several events of one subject, in order. If handling one of
    /// them fails, settle the later ones of its subject the same way.
    ///
    /// # Errors
    ///
    /// [`TransportError::Unavailable`]: call again later. [`TransportError::Closed`]: subscribe again.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no delivery.
    async fn next(&mut self, max: usize) -> Result<Vec<Delivery>, TransportError>;

    /// Stops fetching; deliveries in flight may still be settled.
    async fn stop(&mut self);

    /// Leaves the group, after waiting up to `deadline` for deliveries in flight to be settled.
    ///
    /// Returns how many deliveries were abandoned; they will come again.
    ///
    /// # Errors
    ///
    /// [`TransportError::Unavailable`]: the group notices later that the member is gone.
    async fn close(self: Box<Self>, deadline: Duration) -> Result<usize, TransportError>;
}

/// How a delivery is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// It was handled, or parked durably.
    Ack,
    /// It could not be handled: deliver it again, together with all later ones of its subject.
    Retry {
        /// Not before this span has passed.
        after: Duration,
    },
}

/// Reports to a subscription how one delivery was settled.
///
/// # Examples
///
/// ```
/// use std::sync::mpsc::{Sender, channel};
/// use ticketing_core::ports::transport::{Delivery, Settle, Settlement, TransportError};
/// # use ticketing_core::ports::transport::Arrival;
/// # use ticketing_core::wire::{RawMessage, Undecodable};
///
/// /// A message to the thread of a subscription.
/// #[derive(Debug)]
/// struct ToThread(Sender<Settlement>);
///
/// impl Settle for ToThread {
///     fn settle(self: Box<Self>, settlement: Settlement) -> Result<(), TransportError> {
///         self.0.send(settlement).map_err(|_| TransportError::Closed)
///     }
/// }
///
/// # let raw = RawMessage { topic: "orders".into(), key: "k".into(), headers: Vec::new(), body: Default::default() };
/// # let arrival = Arrival::Undecodable { raw, reason: Undecodable { what: "no headers".into() } };
/// let (sender, settled) = channel();
/// let delivery = Delivery::new(arrival, 1, Box::new(ToThread(sender)));
/// delivery.settle(Settlement::Ack)?;
/// assert_eq!(settled.try_recv()?, Settlement::Ack);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Settle: Send + Sync + fmt::Debug {
    /// Settles the delivery. Called once.
    ///
    /// # Errors
    ///
    /// [`TransportError::Closed`] if it is too late: the delivery comes again.
    fn settle(self: Box<Self>, settlement: Settlement) -> Result<(), TransportError>;
}

/// The content of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// An event.
    Event(EventEnvelope),
    /// Bytes that are not one of our events.
    Undecodable {
        /// The bytes.
        raw: RawMessage,
        /// Why they cannot be decoded.
        reason: Undecodable,
    },
}

impl Arrival {
    /// When the event happened; `None` for bytes that are not one.
    #[must_use]
    pub const fn time(&self) -> Option<Timestamp> {
        match self {
            Self::Event(envelope) => Some(envelope.time),
            Self::Undecodable { .. } => None,
        }
    }

    /// The ordering key: the subject of an event, or the key of a raw message, in the normal form of [`ordering_key`].
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Event(envelope) => envelope.subject.to_string(),
            Self::Undecodable { raw, .. } => ordering_key(&raw.key),
        }
    }

    /// What an event has in common with all that the same request set off, as a field of the log.
    pub(crate) fn correlation(&self) -> Option<DisplayValue<Uuid>> {
        match self {
            Self::Event(envelope) => Some(display(envelope.origin.correlation)),
            Self::Undecodable { .. } => None,
        }
    }
}

/// The normal form in which keys are compared: a UUID in lower case with hyphens, however it was written;
/// anything else unchanged.
#[must_use]
pub fn ordering_key(key: &str) -> String {
    Uuid::try_parse(key).map_or_else(|_| key.to_owned(), |subject| subject.to_string())
}

/// A delivered event: settle it, or it comes again.
#[derive(Debug)]
#[must_use = "an unsettled delivery is delivered again"]
pub struct Delivery {
    /// The content.
    pub arrival: Arrival,
    /// How often this member delivered it to this group, from 1.
    pub attempt: u32,
    settle: Box<dyn Settle>,
}

impl Delivery {
    /// Wraps content for delivery; for subscriptions.
    pub fn new(arrival: Arrival, attempt: u32, settle: Box<dyn Settle>) -> Self {
        Self { arrival, attempt, settle }
    }

    /// Settles the delivery.
    ///
    /// # Errors
    ///
    /// [`TransportError::Closed`] if it is too late: the delivery comes again.
    pub fn settle(self, settlement: Settlement) -> Result<(), TransportError> {
        self.settle.settle(settlement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_a_subject_is_written_its_key_is_one() {
        let subject = "0191f0a4-7b7e-7c3a-9d3e-a1b2c3d4e5f6";
        for key in [
            subject.to_owned(),
            subject.to_uppercase(),
            subject.replace('-', ""),
            subject.replace('-', "").to_uppercase(),
            format!("{{{subject}}}"),
            format!("{{{}}}", subject.to_uppercase()),
            format!("urn:uuid:{subject}"),
        ] {
            let raw = RawMessage { topic: "orders".into(), key, headers: Vec::new(), body: bytes::Bytes::new() };
            let arrival = Arrival::Undecodable { raw, reason: Undecodable { what: "no headers".into() } };
            assert_eq!(arrival.key(), subject);
        }
    }

    #[test]
    fn a_key_that_is_no_subject_stays_as_it_is() {
        for key in ["", "Schlüssel", "AB", "0191F0A4-7B7E-7C3A-9D3E"] {
            assert_eq!(ordering_key(key), key);
        }
    }
}
