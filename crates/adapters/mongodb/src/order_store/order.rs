//! Orders as documents.

use std::sync::Arc;
use std::time::Duration;

use bson::raw::{RawBsonRef, cstr};
use bson::{DateTime, Document, RawDocument, Uuid, doc};
use mongodb::IndexModel;
use serde::{Deserialize, Serialize};
use ticketing_core::domain::account::DisplayName;
use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::event_facts::FactsKnown;
use ticketing_core::domain::ids::{AccountId, OrderId, PaymentId, TicketId};
use ticketing_core::domain::order::{CancelReason, IdempotencyKey, Order, OrderStatus, OrderedTicket, RefundReason};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::order_store::OverdueCursor;
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};

use crate::commit::Change;
use crate::document::{
    MoneyDocument, Record, Wrong, date, encoded, index, partial, price, quantity, signed, time, unique, unsigned,
};
use crate::facts::{FactsDocument, title_alone};

/// Before every deadline; an order without one is not in the index of deadlines.
pub(super) const NEVER: DateTime = DateTime::MIN;

pub(super) fn indexes() -> Vec<IndexModel> {
    vec![
        index("of_buyer", doc! { "buyer": 1, "_id": -1 }),
        index("of_ticket", doc! { "ticket": 1, "_id": -1 }),
        unique("key_of_buyer", doc! { "buyer": 1, "key": 1 }, doc! { "key": { "$gt": "" } }),
        partial("deadline", doc! { "pay_by": 1, "_id": 1 }, doc! { "pay_by": { "$gt": NEVER } }),
    ]
}

/// Unpaid orders of these buyers that were placed since then; `None` if there are no buyers.
///
/// A separate index would be written by every order and again by its end; these are few.
pub(super) fn unpaid(buyers: &[AccountId], since: Timestamp) -> Option<Document> {
    let buyers: Vec<Uuid> = buyers.iter().map(|buyer| buyer.uuid().into()).collect();
    let since = Uuid::from(OrderId::earliest_at(since).uuid());
    let unpaid = doc! { "buyer": { "$in": &buyers }, "_id": { "$gte": since }, "status": { "$ne": "completed" } };
    (!buyers.is_empty()).then_some(unpaid)
}

/// Orders that were due by a deadline, behind a place in their list.
pub(super) fn overdue(deadline: Timestamp, after: Option<OverdueCursor>) -> Document {
    let Some(OverdueCursor { pay_by, id }) = after else {
        return doc! { "pay_by": { "$gt": NEVER, "$lte": date(deadline) } };
    };
    let further = [doc! { "pay_by": { "$gt": date(pay_by) } }, doc! { "_id": { "$gt": Uuid::from(id.uuid()) } }];
    // The first condition is the one by which the index of deadlines is known to have them all.
    let due = doc! { "pay_by": { "$gt": NEVER, "$gte": date(pay_by), "$lte": date(deadline) } };
    doc! { "$and": [due, { "$or": further.to_vec() }] }
}

/// More than the clocks of two services ever differ.
const SKEW: Duration = Duration::from_secs(24 * 60 * 60);

/// Completed orders of these buyers for these tickets; `None` if none are asked for.
///
/// They are found among the orders that a buyer placed since the ticket was listed. A separate index made the end
/// of every order a fifth slower, because an update computes the keys of all indexes.
pub(super) fn bought(pairs: &[(AccountId, TicketId)]) -> Option<Document> {
    let pair = |(buyer, ticket): &(AccountId, TicketId)| {
        let listed_at = ticket.drawn_at().unwrap_or(Timestamp::EPOCH);
        let since = Uuid::from(OrderId::earliest_at(listed_at.before(SKEW)).uuid());
        let (buyer, ticket) = (Uuid::from(buyer.uuid()), Uuid::from(ticket.uuid()));
        doc! { "buyer": buyer, "_id": { "$gte": since }, "ticket": ticket, "status": "completed" }
    };
    (!pairs.is_empty()).then(|| doc! { "$or": pairs.iter().map(pair).collect::<Vec<_>>() })
}

/// Whether an order that cannot be read may have one of these keys: its own cannot be read either, so no key finds it.
pub(super) fn may_have_one_of(order: &RawDocument, keys: &[(AccountId, IdempotencyKey)]) -> bool {
    let is_known = match order.get(cstr!("key")) {
        Ok(None | Some(RawBsonRef::Null)) => true,
        Ok(Some(RawBsonRef::String(key))) => key.parse::<IdempotencyKey>().is_ok(),
        Ok(Some(_)) | Err(_) => false,
    };
    let is_theirs =
        |buyer: &AccountId| order.get_binary(cstr!("buyer")).is_ok_and(|found| found.bytes == buyer.uuid().as_bytes());
    !is_known && keys.iter().any(|(buyer, _)| is_theirs(buyer))
}

/// A field that an order in this status does not have is null.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OrderDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    buyer: Uuid,
    ticket: Uuid,
    /// It never changes, so none need not be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seller_name: Option<Arc<str>>,
    title: Arc<str>,
    /// What it freezes beside the title; orders of releases before have none.
    #[serde(default)]
    event: Option<FactsDocument>,
    /// They never change, so none need not be written.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    attributes: Attributes,
    price: MoneyDocument,
    quantity: u32,
    status: Status,
    pay_by: Option<DateTime>,
    ended_at: Option<DateTime>,
    payment: Option<Uuid>,
    placed_at: DateTime,
    key: Option<String>,
    /// Whether somebody was let in; that is never taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    used: bool,
    version: i64,
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
    fn of(order: &Order) -> Self {
        let event = &order.ticket.event;
        let awaiting = Self {
            id: order.id.uuid().into(),
            buyer: order.buyer.uuid().into(),
            ticket: order.ticket.id.uuid().into(),
            seller_name: order.ticket.seller_name.as_ref().map(DisplayName::to_shared),
            title: Arc::clone(&event.title),
            event: (event.known > FactsKnown::Title).then(|| (&**event).into()),
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
            version: signed(order.version),
        };
        match order.status {
            OrderStatus::AwaitingPayment { pay_by } => Self { pay_by: Some(date(pay_by)), ..awaiting },
            OrderStatus::Completed { payment, at } => Self {
                status: Status::Completed,
                payment: Some(payment.uuid().into()),
                ended_at: Some(date(at)),
                ..awaiting
            },
            OrderStatus::Refunded { payment, reason, at } => {
                let status = match reason {
                    RefundReason::CalledOff => Status::RefundedByCallOff,
                    RefundReason::ByBuyer => Status::RefundedByBuyer,
                    RefundReason::BySeller => Status::RefundedBySeller,
                };
                Self { status, payment: Some(payment.uuid().into()), ended_at: Some(date(at)), ..awaiting }
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
        let payment = self.payment.map(|id| PaymentId::new(id.into())).ok_or("a completion without a payment");
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
    let id = Uuid::from(order.id.uuid());
    let unique = order.key.as_ref().map(|key| {
        let buyer = Uuid::from(order.buyer.uuid());
        let other = doc! { "buyer": buyer, "key": key.as_str(), "_id": { "$ne": id } };
        (RecordKey::OrderKey(order.buyer, key.clone()), other)
    });
    Ok(Change {
        collection: OrderDocument::COLLECTION,
        key: RecordKey::Order(order.id),
        id,
        document: encoded(&OrderDocument::of(order))?,
        replaces,
        unique: unique.into_iter().collect(),
    })
}

/// Writes another service's replica of an order. The key stays with the service that it guards.
pub(crate) fn order_replica(order: &Order, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let key = RecordKey::OrderReplica(order.id);
    change(order, replaces).map(|change| Change { key, unique: Vec::new(), ..change })
}

impl Record for OrderDocument {
    type Domain = Order;
    const COLLECTION: &'static str = "orders";

    fn into_domain(self) -> Result<Order, Wrong> {
        let status = self.status()?;
        let title = self.title;
        let event = match self.event {
            Some(facts) => facts.into_domain(title),
            None => title_alone(title),
        };
        Ok(Order {
            status,
            id: OrderId::new(self.id.into()),
            buyer: AccountId::new(self.buyer.into()),
            ticket: OrderedTicket {
                id: TicketId::new(self.ticket.into()),
                seller_name: self.seller_name.as_deref().map(DisplayName::from_stored),
                event: event.into(),
                attributes: self.attributes,
                price: price(self.price)?,
            },
            quantity: quantity(self.quantity)?,
            placed_at: time(self.placed_at),
            key: self.key.map(|key| key.parse()).transpose().map_err(|_| "no idempotency key")?,
            used: self.used,
            version: unsigned(self.version)?,
        })
    }
}
