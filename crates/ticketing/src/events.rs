//! Reacting to events: one type for each, and what a handler gets with it.

use std::fmt;
use std::marker::PhantomData;

use async_trait::async_trait;
use ticketing_core::domain::event::{Event, Topic};
use ticketing_core::domain::ids::AccountId;
use ticketing_core::domain::order::Order;
use ticketing_core::domain::payment::Payment;
use ticketing_core::domain::ticket::Ticket;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::messaging::consumer::{EventHandler, HandleError, Incoming};
use ticketing_core::ports::BoxError;
use ticketing_core::wire::EventEnvelope;
use uuid::Uuid;

/// Something that happened, as [`MarketBuilder::on`](crate::MarketBuilder::on) hands it over.
///
/// Implemented by the events of this module alone: `docs/events.md` says when each is published and in which order.
pub trait MarketEvent: sealed::Sealed + Sized + Send + 'static {
    /// The stream it comes from.
    const TOPIC: Topic;

    /// The event, if it is of this type.
    fn of(event: &Event) -> Option<Self>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident on $topic:ident { $(#[$field_doc:meta])* $field:ident: $type:ty = $content:ident => $of:expr })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $name {
            $(#[$field_doc])*
            pub $field: $type,
        }

        impl sealed::Sealed for $name {}

        impl MarketEvent for $name {
            const TOPIC: Topic = Topic::$topic;

            fn of(event: &Event) -> Option<Self> {
                match event {
                    Event::$name($content) => Some(Self { $field: $of }),
                    _ => None,
                }
            }
        }
    )*};
}

events! {
    /// A ticket was put on sale.
    TicketCreated on Tickets {
        /// The ticket.
        ticket: Ticket = changed => changed.ticket.clone()
    }
    /// The offer of a ticket was replaced.
    TicketUpdated on Tickets {
        /// The ticket after that.
        ticket: Ticket = changed => changed.ticket.clone()
    }
    /// A ticket takes no new orders.
    TicketWithdrawn on Tickets {
        /// The ticket.
        ticket: Ticket = changed => changed.ticket.clone()
    }
    /// Places are held.
    OrderCreated on Orders {
        /// The order.
        order: Order = change => change.order.clone()
    }
    /// Places that were held are on sale again.
    OrderCancelled on Orders {
        /// The order; its status says why.
        order: Order = change => change.order.clone()
    }
    /// An order is paid: its places belong to the buyer.
    OrderCompleted on Orders {
        /// The order.
        order: Order = change => change.order.clone()
    }
    /// Money was taken.
    PaymentCaptured on Payments {
        /// The payment.
        payment: Payment = payment => payment.clone()
    }
    /// No money was taken, and none will be.
    PaymentFailed on Payments {
        /// The payment.
        payment: Payment = payment => payment.clone()
    }
    /// Money was given back.
    PaymentRefunded on Payments {
        /// The payment.
        payment: Payment = payment => payment.clone()
    }
}

/// An account was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountRegistered {
    /// The account.
    pub account: AccountId,
    /// When.
    pub registered_at: Timestamp,
}

impl sealed::Sealed for AccountRegistered {}

impl MarketEvent for AccountRegistered {
    const TOPIC: Topic = Topic::Accounts;

    fn of(event: &Event) -> Option<Self> {
        match event {
            Event::AccountRegistered(account) => {
                Some(Self { account: account.id, registered_at: account.registered_at })
            }
            _ => None,
        }
    }
}

/// What a handler gets with the event.
///
/// # Examples
///
/// ```
/// use std::sync::mpsc::channel;
/// use ticketing::{AccountId, Market, OrRetry, TicketCreated};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (sent, mails) = channel();
/// let market = Market::builder()
///     .on("mailer", move |_: TicketCreated, context| {
///         let sent = sent.clone();
///         async move { sent.send((context.idempotency_key(), context.time())).or_retry() }
///     })
///     .open()
///     .await?;
/// let opera = market.sell(AccountId::from_u128(1), "Opera").price(4500, "EUR").await?;
/// market.close().await?;
/// let (_key, time) = mails.try_recv()?;
/// assert_eq!(time, opera.created_at);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct EventContext {
    envelope: EventEnvelope,
}

impl EventContext {
    /// The same each time this event is handed over: hand it on to whatever must happen once, such as the provider
    /// that sends the mail.
    #[must_use]
    pub const fn idempotency_key(&self) -> Uuid {
        self.envelope.id.uuid()
    }

    /// When it happened.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        self.envelope.time
    }

    /// Who, what and when, and the request that set it off.
    #[must_use]
    pub const fn envelope(&self) -> &EventEnvelope {
        &self.envelope
    }
}

/// Says what becomes of an event whose handling failed.
///
/// # Examples
///
/// ```
/// use ticketing::{HandleError, OrRetry};
///
/// fn deliver(text: &str) -> Result<(), HandleError> {
///     let address = text.parse::<std::net::IpAddr>().or_park()?;
///     std::net::TcpStream::connect((address, 1)).or_retry()?;
///     Ok(())
/// }
///
/// assert!(matches!(deliver("nowhere"), Err(HandleError::Failed(_))));
/// assert!(matches!(deliver("127.0.0.1"), Err(HandleError::Unavailable(_))));
/// ```
pub trait OrRetry<T> {
    /// What is needed is away: the event comes again until it is back, however long that takes.
    ///
    /// # Errors
    ///
    /// [`HandleError::Unavailable`] in place of the error.
    fn or_retry(self) -> Result<T, HandleError>;

    /// This event cannot be handled: it comes again a few times, and is then parked until somebody looks.
    ///
    /// # Errors
    ///
    /// [`HandleError::Failed`] in place of the error.
    fn or_park(self) -> Result<T, HandleError>;
}

impl<T, E: Into<BoxError>> OrRetry<T> for Result<T, E> {
    fn or_retry(self) -> Result<T, HandleError> {
        self.map_err(|error| HandleError::Unavailable(error.into()))
    }

    fn or_park(self) -> Result<T, HandleError> {
        self.map_err(|error| HandleError::Failed(error.into()))
    }
}

/// Hands each event of one type to a function, by itself.
pub(crate) struct Each<E, F> {
    name: String,
    handler: F,
    event: PhantomData<fn(E)>,
}

impl<E, F> Each<E, F> {
    pub(crate) fn new(name: String, handler: F) -> Self {
        Self { name, handler, event: PhantomData }
    }
}

impl<E, F> fmt::Debug for Each<E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Each").field("name", &self.name).finish_non_exhaustive()
    }
}

#[async_trait]
impl<E, F, R> EventHandler for Each<E, F>
where
    E: MarketEvent,
    F: Fn(E, EventContext) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), HandleError>> + Send + 'static,
{
    fn name(&self) -> &str {
        &self.name
    }

    fn topics(&self) -> &[Topic] {
        const { &[E::TOPIC] }
    }

    async fn handle(&self, events: &[Incoming]) -> Result<(), HandleError> {
        // The consumer hands over one at a time.
        for Incoming { envelope, event } in events {
            if let Some(event) = E::of(event) {
                (self.handler)(event, EventContext { envelope: envelope.clone() }).await?;
            }
        }
        Ok(())
    }
}
