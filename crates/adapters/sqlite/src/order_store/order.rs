//! Orders as documents.

use std::sync::Arc;

use rusqlite::types::Value;
use serde::{Deserialize, Serialize};
use ticketing_core::domain::account::DisplayName;
use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::ids::{AccountId, OrderId, PaymentId, TicketId};
use ticketing_core::domain::order::{CancelReason, Order, OrderStatus, OrderedTicket, RefundReason};
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};
use uuid::Uuid;

use crate::commit::{Change, Guard, Statement};
use crate::document::{Millis, MoneyDocument, Record, Wrong, blob, date, price, quantity, time};
use crate::facts::FactsDocument;

/// A field that an order in this status does not have is null.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OrderDocument {
    buyer: Uuid,
    ticket: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seller_name: Option<Arc<str>>,
    title: Arc<str>,
    #[serde(default, skip_serializing_if = "FactsDocument::is_empty")]
    event: FactsDocument,
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    attributes: Attributes,
    price: MoneyDocument,
    quantity: u32,
    status: Status,
    pay_by: Option<Millis>,
    ended_at: Option<Millis>,
    payment: Option<Uuid>,
    placed_at: Millis,
    key: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    used: bool,
    version: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    AwaitingPayment,
    Completed,
    CancelledByBuyer,
    Expired,
    CancelledByCallOff,
    RefundedByCallOff,
    RefundedByBuyer,
    RefundedBySeller,
}

impl OrderDocument {
    pub(crate) fn of(order: &Order) -> Self {
        let awaiting = Self {
            buyer: order.buyer.uuid(),
            ticket: order.ticket.id.uuid(),
            seller_name: order.ticket.seller_name.as_ref().map(DisplayName::to_shared),
            title: Arc::clone(&order.ticket.event.title),
            event: FactsDocument::from(&*order.ticket.event),
            attributes: order.ticket.attributes.clone(),
            price: order.ticket.price.money().into(),
            quantity: order.quantity.get(),
            status: Status::AwaitingPayment,
            pay_by: None,
            ended_at: None,
            payment: None,
            placed_at: date(order.placed_at),
            key: order.key.as_ref().map(ToString::to_string),
            used: order.used,
            version: order.version,
        };
        match order.status {
            OrderStatus::AwaitingPayment { pay_by } => Self { pay_by: Some(date(pay_by)), ..awaiting },
            OrderStatus::Completed { payment, at } => {
                Self { status: Status::Completed, payment: Some(payment.uuid()), ended_at: Some(date(at)), ..awaiting }
            }
            OrderStatus::Refunded { payment, reason, at } => {
                let status = match reason {
                    RefundReason::CalledOff => Status::RefundedByCallOff,
                    RefundReason::ByBuyer => Status::RefundedByBuyer,
                    RefundReason::BySeller => Status::RefundedBySeller,
                };
                Self { status, payment: Some(payment.uuid()), ended_at: Some(date(at)), ..awaiting }
            }
            OrderStatus::Cancelled { reason, at } => {
                let status = match reason {
                    CancelReason::ByBuyer => Status::CancelledByBuyer,
                    CancelReason::Expired => Status::Expired,
                    CancelReason::CalledOff => Status::CancelledByCallOff,
                };
                Self { status, ended_at: Some(date(at)), ..awaiting }
            }
        }
    }

    fn status(&self) -> Result<OrderStatus, Wrong> {
        let ended_at = self.ended_at.map(time).ok_or("an end without a time");
        let payment = self.payment.map(PaymentId::new).ok_or("a completion without a payment");
        let cancelled = |reason| Ok(OrderStatus::Cancelled { reason, at: ended_at? });
        let refunded = |reason| Ok(OrderStatus::Refunded { payment: payment?, reason, at: ended_at? });
        match self.status {
            Status::AwaitingPayment => {
                Ok(OrderStatus::AwaitingPayment { pay_by: time(self.pay_by.ok_or("no deadline")?) })
            }
            Status::Completed => Ok(OrderStatus::Completed { payment: payment?, at: ended_at? }),
            Status::RefundedByCallOff => refunded(RefundReason::CalledOff),
            Status::RefundedByBuyer => refunded(RefundReason::ByBuyer),
            Status::RefundedBySeller => refunded(RefundReason::BySeller),
            Status::CancelledByBuyer => cancelled(CancelReason::ByBuyer),
            Status::Expired => cancelled(CancelReason::Expired),
            Status::CancelledByCallOff => cancelled(CancelReason::CalledOff),
        }
    }
}

pub(super) fn change(order: &Order, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let (id, buyer) = (order.id.uuid(), order.buyer.uuid());
    let request = order.key.as_ref().map_or(Value::Null, |key| Value::Text(key.to_string()));
    let guard = order.key.as_ref().map(|key| Guard {
        key: RecordKey::OrderKey(order.buyer, key.clone()),
        others: vec![Statement {
            sql: "SELECT 1 FROM orders WHERE buyer = ?1 AND request = ?2 AND id <> ?3",
            params: vec![blob(buyer), request.clone(), blob(id)],
        }],
    });
    let pay_by = order.pay_by().map_or(Value::Null, |pay_by| Value::Integer(pay_by.millis()));
    let is_paid = matches!(order.status, OrderStatus::Completed { .. } | OrderStatus::Refunded { .. });
    Ok(Change {
        columns: vec![
            ("buyer", blob(buyer)),
            ("ticket", blob(order.ticket.id.uuid())),
            ("request", request),
            ("pay_by", pay_by),
            ("is_paid", is_paid.into()),
            ("is_completed", order.is_completed().into()),
        ],
        guards: guard.into_iter().collect(),
        ..Change::of(RecordKey::Order(order.id), id, replaces, &OrderDocument::of(order))?
    })
}

impl Record for OrderDocument {
    type Domain = Order;
    const TABLE: &'static str = "orders";

    fn into_domain(self, id: Uuid) -> Result<Order, Wrong> {
        Ok(Order {
            status: self.status()?,
            id: OrderId::new(id),
            buyer: AccountId::new(self.buyer),
            ticket: OrderedTicket {
                id: TicketId::new(self.ticket),
                seller_name: self.seller_name.as_deref().map(DisplayName::from_stored),
                event: self.event.into_domain(self.title).into(),
                attributes: self.attributes,
                price: price(self.price)?,
            },
            quantity: quantity(self.quantity)?,
            placed_at: time(self.placed_at),
            key: self.key.map(|key| key.parse()).transpose().map_err(|_| "no idempotency key")?,
            used: self.used,
            version: self.version,
        })
    }
}
