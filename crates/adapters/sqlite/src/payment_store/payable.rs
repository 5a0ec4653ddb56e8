//! Payables as documents.

use serde::{Deserialize, Serialize};
use ticketing_core::domain::ids::{AccountId, OrderId, PaymentId, TicketId};
use ticketing_core::domain::payment::{Payable, PayableStatus};
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};
use uuid::Uuid;

use crate::commit::Change;
use crate::document::{Millis, MoneyDocument, Record, Wrong, date, time};

/// A field that a payable in this status does not have is null.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PayableDocument {
    ticket: Uuid,
    buyer: Uuid,
    total: MoneyDocument,
    status: Status,
    pay_by: Option<Millis>,
    order_version: u64,
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
    let id = payable.order.uuid();
    let pay_by = match payable.status {
        PayableStatus::Open { pay_by } => Some(date(pay_by)),
        PayableStatus::Completed | PayableStatus::Cancelled => None,
    };
    let document = PayableDocument {
        ticket: payable.ticket.uuid(),
        buyer: payable.buyer.uuid(),
        total: payable.total.into(),
        status: payable.status.into(),
        pay_by,
        order_version: payable.order_version,
        live: payable.live.map(|payment| payment.uuid()),
        declined: payable.declined,
    };
    Change::of(RecordKey::Payable(payable.order), id, replaces, &document)
}

impl Record for PayableDocument {
    type Domain = Payable;
    const TABLE: &'static str = "payables";

    fn into_domain(self, id: Uuid) -> Result<Payable, Wrong> {
        let status = match self.status {
            Status::Open => PayableStatus::Open { pay_by: time(self.pay_by.ok_or("no deadline")?) },
            Status::Completed => PayableStatus::Completed,
            Status::Cancelled => PayableStatus::Cancelled,
        };
        Ok(Payable {
            order: OrderId::new(id),
            ticket: TicketId::new(self.ticket),
            buyer: AccountId::new(self.buyer),
            total: self.total.try_into()?,
            status,
            order_version: self.order_version,
            live: self.live.map(PaymentId::new),
            declined: self.declined,
        })
    }
}
