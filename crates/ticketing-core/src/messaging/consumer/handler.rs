//! What reacts to events, and what it may say of them.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::event::{Event, Topic};
use crate::ports::BoxError;
use crate::ports::store::StoreError;
use crate::ports::transport::Kinds;
use crate::wire::EventEnvelope;

/// An event and the envelope it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Who, what and when.
    pub envelope: EventEnvelope,
    /// What happened.
    pub event: Event,
}

/// Why events were not handled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandleError {
    /// Something did not answer: the same events will be handled later, however long it takes.
    #[error("what the handler needs is unavailable")]
    Unavailable(#[source] BoxError),
    /// These events cannot be handled: after a few tries, a human is needed.
    #[error("the events cannot be handled")]
    Failed(#[source] BoxError),
    /// All were handled but these, by their places in the slice, each with its own reason.
    ///
    /// Later events of a subject are put back with the one that is named.
    #[error("{} of the events were not handled", .0.len())]
    Partly(BTreeMap<usize, Self>),
}

/// Reacts to events.
///
/// Handling an event twice equals handling it once, and so does handling an
/// old one after a newer one of the same subject.
///
/// A handler that panics has failed to handle the events, as with
/// [`HandleError::Failed`]. It is called again, so it must not rely on anything
/// that a panic leaves half changed.
///
/// # Examples
///
/// ```
/// use std::collections::BTreeSet;
/// use std::sync::{Arc, Mutex, PoisonError};
/// use ticketing::{AccountId, Market, StartFrom, TicketId};
/// use ticketing_core::domain::event::{Event, Topic};
/// use ticketing_core::messaging::consumer::{EventHandler, HandleError, Incoming};
///
/// /// Knows what was ever on sale: adding a ticket twice is adding it once.
/// #[derive(Debug, Clone, Default)]
/// struct OnSaleOnce(Arc<Mutex<BTreeSet<TicketId>>>);
///
/// #[async_trait::async_trait]
/// impl EventHandler for OnSaleOnce {
///     fn name(&self) -> &str {
///         "ever-on-sale"
///     }
///
///     fn topics(&self) -> &[Topic] {
///         &[Topic::Tickets]
///     }
///
///     async fn handle(&self, events: &[Incoming]) -> Result<(), HandleError> {
///         let tickets = events.iter().filter_map(|incoming| match &incoming.event {
///             Event::TicketCreated(created) => Some(created.ticket.id),
///             _ => None,
///         });
///         self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(tickets);
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let ever = OnSaleOnce::default();
/// let market = Market::builder().follow(ever.clone(), StartFrom::Latest).test().await?;
/// let ticket = market.sell(AccountId::from_u128(1), "Opera").price(4500, "EUR").await?;
/// market.settle().await?;
/// assert_eq!(*ever.0.lock().unwrap(), BTreeSet::from([ticket.id]));
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait EventHandler: Send + Sync + fmt::Debug + 'static {
    /// The name of the consumer, and of its group. Services of the marketplace keep theirs for themselves.
    fn name(&self) -> &str;

    /// Which streams it follows.
    fn topics(&self) -> &[Topic];

    /// Which kinds of their events it follows; all unless it says otherwise.
    ///
    /// An event of another kind is settled before its payload is read, by the transport where that can, so a handler
    /// that needs few of a busy stream costs little.
    fn kinds(&self) -> Kinds {
        Kinds::All
    }

    /// How long an event may wait at the transport for others that are handled together with it; not at all unless it
    /// says otherwise.
    ///
    /// Where nobody waits for the effect, this saves the broker and the process many small batches.
    fn patience(&self) -> Duration {
        Duration::ZERO
    }

    /// Handles all events, as one unit of work where there is an effect.
    ///
    /// # Errors
    ///
    /// [`HandleError`]: some may have been handled; all will be handed over again.
    async fn handle(&self, events: &[Incoming]) -> Result<(), HandleError>;
}

impl From<StoreError> for HandleError {
    fn from(error: StoreError) -> Self {
        if error.is_transient() { Self::Unavailable(error.into()) } else { Self::Failed(error.into()) }
    }
}
