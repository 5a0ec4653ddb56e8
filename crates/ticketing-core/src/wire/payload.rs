//! Event ⇄ JSON: the shapes of the payloads, apart from the domain so that neither binds the other.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::domain::event::Event;
use crate::domain::ids::{AccountId, OrderId, PaymentId, TicketId};
use crate::domain::money::{Money, Price, Quantity};
use crate::domain::order::{CancelReason, Order, OrderChange, OrderStatus, OrderedTicket};
use crate::domain::payment::{Payment, PaymentStatus};
use crate::domain::ticket::{Details, DetailsInput, Offer, Sales, Ticket, TicketStatus};
use crate::domain::time::Timestamp;

use super::Undecodable;

/// Every type of event there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    AccountRegistered,
    TicketCreated,
    TicketUpdated,
    TicketWithdrawn,
    OrderCreated,
    OrderCancelled,
    OrderCompleted,
    PaymentCaptured,
    PaymentFailed,
    PaymentRefunded,
    ExpirationCompleted,
}

impl Kind {
    const ALL: [Self; 11] = [
        Self::AccountRegistered,
        Self::TicketCreated,
        Self::TicketUpdated,
        Self::TicketWithdrawn,
        Self::OrderCreated,
        Self::OrderCancelled,
        Self::OrderCompleted,
        Self::PaymentCaptured,
        Self::PaymentFailed,
        Self::PaymentRefunded,
        Self::ExpirationCompleted,
    ];

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::AccountRegistered => "account.registered",
            Self::TicketCreated => "ticket.created",
            Self::TicketUpdated => "ticket.updated",
            Self::TicketWithdrawn => "ticket.withdrawn",
            Self::OrderCreated => "order.created",
            Self::OrderCancelled => "order.cancelled",
            Self::OrderCompleted => "order.completed",
            Self::PaymentCaptured => "payment.captured",
            Self::PaymentFailed => "payment.failed",
            Self::PaymentRefunded => "payment.refunded",
            Self::ExpirationCompleted => "expiration.completed",
        }
    }
}

/// The type of an event, as its envelope names it.
pub(super) const fn kind(event: &Event) -> &'static str {
    match event {
        Event::AccountRegistered { .. } => Kind::AccountRegistered.name(),
        Event::TicketCreated(_) => Kind::TicketCreated.name(),
        Event::TicketUpdated(_) => Kind::TicketUpdated.name(),
        Event::TicketWithdrawn(_) => Kind::TicketWithdrawn.name(),
        Event::OrderCreated(_) => Kind::OrderCreated.name(),
        Event::OrderCancelled(_) => Kind::OrderCancelled.name(),
        Event::OrderCompleted(_) => Kind::OrderCompleted.name(),
        Event::PaymentCaptured(_) => Kind::PaymentCaptured.name(),
        Event::PaymentFailed(_) => Kind::PaymentFailed.name(),
        Event::PaymentRefunded(_) => Kind::PaymentRefunded.name(),
        Event::ExpirationCompleted { .. } => Kind::ExpirationCompleted.name(),
    }
}

pub(super) fn encode(event: &Event) -> Bytes {
    match event {
        Event::AccountRegistered { account, registered_at } => {
            json(&AccountPayload { id: account.uuid(), registered_at: (*registered_at).into() })
        }
        Event::TicketCreated(ticket) | Event::TicketUpdated(ticket) | Event::TicketWithdrawn(ticket) => {
            json(&TicketPayload::from(ticket))
        }
        Event::OrderCreated(change) | Event::OrderCancelled(change) | Event::OrderCompleted(change) => {
            json(&OrderPayload::from(change))
        }
        Event::PaymentCaptured(payment) | Event::PaymentFailed(payment) | Event::PaymentRefunded(payment) => {
            json(&PaymentPayload::from(payment))
        }
        Event::ExpirationCompleted { order, pay_by } => {
            json(&ExpirationPayload { order_id: order.uuid(), pay_by: (*pay_by).into() })
        }
    }
}

pub(super) fn decode(kind: Kind, data: &Bytes) -> Result<Event, Undecodable> {
    Ok(match kind {
        Kind::AccountRegistered => {
            let payload: AccountPayload = read(data)?;
            Event::AccountRegistered {
                account: AccountId::new(payload.id),
                registered_at: payload.registered_at.into(),
            }
        }
        Kind::TicketCreated => Event::TicketCreated(read::<TicketPayload<'_>>(data)?.try_into()?),
        Kind::TicketUpdated => Event::TicketUpdated(read::<TicketPayload<'_>>(data)?.try_into()?),
        Kind::TicketWithdrawn => Event::TicketWithdrawn(read::<TicketPayload<'_>>(data)?.try_into()?),
        Kind::OrderCreated => Event::OrderCreated(read::<OrderPayload<'_>>(data)?.try_into()?),
        Kind::OrderCancelled => Event::OrderCancelled(read::<OrderPayload<'_>>(data)?.try_into()?),
        Kind::OrderCompleted => Event::OrderCompleted(read::<OrderPayload<'_>>(data)?.try_into()?),
        Kind::PaymentCaptured => Event::PaymentCaptured(read::<PaymentPayload<'_>>(data)?.try_into()?),
        Kind::PaymentFailed => Event::PaymentFailed(read::<PaymentPayload<'_>>(data)?.try_into()?),
        Kind::PaymentRefunded => Event::PaymentRefunded(read::<PaymentPayload<'_>>(data)?.try_into()?),
        Kind::ExpirationCompleted => {
            let payload: ExpirationPayload = read(data)?;
            Event::ExpirationCompleted { order: OrderId::new(payload.order_id), pay_by: payload.pay_by.into() }
        }
    })
}

fn json(payload: &impl Serialize) -> Bytes {
    serde_json::to_vec(payload).map(Bytes::from).expect("a payload has no map with keys that are not text")
}

fn read<'a, P: Deserialize<'a>>(data: &'a Bytes) -> Result<P, Undecodable> {
    serde_json::from_slice(data).map_err(|error| Undecodable::new(format!("the payload is malformed: {error}")))
}

/// RFC 3339 text on the wire.
#[derive(Clone, Copy)]
struct Rfc3339(Timestamp);

impl From<Timestamp> for Rfc3339 {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

impl From<Rfc3339> for Timestamp {
    fn from(time: Rfc3339) -> Self {
        time.0
    }
}

impl Serialize for Rfc3339 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Rfc3339 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| D::Error::custom("a time is not RFC 3339"))
    }
}

#[derive(Serialize, Deserialize)]
struct MoneyPayload<'a> {
    amount: u64,
    #[serde(borrow)]
    currency: Cow<'a, str>,
}

impl From<Money> for MoneyPayload<'_> {
    fn from(money: Money) -> Self {
        Self { amount: money.amount, currency: Cow::Borrowed(money.currency.code()) }
    }
}

impl TryFrom<MoneyPayload<'_>> for Money {
    type Error = Undecodable;

    fn try_from(money: MoneyPayload<'_>) -> Result<Self, Undecodable> {
        let currency = money.currency.parse().map_err(|_| Undecodable::new("the currency is unknown"))?;
        Ok(Self { amount: money.amount, currency })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountPayload {
    id: Uuid,
    registered_at: Rfc3339,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExpirationPayload {
    order_id: Uuid,
    pay_by: Rfc3339,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TicketPayload<'a> {
    id: Uuid,
    seller_id: Uuid,
    title: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    venue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    starts_at: Option<Rfc3339>,
    #[serde(borrow)]
    price: MoneyPayload<'a>,
    quantity: u32,
    status: TicketStatusPayload,
    created_at: Rfc3339,
    version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum TicketStatusPayload {
    OnSale,
    Withdrawn,
}

impl From<&Ticket> for TicketPayload<'_> {
    fn from(ticket: &Ticket) -> Self {
        let details = &ticket.offer.details;
        Self {
            id: ticket.id.uuid(),
            seller_id: ticket.seller.uuid(),
            title: Arc::clone(&details.title),
            description: details.description.clone(),
            venue: details.venue.clone(),
            city: details.city.clone(),
            category: details.category.clone(),
            starts_at: details.starts_at.map(Into::into),
            price: ticket.offer.price.money().into(),
            quantity: ticket.offer.quantity.get(),
            status: match ticket.status {
                TicketStatus::OnSale => TicketStatusPayload::OnSale,
                TicketStatus::Withdrawn => TicketStatusPayload::Withdrawn,
            },
            created_at: ticket.created_at.into(),
            version: ticket.version,
        }
    }
}

impl TryFrom<TicketPayload<'_>> for Ticket {
    type Error = Undecodable;

    fn try_from(payload: TicketPayload<'_>) -> Result<Self, Undecodable> {
        let details = Details::parse(DetailsInput {
            title: &payload.title,
            description: payload.description.as_deref(),
            venue: payload.venue.as_deref(),
            city: payload.city.as_deref(),
            category: payload.category.as_deref(),
            starts_at: payload.starts_at.map(Timestamp::from),
        });
        let details = details.map_err(|_| Undecodable::new("a text of the ticket is out of bounds"))?;
        let offer = Offer { details, price: price(payload.price)?, quantity: quantity(payload.quantity)? };
        Ok(Self {
            id: TicketId::new(payload.id),
            seller: AccountId::new(payload.seller_id),
            offer,
            status: match payload.status {
                TicketStatusPayload::OnSale => TicketStatus::OnSale,
                TicketStatusPayload::Withdrawn => TicketStatus::Withdrawn,
            },
            created_at: payload.created_at.into(),
            version: payload.version,
        })
    }
}

fn price(money: MoneyPayload<'_>) -> Result<Price, Undecodable> {
    Price::new(money.try_into()?).map_err(|_| Undecodable::new("the price is out of bounds"))
}

fn quantity(places: u32) -> Result<Quantity, Undecodable> {
    Quantity::new(places).map_err(|_| Undecodable::new("the quantity is out of bounds"))
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderPayload<'a> {
    id: Uuid,
    buyer_id: Uuid,
    #[serde(borrow)]
    ticket: OrderedTicketPayload<'a>,
    quantity: u32,
    status: OrderStatusPayload,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pay_by: Option<Rfc3339>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    payment_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    completed_at: Option<Rfc3339>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reason: Option<CancelReasonPayload>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    cancelled_at: Option<Rfc3339>,
    placed_at: Rfc3339,
    version: u64,
    sales: SalesPayload,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderedTicketPayload<'a> {
    id: Uuid,
    title: Arc<str>,
    #[serde(borrow)]
    price: MoneyPayload<'a>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum OrderStatusPayload {
    AwaitingPayment,
    Completed,
    Cancelled,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum CancelReasonPayload {
    ByBuyer,
    Expired,
}

#[derive(Serialize, Deserialize)]
struct SalesPayload {
    held: u32,
    sold: u32,
    version: u64,
}

impl From<&OrderChange> for OrderPayload<'_> {
    fn from(change: &OrderChange) -> Self {
        let OrderChange { order, sales } = change;
        let payload = Self {
            id: order.id.uuid(),
            buyer_id: order.buyer.uuid(),
            ticket: OrderedTicketPayload {
                id: order.ticket.id.uuid(),
                title: Arc::clone(&order.ticket.title),
                price: order.ticket.price.money().into(),
            },
            quantity: order.quantity.get(),
            status: OrderStatusPayload::AwaitingPayment,
            pay_by: None,
            payment_id: None,
            completed_at: None,
            reason: None,
            cancelled_at: None,
            placed_at: order.placed_at.into(),
            version: order.version,
            sales: SalesPayload { held: sales.held, sold: sales.sold, version: sales.version },
        };
        payload.with(order.status)
    }
}

impl OrderPayload<'_> {
    fn with(self, status: OrderStatus) -> Self {
        match status {
            OrderStatus::AwaitingPayment { pay_by } => Self { pay_by: Some(pay_by.into()), ..self },
            OrderStatus::Completed { payment, at } => Self {
                status: OrderStatusPayload::Completed,
                payment_id: Some(payment.uuid()),
                completed_at: Some(at.into()),
                ..self
            },
            OrderStatus::Cancelled { reason, at } => Self {
                status: OrderStatusPayload::Cancelled,
                reason: Some(match reason {
                    CancelReason::ByBuyer => CancelReasonPayload::ByBuyer,
                    CancelReason::Expired => CancelReasonPayload::Expired,
                }),
                cancelled_at: Some(at.into()),
                ..self
            },
        }
    }

    fn status(&self) -> Result<OrderStatus, Undecodable> {
        let status = match self.status {
            OrderStatusPayload::AwaitingPayment => {
                self.pay_by.map(|pay_by| OrderStatus::AwaitingPayment { pay_by: pay_by.into() })
            }
            OrderStatusPayload::Completed => self
                .payment_id
                .zip(self.completed_at)
                .map(|(payment, at)| OrderStatus::Completed { payment: PaymentId::new(payment), at: at.into() }),
            OrderStatusPayload::Cancelled => self.reason.zip(self.cancelled_at).map(|(reason, at)| {
                let reason = match reason {
                    CancelReasonPayload::ByBuyer => CancelReason::ByBuyer,
                    CancelReasonPayload::Expired => CancelReason::Expired,
                };
                OrderStatus::Cancelled { reason, at: at.into() }
            }),
        };
        status.ok_or_else(|| Undecodable::new("the order lacks what its status needs"))
    }
}

impl TryFrom<OrderPayload<'_>> for OrderChange {
    type Error = Undecodable;

    fn try_from(payload: OrderPayload<'_>) -> Result<Self, Undecodable> {
        let status = payload.status()?;
        let SalesPayload { held, sold, version } = payload.sales;
        let order = Order {
            id: OrderId::new(payload.id),
            buyer: AccountId::new(payload.buyer_id),
            ticket: OrderedTicket {
                id: TicketId::new(payload.ticket.id),
                title: payload.ticket.title,
                price: price(payload.ticket.price)?,
            },
            quantity: quantity(payload.quantity)?,
            status,
            placed_at: payload.placed_at.into(),
            // What the buyer called the request is between them and the orders service.
            key: None,
            version: payload.version,
        };
        Ok(Self { order, sales: Sales { held, sold, version } })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PaymentPayload<'a> {
    id: Uuid,
    order_id: Uuid,
    ticket_id: Uuid,
    buyer_id: Uuid,
    #[serde(borrow)]
    total: MoneyPayload<'a>,
    status: PaymentStatusPayload,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reference: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reason: Option<Arc<str>>,
    started_at: Rfc3339,
    version: u64,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum PaymentStatusPayload {
    Pending,
    Captured,
    Failed,
    RefundDue,
    Refunded,
}

impl From<&Payment> for PaymentPayload<'_> {
    fn from(payment: &Payment) -> Self {
        let (status, reference, reason) = match &payment.status {
            PaymentStatus::Pending => (PaymentStatusPayload::Pending, None, None),
            PaymentStatus::Captured { reference } => (PaymentStatusPayload::Captured, Some(reference), None),
            PaymentStatus::Failed { reason } => (PaymentStatusPayload::Failed, None, Some(reason)),
            PaymentStatus::RefundDue { reference } => (PaymentStatusPayload::RefundDue, Some(reference), None),
            PaymentStatus::Refunded { reference } => (PaymentStatusPayload::Refunded, Some(reference), None),
        };
        Self {
            id: payment.id.uuid(),
            order_id: payment.order.uuid(),
            ticket_id: payment.ticket.uuid(),
            buyer_id: payment.buyer.uuid(),
            total: payment.total.into(),
            status,
            reference: reference.cloned(),
            reason: reason.cloned(),
            started_at: payment.started_at.into(),
            version: payment.version,
        }
    }
}

impl PaymentPayload<'_> {
    fn status(&self) -> Result<PaymentStatus, Undecodable> {
        let lacks = || Undecodable::new("the payment lacks what its status needs");
        let reference = || self.reference.clone().ok_or_else(lacks);
        Ok(match self.status {
            PaymentStatusPayload::Pending => PaymentStatus::Pending,
            PaymentStatusPayload::Captured => PaymentStatus::Captured { reference: reference()? },
            PaymentStatusPayload::Failed => PaymentStatus::Failed { reason: self.reason.clone().ok_or_else(lacks)? },
            PaymentStatusPayload::RefundDue => PaymentStatus::RefundDue { reference: reference()? },
            PaymentStatusPayload::Refunded => PaymentStatus::Refunded { reference: reference()? },
        })
    }
}

impl TryFrom<PaymentPayload<'_>> for Payment {
    type Error = Undecodable;

    fn try_from(payload: PaymentPayload<'_>) -> Result<Self, Undecodable> {
        Ok(Self {
            status: payload.status()?,
            id: PaymentId::new(payload.id),
            order: OrderId::new(payload.order_id),
            ticket: TicketId::new(payload.ticket_id),
            buyer: AccountId::new(payload.buyer_id),
            total: payload.total.try_into()?,
            started_at: payload.started_at.into(),
            key: None,
            version: payload.version,
        })
    }
}
