//! Payments.

use std::fmt;

use serde::{Deserialize, Serialize};
use ticketing_core::domain::buyer_action::BuyerAction;
use ticketing_core::domain::ids::{OrderId, PaymentId};
use ticketing_core::domain::money::Money;
use ticketing_core::domain::payment::{Payment, PaymentStatus};
use ticketing_core::domain::time::Timestamp;
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
    /// Stands for the card, as the gateway's form made it: `tok_visa` for the sandbox, the id of a payment method for
    /// Stripe, or `hosted` for a page of Stripe, where the buyer enters a card.
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
    /// It has not ended: the buyer must do what `action` says, or the gateway has not answered yet. It settles without
    /// another request.
    Pending,
    /// The money was taken.
    Captured,
    /// The order was cancelled or refunded, and the money is on its way back.
    Refunding,
    /// The money went back.
    Refunded,
    /// No money was taken, and none will be.
    Declined,
}

/// What the buyer must do before a payment goes on. It is for nobody else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum BuyerActionBody {
    /// Open an address of the payment provider.
    Redirect {
        /// `https`, or `http` on loopback.
        url: String,
    },
    /// Confirm in the payment provider's own script.
    Confirm {
        /// By which the script acts for the buyer.
        client_secret: String,
        /// The provider's public reference of the payment.
        reference: String,
    },
}

impl fmt::Debug for BuyerActionBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BuyerActionBody(…)")
    }
}

impl From<&BuyerAction> for BuyerActionBody {
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

/// Whose payments are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PaymentQuery {
    /// The id of the order.
    #[cfg_attr(feature = "openapi", param(value_type = String, format = "uuid"))]
    pub order_id: Uuid,
}

/// Payments of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PaymentList {
    /// The payment in progress, or the one that took the money; attempts that failed are not kept here.
    pub items: Vec<PaymentBody>,
}

impl From<Option<Payment>> for PaymentList {
    fn from(payment: Option<Payment>) -> Self {
        Self { items: payment.into_iter().map(PaymentBody::from).collect() }
    }
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
    /// How much it is about: all of it is taken, and all of it goes back.
    #[serde(with = "crate::money")]
    #[cfg_attr(feature = "openapi", schema(value_type = crate::money::MoneyBody))]
    pub amount: Money,
    /// When it was started.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub started_at: Timestamp,
    /// When its status last changed; absent while it never did, and for payments of earlier releases.
    #[serde(with = "as_text::optional", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date-time"))]
    pub changed_at: Option<Timestamp>,
    /// What the buyer must do before a pending payment goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<BuyerActionBody>,
}

impl From<Payment> for PaymentBody {
    fn from(payment: Payment) -> Self {
        let action = payment.action().map(BuyerActionBody::from);
        let status = match payment.status {
            PaymentStatus::Pending | PaymentStatus::AwaitingBuyer { .. } => PaymentStatusBody::Pending,
            PaymentStatus::Captured { .. } => PaymentStatusBody::Captured,
            PaymentStatus::RefundDue { .. } => PaymentStatusBody::Refunding,
            PaymentStatus::Refunded { .. } => PaymentStatusBody::Refunded,
            PaymentStatus::Failed { .. } => PaymentStatusBody::Declined,
        };
        let (amount, started_at, changed_at) = (payment.total, payment.started_at, payment.changed_at);
        Self { id: payment.id, order_id: payment.order, status, amount, started_at, changed_at, action }
    }
}
