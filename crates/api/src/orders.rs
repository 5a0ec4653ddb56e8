//! Orders.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ticketing_core::domain::account::DisplayName;
use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::event_facts::{EventFacts, Seating};
use ticketing_core::domain::ids::{OrderId, TicketId};
use ticketing_core::domain::money::Money;
use ticketing_core::domain::order::{CancelReason, Order, OrderStatus, OrderedTicket, RefundReason};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::domain::time_zone::TimeZone;
use uuid::Uuid;

use crate::as_text;
use crate::event_facts::FactsKnownBody;
use crate::money::MoneyBody;

/// A request to hold places of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlaceOrderBody {
    /// The ticket.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub ticket_id: Uuid,
    /// The number of places; one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000))]
    pub quantity: Option<u32>,
    /// The price of one place that the buyer saw. If it has changed since, nothing is ordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<MoneyBody>,
    /// The `factsTag` of the ticket that the buyer saw. If what, where or when has changed since, nothing is ordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(example = "8eeef02a39185cfc2295ba81", min_length = 24, max_length = 24))]
    pub facts_tag: Option<String>,
}

/// The state of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum OrderStatusBody {
    /// The places are held until `payBy`.
    AwaitingPayment,
    /// The places belong to the buyer.
    Completed,
    /// The places were the buyer's and were taken back; the money goes back.
    Refunded,
    /// The places were released.
    Cancelled,
}

/// Why an order was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum CancelReasonBody {
    /// The buyer cancelled it.
    ByBuyer,
    /// Nobody paid in time.
    Expired,
    /// The event was called off.
    CalledOff,
}

/// Why an order was refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum RefundReasonBody {
    /// The event was called off.
    CalledOff,
    /// The buyer gave it back, because the event was rescheduled.
    ByBuyer,
    /// The seller took it back.
    BySeller,
}

/// The ticket as it was when it was ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderedTicketBody {
    /// Unique id (UUIDv7).
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub id: TicketId,
    /// What its seller was called at that time; absent if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "Ada Lovelace"))]
    pub seller_name: Option<Arc<str>>,
    /// Its title at that time.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub title: Arc<str>,
    /// The venue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub venue: Option<Arc<str>>,
    /// The city.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub city: Option<Arc<str>>,
    /// When the event begins.
    #[serde(with = "as_text::optional", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date-time"))]
    pub starts_at: Option<Timestamp>,
    /// The time zone of the place, a name of the IANA database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub time_zone: Option<Arc<str>>,
    /// Where one sits or stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub section: Option<Arc<str>>,
    /// The row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub row: Option<Arc<str>>,
    /// The seats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub seats: Option<Arc<str>>,
    /// Whether all places are side by side.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub together: bool,
    /// Which of these facts are known; all if absent.
    #[serde(default, skip_serializing_if = "FactsKnownBody::is_all")]
    pub facts_known: FactsKnownBody,
    /// Its attributes at that time.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub attributes: Attributes,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderBody {
    /// Unique id (UUIDv7).
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub id: OrderId,
    /// Its state.
    pub status: OrderStatusBody,
    /// The deadline for payment, while it awaits payment.
    #[serde(with = "as_text::optional", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date-time"))]
    pub pay_by: Option<Timestamp>,
    /// The number of places.
    pub quantity: u32,
    /// The price of one place when it was ordered.
    #[serde(with = "crate::money")]
    #[cfg_attr(feature = "openapi", schema(value_type = crate::money::MoneyBody))]
    pub price: Money,
    /// What the buyer pays.
    #[serde(with = "crate::money")]
    #[cfg_attr(feature = "openapi", schema(value_type = crate::money::MoneyBody))]
    pub total: Money,
    /// What was ordered.
    pub ticket: OrderedTicketBody,
    /// When it was placed.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub placed_at: Timestamp,
    /// When it was paid.
    #[serde(with = "as_text::optional", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date-time"))]
    pub completed_at: Option<Timestamp>,
    /// When it was refunded.
    #[serde(with = "as_text::optional", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date-time"))]
    pub refunded_at: Option<Timestamp>,
    /// Why it was refunded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_reason: Option<RefundReasonBody>,
    /// When it was cancelled.
    #[serde(with = "as_text::optional", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date-time"))]
    pub cancelled_at: Option<Timestamp>,
    /// Why it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_reason: Option<CancelReasonBody>,
    /// Rises with every change.
    pub version: u64,
}

/// A page of orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderPage {
    /// The orders, newest first.
    pub items: Vec<OrderBody>,
    /// Asks for the next page; null after the last.
    pub next_cursor: Option<String>,
}

impl OrderedTicketBody {
    /// The facts of the event.
    #[must_use]
    pub fn event(&self) -> EventFacts {
        let (section, row, seats) = (self.section.clone(), self.row.clone(), self.seats.clone());
        EventFacts {
            title: Arc::clone(&self.title),
            venue: self.venue.clone(),
            city: self.city.clone(),
            starts_at: self.starts_at,
            time_zone: self.time_zone.clone().map(TimeZone::stored),
            seating: Seating { section, row, seats, together: self.together },
            known: self.facts_known.into(),
        }
    }
}

impl From<OrderedTicket> for OrderedTicketBody {
    fn from(OrderedTicket { id, seller_name, event, attributes, .. }: OrderedTicket) -> Self {
        let Seating { section, row, seats, together } = event.seating.clone();
        Self {
            id,
            seller_name: seller_name.as_ref().map(DisplayName::to_shared),
            title: Arc::clone(&event.title),
            venue: event.venue.clone(),
            city: event.city.clone(),
            starts_at: event.starts_at,
            time_zone: event.time_zone.clone().map(Into::into),
            section,
            row,
            seats,
            together,
            facts_known: event.known.into(),
            attributes,
        }
    }
}

impl From<Order> for OrderBody {
    fn from(order: Order) -> Self {
        let total = order.total();
        let body = Self {
            id: order.id,
            status: OrderStatusBody::AwaitingPayment,
            pay_by: None,
            quantity: order.quantity.get(),
            price: order.ticket.price.money(),
            total,
            ticket: order.ticket.into(),
            placed_at: order.placed_at,
            completed_at: None,
            refunded_at: None,
            refund_reason: None,
            cancelled_at: None,
            cancel_reason: None,
            version: order.version,
        };
        match order.status {
            OrderStatus::AwaitingPayment { pay_by } => Self { pay_by: Some(pay_by), ..body },
            OrderStatus::Completed { at, .. } => {
                Self { status: OrderStatusBody::Completed, completed_at: Some(at), ..body }
            }
            OrderStatus::Refunded { reason, at, .. } => Self {
                status: OrderStatusBody::Refunded,
                refunded_at: Some(at),
                refund_reason: Some(reason.into()),
                ..body
            },
            OrderStatus::Cancelled { reason, at } => Self {
                status: OrderStatusBody::Cancelled,
                cancelled_at: Some(at),
                cancel_reason: Some(reason.into()),
                ..body
            },
        }
    }
}

impl From<CancelReason> for CancelReasonBody {
    fn from(reason: CancelReason) -> Self {
        match reason {
            CancelReason::ByBuyer => Self::ByBuyer,
            CancelReason::Expired => Self::Expired,
            CancelReason::CalledOff => Self::CalledOff,
        }
    }
}

impl From<RefundReason> for RefundReasonBody {
    fn from(reason: RefundReason) -> Self {
        match reason {
            RefundReason::CalledOff => Self::CalledOff,
            RefundReason::ByBuyer => Self::ByBuyer,
            RefundReason::BySeller => Self::BySeller,
        }
    }
}
