//! Carries events between services, at least once.

mod delivery;
mod subscription;

use std::fmt;

use async_trait::async_trait;

use crate::wire::EventEnvelope;

use super::BoxError;

pub use delivery::{Arrival, Delivery, Settle, Settlement, ordering_key};
#[cfg(any(test, feature = "mocks"))]
pub use subscription::MockEventSubscriber;
pub use subscription::{EventSubscriber, Kinds, Lag, StartFrom, Subscription, SubscriptionConfig};

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
