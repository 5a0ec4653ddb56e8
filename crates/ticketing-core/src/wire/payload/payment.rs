//! The payload of a payment's events.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::ids::{AccountId, OrderId, PaymentId, TicketId};
use crate::domain::payment::{Payment, PaymentStatus};
use crate::wire::Undecodable;

use super::{MoneyPayload, Rfc3339};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PaymentPayload<'a> {
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
            // What the buyer must do is the buyer's alone, and no event is about it.
            PaymentStatus::Pending | PaymentStatus::AwaitingBuyer { .. } => (PaymentStatusPayload::Pending, None, None),
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
            changed_at: None,
            key: None,
            card: None,
            version: payload.version,
        })
    }
}
