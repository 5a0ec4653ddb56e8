//! The payload of an order's events.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::account::DisplayName;
use crate::domain::attributes::Attributes;
use crate::domain::event_facts::{EventFacts, FactsKnown, Seating};
use crate::domain::ids::{AccountId, OrderId, PaymentId, TicketId};
use crate::domain::order::{CancelReason, Order, OrderChange, OrderStatus, OrderedTicket, RefundReason};
use crate::domain::time::Timestamp;
use crate::domain::time_zone::TimeZone;
use crate::wire::Undecodable;

use super::{FactsKnownPayload, MoneyPayload, Rfc3339, SalesPayload, price, quantity};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderPayload<'a> {
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
    refund_reason: Option<RefundReasonPayload>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    refunded_at: Option<Rfc3339>,
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
    #[serde(skip_serializing_if = "Option::is_none", default)]
    seller_name: Option<Arc<str>>,
    title: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    venue: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    city: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    starts_at: Option<Rfc3339>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    time_zone: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    section: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    row: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    seats: Option<Arc<str>>,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    together: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    facts_known: Option<FactsKnownPayload>,
    #[serde(skip_serializing_if = "Attributes::is_empty", default)]
    attributes: Attributes,
    #[serde(borrow)]
    price: MoneyPayload<'a>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum OrderStatusPayload {
    AwaitingPayment,
    Completed,
    Refunded,
    Cancelled,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum CancelReasonPayload {
    ByBuyer,
    Expired,
    CalledOff,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum RefundReasonPayload {
    CalledOff,
    ByBuyer,
    BySeller,
}

impl From<&OrderChange> for OrderPayload<'_> {
    fn from(change: &OrderChange) -> Self {
        let OrderChange { order, sales } = change;
        let event = &order.ticket.event;
        let Seating { section, row, seats, together } = &event.seating;
        let payload = Self {
            id: order.id.uuid(),
            buyer_id: order.buyer.uuid(),
            ticket: OrderedTicketPayload {
                id: order.ticket.id.uuid(),
                seller_name: order.ticket.seller_name.as_ref().map(DisplayName::to_shared),
                title: Arc::clone(&event.title),
                venue: event.venue.clone(),
                city: event.city.clone(),
                starts_at: event.starts_at.map(Into::into),
                time_zone: event.time_zone.clone().map(Into::into),
                section: section.clone(),
                row: row.clone(),
                seats: seats.clone(),
                together: *together,
                facts_known: FactsKnownPayload::unless(FactsKnown::Title, event.known),
                attributes: order.ticket.attributes.clone(),
                price: order.ticket.price.money().into(),
            },
            quantity: order.quantity.get(),
            status: OrderStatusPayload::AwaitingPayment,
            pay_by: None,
            payment_id: None,
            completed_at: None,
            refund_reason: None,
            refunded_at: None,
            reason: None,
            cancelled_at: None,
            placed_at: order.placed_at.into(),
            version: order.version,
            sales: (*sales).into(),
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
            OrderStatus::Refunded { payment, reason, at } => Self {
                status: OrderStatusPayload::Refunded,
                payment_id: Some(payment.uuid()),
                refund_reason: Some(reason.into()),
                refunded_at: Some(at.into()),
                ..self
            },
            OrderStatus::Cancelled { reason, at } => Self {
                status: OrderStatusPayload::Cancelled,
                reason: Some(match reason {
                    CancelReason::ByBuyer => CancelReasonPayload::ByBuyer,
                    CancelReason::Expired => CancelReasonPayload::Expired,
                    CancelReason::CalledOff => CancelReasonPayload::CalledOff,
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
            OrderStatusPayload::Refunded => {
                let payment = self.payment_id.map(PaymentId::new);
                let refund = self.refund_reason.zip(self.refunded_at);
                payment.zip(refund).map(|(payment, (reason, at))| OrderStatus::Refunded {
                    payment,
                    reason: reason.into(),
                    at: at.into(),
                })
            }
            OrderStatusPayload::Cancelled => self.reason.zip(self.cancelled_at).map(|(reason, at)| {
                let reason = match reason {
                    CancelReasonPayload::ByBuyer => CancelReason::ByBuyer,
                    CancelReasonPayload::Expired => CancelReason::Expired,
                    CancelReasonPayload::CalledOff => CancelReason::CalledOff,
                };
                OrderStatus::Cancelled { reason, at: at.into() }
            }),
        };
        status.ok_or_else(|| Undecodable::new("the order lacks what its status needs"))
    }
}

impl From<RefundReason> for RefundReasonPayload {
    fn from(reason: RefundReason) -> Self {
        match reason {
            RefundReason::CalledOff => Self::CalledOff,
            RefundReason::ByBuyer => Self::ByBuyer,
            RefundReason::BySeller => Self::BySeller,
        }
    }
}

impl From<RefundReasonPayload> for RefundReason {
    fn from(reason: RefundReasonPayload) -> Self {
        match reason {
            RefundReasonPayload::CalledOff => Self::CalledOff,
            RefundReasonPayload::ByBuyer => Self::ByBuyer,
            RefundReasonPayload::BySeller => Self::BySeller,
        }
    }
}

impl TryFrom<OrderPayload<'_>> for OrderChange {
    type Error = Undecodable;

    fn try_from(payload: OrderPayload<'_>) -> Result<Self, Undecodable> {
        let status = payload.status()?;
        let ticket = payload.ticket;
        let event = EventFacts {
            title: ticket.title,
            venue: ticket.venue,
            city: ticket.city,
            starts_at: ticket.starts_at.map(Timestamp::from),
            time_zone: ticket.time_zone.map(TimeZone::stored),
            seating: Seating {
                section: ticket.section,
                row: ticket.row,
                seats: ticket.seats,
                together: ticket.together,
            },
            known: ticket.facts_known.map_or(FactsKnown::Title, Into::into),
        };
        let order = Order {
            id: OrderId::new(payload.id),
            buyer: AccountId::new(payload.buyer_id),
            ticket: OrderedTicket {
                id: TicketId::new(ticket.id),
                seller_name: ticket.seller_name.as_deref().map(DisplayName::from_stored),
                event: event.into(),
                attributes: ticket.attributes,
                price: price(ticket.price)?,
            },
            quantity: quantity(payload.quantity)?,
            status,
            placed_at: payload.placed_at.into(),
            // What the buyer called the request is between them and the orders service.
            key: None,
            // So is what it has heard of the door.
            used: false,
            version: payload.version,
        };
        Ok(Self { order, sales: payload.sales.into() })
    }
}
