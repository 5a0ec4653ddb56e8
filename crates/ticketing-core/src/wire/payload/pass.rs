//! The payload of a pass's events.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::ids::{AccountId, OrderId, PassId, TicketId};
use crate::domain::pass::{Pass, PassStatus, VoidReason};
use crate::wire::Undecodable;

use super::Rfc3339;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PassPayload {
    id: Uuid,
    order_id: Uuid,
    ticket_id: Uuid,
    buyer_id: Uuid,
    place: u32,
    status: PassStatusPayload,
    issued_at: Rfc3339,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    used_at: Option<Rfc3339>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    used_by: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    voided_at: Option<Rfc3339>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reason: Option<VoidReasonPayload>,
    version: u64,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum PassStatusPayload {
    Issued,
    Used,
    Voided,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum VoidReasonPayload {
    OrderCancelled,
    OrderRefunded,
}

impl From<&Pass> for PassPayload {
    fn from(pass: &Pass) -> Self {
        let payload = Self {
            id: pass.id.uuid(),
            order_id: pass.order.uuid(),
            ticket_id: pass.ticket.uuid(),
            buyer_id: pass.buyer.uuid(),
            place: pass.place,
            status: PassStatusPayload::Issued,
            issued_at: pass.issued_at.into(),
            used_at: None,
            used_by: None,
            voided_at: None,
            reason: None,
            version: pass.version,
        };
        payload.with(pass.status)
    }
}

impl PassPayload {
    fn with(self, status: PassStatus) -> Self {
        match status {
            PassStatus::Issued => self,
            PassStatus::Used { at, by } => {
                Self { status: PassStatusPayload::Used, used_at: Some(at.into()), used_by: Some(by.uuid()), ..self }
            }
            PassStatus::Voided { at, reason } => Self {
                status: PassStatusPayload::Voided,
                voided_at: Some(at.into()),
                reason: Some(match reason {
                    VoidReason::OrderCancelled => VoidReasonPayload::OrderCancelled,
                    VoidReason::OrderRefunded => VoidReasonPayload::OrderRefunded,
                }),
                ..self
            },
        }
    }

    fn status(&self) -> Result<PassStatus, Undecodable> {
        let status = match self.status {
            PassStatusPayload::Issued => Some(PassStatus::Issued),
            PassStatusPayload::Used => self
                .used_at
                .zip(self.used_by)
                .map(|(at, by)| PassStatus::Used { at: at.into(), by: AccountId::new(by) }),
            PassStatusPayload::Voided => self.voided_at.zip(self.reason).map(|(at, reason)| {
                let reason = match reason {
                    VoidReasonPayload::OrderCancelled => VoidReason::OrderCancelled,
                    VoidReasonPayload::OrderRefunded => VoidReason::OrderRefunded,
                };
                PassStatus::Voided { at: at.into(), reason }
            }),
        };
        status.ok_or_else(|| Undecodable::new("the pass lacks what its status needs"))
    }
}

impl TryFrom<PassPayload> for Pass {
    type Error = Undecodable;

    fn try_from(payload: PassPayload) -> Result<Self, Undecodable> {
        Ok(Self {
            status: payload.status()?,
            id: PassId::new(payload.id),
            order: OrderId::new(payload.order_id),
            ticket: TicketId::new(payload.ticket_id),
            buyer: AccountId::new(payload.buyer_id),
            place: payload.place,
            issued_at: payload.issued_at.into(),
            version: payload.version,
        })
    }
}
