//! Payments as documents.

use std::sync::Arc;

use bson::spec::BinarySubtype;
use bson::{Binary, DateTime, Uuid, doc};
use mongodb::IndexModel;
use serde::{Deserialize, Serialize};
use ticketing_core::domain::buyer_action::{ActionUrl, BuyerAction, Confirmation};
use ticketing_core::domain::ids::{AccountId, OrderId, PaymentId, TicketId};
use ticketing_core::domain::payment::{CardDigest, Payment, PaymentStatus};
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};

use crate::commit::Change;
use crate::document::{MoneyDocument, Record, Wrong, date, encoded, partial, signed, time, unique, unsigned};

pub(super) fn indexes() -> Vec<IndexModel> {
    vec![
        unique("key_of_buyer", doc! { "buyer": 1, "key": 1 }, doc! { "key": { "$gt": "" } }),
        partial("unsettled", doc! { "unsettled": 1, "_id": 1 }, doc! { "unsettled": true }),
        // The rules see to it already; the database is the second line of defence.
        unique("one_takes_money", doc! { "order": 1 }, doc! { "takes_money": true }),
    ]
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PaymentDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    order: Uuid,
    ticket: Uuid,
    buyer: Uuid,
    total: MoneyDocument,
    status: Status,
    /// The charge as the gateway calls it, or why there is none.
    answer: Option<Arc<str>>,
    /// What the buyer must do before a pending payment goes on. Older releases ignore it: the payment is pending.
    #[serde(default)]
    action: Option<Action>,
    /// Whether the gateway has to be asked.
    unsettled: bool,
    /// Whether money of its order was taken by it, or may be; of one order, one attempt does.
    takes_money: bool,
    started_at: DateTime,
    #[serde(default)]
    changed_at: Option<DateTime>,
    key: Option<String>,
    #[serde(default)]
    card: Option<Binary>,
    version: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Pending,
    Captured,
    Failed,
    RefundDue,
    Refunded,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Action {
    Redirect { url: String },
    Confirm { client_secret: String, reference: String },
}

impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Action(…)")
    }
}

impl From<&BuyerAction> for Action {
    fn from(action: &BuyerAction) -> Self {
        match action {
            BuyerAction::Redirect(url) => Self::Redirect { url: url.expose().to_owned() },
            BuyerAction::Confirm(confirmation) => Self::Confirm {
                client_secret: confirmation.expose().to_owned(),
                reference: confirmation.reference().to_owned(),
            },
        }
    }
}

impl TryFrom<&Action> for BuyerAction {
    type Error = Wrong;

    fn try_from(action: &Action) -> Result<Self, Wrong> {
        match action {
            Action::Redirect { url } => ActionUrl::parse(url).map(Self::Redirect),
            Action::Confirm { client_secret, reference } => {
                Confirmation::parse(client_secret, reference).map(Self::Confirm)
            }
        }
        .map_err(|_| "no action of a buyer")
    }
}

impl PaymentDocument {
    fn of(payment: &Payment) -> Self {
        let (status, answer) = match &payment.status {
            PaymentStatus::Pending | PaymentStatus::AwaitingBuyer { .. } => (Status::Pending, None),
            PaymentStatus::Captured { reference } => (Status::Captured, Some(reference)),
            PaymentStatus::Failed { reason } => (Status::Failed, Some(reason)),
            PaymentStatus::RefundDue { reference } => (Status::RefundDue, Some(reference)),
            PaymentStatus::Refunded { reference } => (Status::Refunded, Some(reference)),
        };
        Self {
            id: payment.id.uuid().into(),
            order: payment.order.uuid().into(),
            ticket: payment.ticket.uuid().into(),
            buyer: payment.buyer.uuid().into(),
            total: payment.total.into(),
            status,
            answer: answer.cloned(),
            action: payment.action().map(Action::from),
            unsettled: matches!(status, Status::Pending | Status::RefundDue),
            takes_money: matches!(status, Status::Pending | Status::Captured | Status::RefundDue),
            started_at: date(payment.started_at),
            changed_at: payment.changed_at.map(date),
            key: payment.key.as_ref().map(ToString::to_string),
            card: payment.card.map(|card| Binary { subtype: BinarySubtype::Generic, bytes: card.bytes().to_vec() }),
            version: signed(payment.version),
        }
    }

    fn status(&self) -> Result<PaymentStatus, Wrong> {
        let answer = self.answer.clone().ok_or("an answer without words");
        Ok(match self.status {
            Status::Pending => match &self.action {
                Some(action) => PaymentStatus::AwaitingBuyer { action: action.try_into()? },
                None => PaymentStatus::Pending,
            },
            Status::Captured => PaymentStatus::Captured { reference: answer? },
            Status::Failed => PaymentStatus::Failed { reason: answer? },
            Status::RefundDue => PaymentStatus::RefundDue { reference: answer? },
            Status::Refunded => PaymentStatus::Refunded { reference: answer? },
        })
    }
}

fn card(digest: Binary) -> Result<CardDigest, Wrong> {
    digest.bytes.try_into().map(CardDigest::from_bytes).map_err(|_| "no digest of a card")
}

pub(super) fn change(payment: &Payment, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let document = PaymentDocument::of(payment);
    let id = document.id;
    let mut unique = Vec::new();
    if let Some(key) = &payment.key {
        let other = doc! { "buyer": document.buyer, "key": key.as_str(), "_id": { "$ne": id } };
        unique.push((RecordKey::PaymentKey(payment.buyer, key.clone()), other));
    }
    if document.takes_money {
        let other = doc! { "order": document.order, "takes_money": true, "_id": { "$ne": id } };
        unique.push((RecordKey::Payable(payment.order), other));
    }
    Ok(Change {
        collection: PaymentDocument::COLLECTION,
        key: RecordKey::Payment(payment.id),
        id,
        document: encoded(&document)?,
        replaces,
        unique,
    })
}

impl Record for PaymentDocument {
    type Domain = Payment;
    const COLLECTION: &'static str = "payments";

    fn into_domain(self) -> Result<Payment, Wrong> {
        Ok(Payment {
            status: self.status()?,
            id: PaymentId::new(self.id.into()),
            order: OrderId::new(self.order.into()),
            ticket: TicketId::new(self.ticket.into()),
            buyer: AccountId::new(self.buyer.into()),
            total: self.total.try_into()?,
            started_at: time(self.started_at),
            changed_at: self.changed_at.map(time),
            key: self.key.map(|key| key.parse()).transpose().map_err(|_| "no idempotency key")?,
            card: self.card.map(card).transpose()?,
            version: unsigned(self.version)?,
        })
    }
}
