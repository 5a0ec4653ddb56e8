//! Payables as documents.

use bson::{DateTime, Uuid};
use serde::{Deserialize, Serialize};
use ticketing_core::domain::ids::{AccountId, OrderId, PaymentId, TicketId};
use ticketing_core::domain::payment::{Payable, PayableStatus};
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};

use crate::commit::Change;
use crate::document::{MoneyDocument, Record, Wrong, date, encoded, signed, time, unsigned};

/// A field that a payable in this status does not have is null.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PayableDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    ticket: Uuid,
    buyer: Uuid,
    total: MoneyDocument,
    status: Status,
    pay_by: Option<DateTime>,
    order_version: i64,
    live: Option<Uuid>,
    #[serde(default)]
    declined: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Open,
    Completed,
    Cancelled,
}

impl From<PayableStatus> for Status {
    fn from(status: PayableStatus) -> Self {
        match status {
            PayableStatus::Open { .. } => Self::Open,
            PayableStatus::Completed => Self::Completed,
            PayableStatus::Cancelled => Self::Cancelled,
        }
    }
}

pub(super) fn change(payable: &Payable, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let id = Uuid::from(payable.order.uuid());
    let pay_by = match payable.status {
        PayableStatus::Open { pay_by } => Some(date(pay_by)),
        PayableStatus::Completed | PayableStatus::Cancelled => None,
    };
    let document = PayableDocument {
        id,
        ticket: payable.ticket.uuid().into(),
        buyer: payable.buyer.uuid().into(),
        total: payable.total.into(),
        status: payable.status.into(),
        pay_by,
        order_version: signed(payable.order_version),
        live: payable.live.map(|payment| payment.uuid().into()),
        declined: payable.declined,
    };
    Ok(Change {
        collection: PayableDocument::COLLECTION,
        key: RecordKey::Payable(payable.order),
        id,
        document: encoded(&document)?,
        replaces,
        unique: Vec::new(),
    })
}

impl Record for PayableDocument {
    type Domain = Payable;
    const COLLECTION: &'static str = "payables";

    fn into_domain(self) -> Result<Payable, Wrong> {
        let status = match self.status {
            Status::Open => PayableStatus::Open { pay_by: time(self.pay_by.ok_or("no deadline")?) },
            Status::Completed => PayableStatus::Completed,
            Status::Cancelled => PayableStatus::Cancelled,
        };
        Ok(Payable {
            order: OrderId::new(self.id.into()),
            ticket: TicketId::new(self.ticket.into()),
            buyer: AccountId::new(self.buyer.into()),
            total: self.total.try_into()?,
            status,
            order_version: unsigned(self.order_version)?,
            live: self.live.map(|payment| PaymentId::new(payment.into())),
            declined: self.declined,
        })
    }
}
