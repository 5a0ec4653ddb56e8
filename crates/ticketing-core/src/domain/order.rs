//! Orders: one buyer, one ticket, a price that never changes, and an end.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::ids::{AccountId, OrderId, PaymentId, TicketId};
use super::invalid::Invalid;
use super::money::{Money, Price, Quantity};
use super::ticket::Sales;
use super::time::Timestamp;

/// Chosen by a caller, so that asking twice does something once.
///
/// 1 to 200 visible ASCII characters; scoped to the account that sends it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(Arc<str>);

impl IdempotencyKey {
    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.into()))
        } else {
            Err(Invalid::new("Idempotency-Key", "must be 1 to 200 visible ASCII characters"))
        }
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The ticket as it was when it was ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderedTicket {
    /// Which ticket.
    pub id: TicketId,
    /// Its title then.
    pub title: Arc<str>,
    /// Its price then, for one place.
    pub price: Price,
}

/// Where an order stands. Completed and cancelled orders never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderStatus {
    /// The places are held.
    AwaitingPayment {
        /// The deadline; a payment begun before it counts.
        pay_by: Timestamp,
    },
    /// The places are the buyer's.
    Completed {
        /// What paid it.
        payment: PaymentId,
        /// When the payment was seen.
        at: Timestamp,
    },
    /// The places were given back.
    Cancelled {
        /// Why.
        reason: CancelReason,
        /// When.
        at: Timestamp,
    },
}

/// Why an order was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelReason {
    /// Its buyer did not want it any more.
    ByBuyer,
    /// Nobody paid in time.
    Expired,
}

/// Some places of one ticket for one buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its name for ever.
    pub id: OrderId,
    /// Who ordered, and alone may see, pay or cancel it.
    pub buyer: AccountId,
    /// What was ordered, with the price of that moment.
    pub ticket: OrderedTicket,
    /// How many places.
    pub quantity: Quantity,
    /// Where it stands.
    pub status: OrderStatus,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// What its buyer called the request; of one buyer, a key makes one order.
    pub key: Option<IdempotencyKey>,
    /// How many events told of it.
    pub version: u64,
}

/// An order as it is after a change, with what the change did to its ticket's sales.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderChange {
    /// The order after the change.
    pub order: Order,
    /// The sales of its ticket after the change.
    pub sales: Sales,
}

/// Why an order does not do what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderRefusal {
    /// A completed order stays completed.
    Completed,
    /// A cancelled order stays cancelled.
    Cancelled {
        /// Why it was.
        reason: CancelReason,
    },
    /// An order expires only after its deadline.
    NotDue {
        /// The deadline.
        pay_by: Timestamp,
    },
}

impl Order {
    /// What its buyer pays.
    #[must_use]
    pub fn total(&self) -> Money {
        self.ticket.price.times(self.quantity)
    }

    /// The deadline, while it awaits payment.
    ///
    /// # Errors
    ///
    /// [`OrderRefusal`] names the end it has come to.
    pub const fn pay_by(&self) -> Result<Timestamp, OrderRefusal> {
        match self.status {
            OrderStatus::AwaitingPayment { pay_by } => Ok(pay_by),
            OrderStatus::Completed { .. } => Err(OrderRefusal::Completed),
            OrderStatus::Cancelled { reason, .. } => Err(OrderRefusal::Cancelled { reason }),
        }
    }

    pub(super) fn ended(self, status: OrderStatus) -> Self {
        Self { status, version: self.version + 1, ..self }
    }
}
