//! Payments as documents.

use std::sync::Arc;

use rusqlite::types::Value;
use serde::{Deserialize, Serialize};
use ticketing_core::domain::buyer_action::{ActionUrl, BuyerAction, Confirmation};
use ticketing_core::domain::ids::{AccountId, OrderId, PaymentId, TicketId};
use ticketing_core::domain::payment::{CardDigest, Payment, PaymentStatus};
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};
use uuid::Uuid;

use crate::commit::{Change, Guard, Statement};
use crate::document::{Millis, MoneyDocument, Record, Wrong, blob, date, time};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PaymentDocument {
    order: Uuid,
    ticket: Uuid,
    buyer: Uuid,
    total: MoneyDocument,
    status: Status,
    /// The charge as the gateway calls it, or why there is none.
    answer: Option<Arc<str>>,
    /// What the buyer must do before a pending payment goes on.
    #[serde(default)]
    action: Option<Action>,
    started_at: Millis,
    changed_at: Option<Millis>,
    key: Option<String>,
    #[serde(default)]
    card: Option<[u8; 32]>,
    version: u64,
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
            order: payment.order.uuid(),
            ticket: payment.ticket.uuid(),
            buyer: payment.buyer.uuid(),
            total: payment.total.into(),
            status,
            answer: answer.cloned(),
            action: payment.action().map(Action::from),
            started_at: date(payment.started_at),
            changed_at: payment.changed_at.map(date),
            key: payment.key.as_ref().map(ToString::to_string),
            card: payment.card.map(|card| *card.bytes()),
            version: payment.version,
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

impl Status {
    /// Whether the gateway need not be asked.
    const fn is_settled(self) -> bool {
        !matches!(self, Self::Pending | Self::RefundDue)
    }

    /// Whether money of its order was taken by it, or may be; of one order, one attempt does.
    const fn takes_money(self) -> bool {
        matches!(self, Self::Pending | Self::Captured | Self::RefundDue)
    }
}

pub(super) fn change(payment: &Payment, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let document = PaymentDocument::of(payment);
    let (id, buyer, order) = (blob(payment.id.uuid()), blob(document.buyer), blob(document.order));
    let request = payment.key.as_ref().map_or(Value::Null, |key| Value::Text(key.to_string()));
    let mut guards = Vec::new();
    if let Some(key) = &payment.key {
        let sql = "SELECT 1 FROM payments WHERE buyer = ?1 AND request = ?2 AND id <> ?3";
        let other = Statement { sql, params: vec![buyer.clone(), request.clone(), id.clone()] };
        guards.push(Guard { key: RecordKey::PaymentKey(payment.buyer, key.clone()), others: vec![other] });
    }
    if document.status.takes_money() {
        let sql = "SELECT 1 FROM payments WHERE order_id = ?1 AND takes_money AND id <> ?2";
        let other = Statement { sql, params: vec![order.clone(), id] };
        guards.push(Guard { key: RecordKey::Payable(payment.order), others: vec![other] });
    }
    Ok(Change {
        columns: vec![
            ("buyer", buyer),
            ("request", request),
            ("order_id", order),
            ("started_at", Value::Integer(payment.started_at.millis())),
            ("is_settled", document.status.is_settled().into()),
            ("takes_money", document.status.takes_money().into()),
        ],
        guards,
        ..Change::of(RecordKey::Payment(payment.id), payment.id.uuid(), replaces, &document)?
    })
}

impl Record for PaymentDocument {
    type Domain = Payment;
    const TABLE: &'static str = "payments";

    fn into_domain(self, id: Uuid) -> Result<Payment, Wrong> {
        Ok(Payment {
            status: self.status()?,
            id: PaymentId::new(id),
            order: OrderId::new(self.order),
            ticket: TicketId::new(self.ticket),
            buyer: AccountId::new(self.buyer),
            total: self.total.try_into()?,
            started_at: time(self.started_at),
            changed_at: self.changed_at.map(time),
            key: self.key.map(|key| key.parse()).transpose().map_err(|_| "no idempotency key")?,
            card: self.card.map(CardDigest::from_bytes),
            version: self.version,
        })
    }
}
