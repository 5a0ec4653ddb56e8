//! Payments.

use std::fmt;

use serde::{Deserialize, Serialize};
use ticketing_core::domain::ids::{OrderId, PaymentId};
use ticketing_core::domain::payment::{Payment, PaymentStatus};
use uuid::Uuid;

use crate::as_text;

/// A request to pay an order.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PayOrderBody {
    /// The order.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub order_id: Uuid,
    /// Stands for the card, as the gateway's form made it. The sandbox takes `tok_visa`.
    #[cfg_attr(feature = "openapi", schema(example = "tok_visa", max_length = 200))]
    pub token: String,
}

impl fmt::Debug for PayOrderBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PayOrderBody").field("order_id", &self.order_id).finish_non_exhaustive()
    }
}

/// The state of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum PaymentStatusBody {
    /// The gateway has not answered yet; the payment settles without another request.
    Pending,
    /// The money was taken.
    Captured,
    /// The order was cancelled meanwhile, and the money is on its way back.
    RefundDue,
    /// The money went back.
    Refunded,
    /// No money was taken.
    Failed,
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PaymentBody {
    /// Unique id (UUIDv7).
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub id: PaymentId,
    /// The order it pays.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub order_id: OrderId,
    /// Its state.
    pub status: PaymentStatusBody,
}

impl From<Payment> for PaymentBody {
    fn from(payment: Payment) -> Self {
        let status = match payment.status {
            PaymentStatus::Pending => PaymentStatusBody::Pending,
            PaymentStatus::Captured { .. } => PaymentStatusBody::Captured,
            PaymentStatus::RefundDue { .. } => PaymentStatusBody::RefundDue,
            PaymentStatus::Refunded { .. } => PaymentStatusBody::Refunded,
            PaymentStatus::Failed { .. } => PaymentStatusBody::Failed,
        };
        Self { id: payment.id, order_id: payment.order, status }
    }
}
