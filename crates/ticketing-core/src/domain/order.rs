//! Orders: one buyer, one ticket, a price that never changes, and a final state.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use uuid::Uuid;

use super::account::DisplayName;
use super::attributes::Attributes;
use super::event_facts::EventFacts;
use super::ids::{AccountId, OrderId, PaymentId, TicketId};
use super::invalid::Invalid;
use super::money::{Money, Price, Quantity};
use super::ticket::Sales;
use super::time::Timestamp;

/// Idempotency key: chosen by the caller, so that a repeated request takes effect once.
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

impl From<Uuid> for IdempotencyKey {
    fn from(id: Uuid) -> Self {
        Self(id.to_string().into())
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
    /// The ticket.
    pub id: TicketId,
    /// What the seller was called, as far as that was known.
    pub seller_name: Option<DisplayName>,
    /// What was bought: the event, its place and time, and the seats, as they were then.
    pub event: Arc<EventFacts>,
    /// Its attributes at that time.
    pub attributes: Attributes,
    /// Its price per place at that time.
    pub price: Price,
}

/// The state of an order. Cancelled and refunded orders never change; completed ones may only be refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderStatus {
    /// The places are held.
    AwaitingPayment {
        /// The deadline; a payment begun before it counts.
        pay_by: Timestamp,
    },
    /// The places belong to the buyer.
    Completed {
        /// The payment.
        payment: PaymentId,
        /// When the payment arrived.
        at: Timestamp,
    },
    /// The places belonged to the buyer and were given back; the money goes back.
    Refunded {
        /// The payment.
        payment: PaymentId,
        /// The reason.
        reason: RefundReason,
        /// The time of the refund.
        at: Timestamp,
    },
    /// The places were released.
    Cancelled {
        /// The reason.
        reason: CancelReason,
        /// The time of the cancellation.
        at: Timestamp,
    },
}

/// Why an order was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelReason {
    /// The buyer cancelled it.
    ByBuyer,
    /// Nobody paid in time.
    Expired,
    /// The event was called off.
    CalledOff,
}

/// Why an order was refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundReason {
    /// The event was called off.
    CalledOff,
    /// The buyer gave it back, because the event is no longer what it was.
    ByBuyer,
    /// The seller took it back.
    BySeller,
}

/// Places of one ticket for one buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Unique id (UUID version 7).
    pub id: OrderId,
    /// The account that ordered; only it may see, pay or cancel the order.
    pub buyer: AccountId,
    /// The ticket, with its price at that time.
    pub ticket: OrderedTicket,
    /// The number of places.
    pub quantity: Quantity,
    /// The state.
    pub status: OrderStatus,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// The request's idempotency key; unique per buyer.
    pub key: Option<IdempotencyKey>,
    /// Whether somebody was let in with it, as far as the orders service has heard. No event of an order says so.
    pub used: bool,
    /// The number of events so far.
    pub version: u64,
}

/// An order after a change, with the resulting sales of its ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderChange {
    /// The order after the change.
    pub order: Order,
    /// The sales of its ticket after the change.
    pub sales: Sales,
}

impl OrderChange {
    /// The sales of its ticket just before, if the change gave places back.
    #[must_use]
    pub fn sales_before_release(&self) -> Option<Sales> {
        let (Sales { held, sold, version }, places) = (self.sales, self.order.quantity.get());
        let version = version.saturating_sub(1);
        match self.order.status {
            OrderStatus::Cancelled { .. } => Some(Sales { held: held.saturating_add(places), sold, version }),
            OrderStatus::Refunded { .. } => Some(Sales { held, sold: sold.saturating_add(places), version }),
            OrderStatus::AwaitingPayment { .. } | OrderStatus::Completed { .. } => None,
        }
    }
}

/// Why an order cannot be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderRefusal {
    /// The order is completed: its places belong to the buyer.
    Completed,
    /// The order is refunded, which is final.
    Refunded {
        /// The reason of the refund.
        reason: RefundReason,
    },
    /// The order is not paid, so there is nothing to refund.
    NotPaid,
    /// The event is what it was when it was ordered.
    Unchanged,
    /// The event has begun.
    Begun,
    /// Somebody was let in with it.
    Used,
    /// The order is cancelled, which is final.
    Cancelled {
        /// The reason of the cancellation.
        reason: CancelReason,
    },
    /// An order expires only after its deadline.
    NotDue {
        /// The deadline.
        pay_by: Timestamp,
    },
}

impl Order {
    /// The total price.
    #[must_use]
    pub fn total(&self) -> Money {
        self.ticket.price.times(self.quantity)
    }

    /// Whether it is paid, and its places belong to the buyer.
    #[must_use]
    pub const fn is_completed(&self) -> bool {
        matches!(self.status, OrderStatus::Completed { .. })
    }

    /// The deadline, while the order awaits payment.
    ///
    /// # Errors
    ///
    /// [`OrderRefusal`] if the order has ended; it says how.
    pub const fn pay_by(&self) -> Result<Timestamp, OrderRefusal> {
        match self.status {
            OrderStatus::AwaitingPayment { pay_by } => Ok(pay_by),
            OrderStatus::Completed { .. } => Err(OrderRefusal::Completed),
            OrderStatus::Refunded { reason, .. } => Err(OrderRefusal::Refunded { reason }),
            OrderStatus::Cancelled { reason, .. } => Err(OrderRefusal::Cancelled { reason }),
        }
    }

    /// The payment, while its places belong to the buyer.
    ///
    /// # Errors
    ///
    /// [`OrderRefusal`] if they do not, or no longer.
    pub const fn payment(&self) -> Result<PaymentId, OrderRefusal> {
        match self.status {
            OrderStatus::Completed { payment, .. } => Ok(payment),
            OrderStatus::AwaitingPayment { .. } => Err(OrderRefusal::NotPaid),
            OrderStatus::Refunded { reason, .. } => Err(OrderRefusal::Refunded { reason }),
            OrderStatus::Cancelled { reason, .. } => Err(OrderRefusal::Cancelled { reason }),
        }
    }

    /// Notes that somebody was let in with it; `None` if that is noted already.
    #[must_use]
    pub fn let_in(&self) -> Option<Self> {
        (!self.used).then(|| Self { used: true, ..self.clone() })
    }

    pub(super) fn ended(self, status: OrderStatus) -> Self {
        Self { status, version: self.version + 1, ..self }
    }
}
