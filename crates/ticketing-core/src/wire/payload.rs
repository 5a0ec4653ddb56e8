//! Event ⇄ JSON: the shapes of the payloads, apart from the domain so that neither binds the other.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
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
                registered_at: payload.registered_at.try_into()?,
            }
        }
        Kind::TicketCreated => Event::TicketCreated(read::<TicketPayload>(data)?.try_into()?),
        Kind::TicketUpdated => Event::TicketUpdated(read::<TicketPayload>(data)?.try_into()?),
        Kind::TicketWithdrawn => Event::TicketWithdrawn(read::<TicketPayload>(data)?.try_into()?),
        Kind::OrderCreated => Event::OrderCreated(read::<OrderPayload>(data)?.try_into()?),
        Kind::OrderCancelled => Event::OrderCancelled(read::<OrderPayload>(data)?.try_into()?),
        Kind::OrderCompleted => Event::OrderCompleted(read::<OrderPayload>(data)?.try_into()?),
        Kind::PaymentCaptured => Event::PaymentCaptured(read::<PaymentPayload>(data)?.try_into()?),
        Kind::PaymentFailed => Event::PaymentFailed(read::<PaymentPayload>(data)?.try_into()?),
        Kind::PaymentRefunded => Event::PaymentRefunded(read::<PaymentPayload>(data)?.try_into()?),
        Kind::ExpirationCompleted => {
            let payload: ExpirationPayload = read(data)?;
            Event::ExpirationCompleted { order: OrderId::new(payload.order_id), pay_by: payload.pay_by.try_into()? }
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
#[derive(Serialize, Deserialize)]
struct Rfc3339(String);

impl From<Timestamp> for Rfc3339 {
    fn from(time: Timestamp) -> Self {
        Self(time.to_string())
    }
}

impl TryFrom<Rfc3339> for Timestamp {
    type Error = Undecodable;

    fn try_from(text: Rfc3339) -> Result<Self, Undecodable> {
        text.0.parse().map_err(|_| Undecodable::new("a time is not RFC 3339"))
    }
}

#[derive(Serialize, Deserialize)]
struct MoneyPayload {
    amount: u64,
    currency: String,
}

impl From<Money> for MoneyPayload {
    fn from(money: Money) -> Self {
        Self { amount: money.amount, currency: money.currency.code().to_owned() }
    }
}

impl TryFrom<MoneyPayload> for Money {
    type Error = Undecodable;

    fn try_from(money: MoneyPayload) -> Result<Self, Undecodable> {
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
struct TicketPayload {
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
    price: MoneyPayload,
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

impl From<&Ticket> for TicketPayload {
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

impl TryFrom<TicketPayload> for Ticket {
    type Error = Undecodable;

    fn try_from(payload: TicketPayload) -> Result<Self, Undecodable> {
        let details = Details::parse(DetailsInput {
            title: &payload.title,
            description: payload.description.as_deref(),
            venue: payload.venue.as_deref(),
            city: payload.city.as_deref(),
            category: payload.category.as_deref(),
            starts_at: payload.starts_at.map(Timestamp::try_from).transpose()?,
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
            created_at: payload.created_at.try_into()?,
            version: payload.version,
        })
    }
}

fn price(money: MoneyPayload) -> Result<Price, Undecodable> {
    Price::new(money.try_into()?).map_err(|_| Undecodable::new("the price is out of bounds"))
}

fn quantity(places: u32) -> Result<Quantity, Undecodable> {
    Quantity::new(places).map_err(|_| Undecodable::new("the quantity is out of bounds"))
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderPayload {
    id: Uuid,
    buyer_id: Uuid,
    ticket: OrderedTicketPayload,
    quantity: u32,
    #[serde(flatten)]
    status: OrderStatusPayload,
    placed_at: Rfc3339,
    version: u64,
    sales: SalesPayload,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderedTicketPayload {
    id: Uuid,
    title: Arc<str>,
    price: MoneyPayload,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum OrderStatusPayload {
    AwaitingPayment { pay_by: Rfc3339 },
    Completed { payment_id: Uuid, completed_at: Rfc3339 },
    Cancelled { reason: CancelReasonPayload, cancelled_at: Rfc3339 },
}

#[derive(Serialize, Deserialize)]
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

impl From<&OrderChange> for OrderPayload {
    fn from(change: &OrderChange) -> Self {
        let OrderChange { order, sales } = change;
        Self {
            id: order.id.uuid(),
            buyer_id: order.buyer.uuid(),
            ticket: OrderedTicketPayload {
                id: order.ticket.id.uuid(),
                title: Arc::clone(&order.ticket.title),
                price: order.ticket.price.money().into(),
            },
            quantity: order.quantity.get(),
            status: order.status.into(),
            placed_at: order.placed_at.into(),
            version: order.version,
            sales: SalesPayload { held: sales.held, sold: sales.sold, version: sales.version },
        }
    }
}

impl TryFrom<OrderPayload> for OrderChange {
    type Error = Undecodable;

    fn try_from(payload: OrderPayload) -> Result<Self, Undecodable> {
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
            status: payload.status.try_into()?,
            placed_at: payload.placed_at.try_into()?,
            // What the buyer called the request is between them and the orders service.
            key: None,
            version: payload.version,
        };
        Ok(Self { order, sales: Sales { held, sold, version } })
    }
}

impl From<OrderStatus> for OrderStatusPayload {
    fn from(status: OrderStatus) -> Self {
        match status {
            OrderStatus::AwaitingPayment { pay_by } => Self::AwaitingPayment { pay_by: pay_by.into() },
            OrderStatus::Completed { payment, at } => {
                Self::Completed { payment_id: payment.uuid(), completed_at: at.into() }
            }
            OrderStatus::Cancelled { reason, at } => Self::Cancelled {
                reason: match reason {
                    CancelReason::ByBuyer => CancelReasonPayload::ByBuyer,
                    CancelReason::Expired => CancelReasonPayload::Expired,
                },
                cancelled_at: at.into(),
            },
        }
    }
}

impl TryFrom<OrderStatusPayload> for OrderStatus {
    type Error = Undecodable;

    fn try_from(payload: OrderStatusPayload) -> Result<Self, Undecodable> {
        Ok(match payload {
            OrderStatusPayload::AwaitingPayment { pay_by } => Self::AwaitingPayment { pay_by: pay_by.try_into()? },
            OrderStatusPayload::Completed { payment_id, completed_at } => {
                Self::Completed { payment: PaymentId::new(payment_id), at: completed_at.try_into()? }
            }
            OrderStatusPayload::Cancelled { reason, cancelled_at } => Self::Cancelled {
                reason: match reason {
                    CancelReasonPayload::ByBuyer => CancelReason::ByBuyer,
                    CancelReasonPayload::Expired => CancelReason::Expired,
                },
                at: cancelled_at.try_into()?,
            },
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PaymentPayload {
    id: Uuid,
    order_id: Uuid,
    ticket_id: Uuid,
    buyer_id: Uuid,
    total: MoneyPayload,
    #[serde(flatten)]
    status: PaymentStatusPayload,
    started_at: Rfc3339,
    version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "camelCase")]
enum PaymentStatusPayload {
    Pending,
    Captured { reference: Arc<str> },
    Failed { reason: Arc<str> },
    RefundDue { reference: Arc<str> },
    Refunded { reference: Arc<str> },
}

impl From<&Payment> for PaymentPayload {
    fn from(payment: &Payment) -> Self {
        Self {
            id: payment.id.uuid(),
            order_id: payment.order.uuid(),
            ticket_id: payment.ticket.uuid(),
            buyer_id: payment.buyer.uuid(),
            total: payment.total.into(),
            status: match &payment.status {
                PaymentStatus::Pending => PaymentStatusPayload::Pending,
                PaymentStatus::Captured { reference } => {
                    PaymentStatusPayload::Captured { reference: reference.clone() }
                }
                PaymentStatus::Failed { reason } => PaymentStatusPayload::Failed { reason: reason.clone() },
                PaymentStatus::RefundDue { reference } => {
                    PaymentStatusPayload::RefundDue { reference: reference.clone() }
                }
                PaymentStatus::Refunded { reference } => {
                    PaymentStatusPayload::Refunded { reference: reference.clone() }
                }
            },
            started_at: payment.started_at.into(),
            version: payment.version,
        }
    }
}

impl TryFrom<PaymentPayload> for Payment {
    type Error = Undecodable;

    fn try_from(payload: PaymentPayload) -> Result<Self, Undecodable> {
        Ok(Self {
            id: PaymentId::new(payload.id),
            order: OrderId::new(payload.order_id),
            ticket: TicketId::new(payload.ticket_id),
            buyer: AccountId::new(payload.buyer_id),
            total: payload.total.try_into()?,
            status: match payload.status {
                PaymentStatusPayload::Pending => PaymentStatus::Pending,
                PaymentStatusPayload::Captured { reference } => PaymentStatus::Captured { reference },
                PaymentStatusPayload::Failed { reason } => PaymentStatus::Failed { reason },
                PaymentStatusPayload::RefundDue { reference } => PaymentStatus::RefundDue { reference },
                PaymentStatusPayload::Refunded { reference } => PaymentStatus::Refunded { reference },
            },
            started_at: payload.started_at.try_into()?,
            key: None,
            version: payload.version,
        })
    }
}
