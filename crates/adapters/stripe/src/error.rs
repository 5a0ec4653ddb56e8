//! Failures of Stripe as decisions of the caller. No error shows a key, a secret or a card token.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use ticketing_core::ports::BoxError;
use ticketing_core::ports::gateway::GatewayError;

/// The configuration is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StripeError {
    /// Copy it again.
    #[error("the key is not like sk_… or rk_…")]
    Key,
    /// Copy them again.
    #[error("a webhook secret is not like whsec_…, or there is none")]
    WebhookSecret,
    /// Write it like `https://tickets.example/orders`.
    #[error("the address of orders must be https, or http on loopback")]
    OrdersUrl,
    /// Write it like `https://api.stripe.com`.
    #[error("the address of the API must be https, or http on loopback")]
    Url,
    /// Build with another version of rustls.
    #[error("TLS cannot be used: the cryptography has no version of it")]
    Tls,
}

/// Why a request gave no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// Stripe refused it: it did nothing, and would do nothing if it were sent again.
    #[error("Stripe refused the request")]
    Refused(#[source] Refusal),
    /// No usable answer: it may have been carried out.
    #[error("Stripe gave no usable answer")]
    Unanswered(#[source] BoxError),
}

/// Stripe's error object.
///
/// Its message is not kept, because it may quote what was sent, such as a card token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, thiserror::Error)]
#[serde(default)]
pub(crate) struct Refusal {
    #[serde(rename = "type")]
    kind: Option<Arc<str>>,
    code: Option<Arc<str>>,
    decline_code: Option<Arc<str>>,
    pub(crate) param: Option<Arc<str>>,
}

impl Refusal {
    /// The most specific code.
    pub(crate) fn reason(&self) -> Arc<str> {
        let codes = [&self.decline_code, &self.code, &self.kind].into_iter().flatten();
        codes.into_iter().next().cloned().unwrap_or_else(|| "declined".into())
    }

    pub(crate) fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason())?;
        self.param.as_ref().map_or(Ok(()), |param| write!(f, " ({param})"))
    }
}

/// An answer that does not say whether the request was carried out.
#[derive(Debug, thiserror::Error)]
#[error("status {status}: {refusal}, request {request_id}")]
pub(crate) struct NoAnswer {
    pub(crate) status: u16,
    pub(crate) refusal: Refusal,
    /// Identifies the request in Stripe's logs.
    pub(crate) request_id: String,
}

/// The attempt has no result yet.
#[derive(Debug, thiserror::Error)]
#[error("the attempt is still being processed")]
pub(crate) struct Processing;

/// Stripe has no exact form of the amount.
#[derive(Debug, thiserror::Error)]
#[error("Stripe cannot charge or refund exactly this amount")]
pub(crate) struct NotChargeable;

pub(crate) fn unavailable(error: impl Into<BoxError>) -> GatewayError {
    GatewayError::Unavailable(error.into())
}
