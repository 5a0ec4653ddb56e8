//! A payment provider that can be asked about an attempt and cannot be told to refuse it.

use std::fmt;

use async_trait::async_trait;

use crate::domain::ids::PaymentId;
use crate::domain::payment::CaptureOutcome;
use crate::domain::time::Timestamp;

use super::gateway::{Capture, GatewayError, GatewayNotice, Refund, UnverifiedNotice};

/// Charges cards, once for each payment, but cannot close the key of a payment that it has not seen.
///
/// [`ClosingGateway`](crate::usecase::payments::ClosingGateway) makes a
/// [`PaymentGateway`](super::gateway::PaymentGateway) of it; the rules of gateways apply to the two together.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PaymentProvider: Send + Sync + fmt::Debug + 'static {
    /// As [`PaymentGateway::capture`](super::gateway::PaymentGateway::capture).
    ///
    /// # Errors
    ///
    /// [`GatewayError::Unavailable`]: the money may have been taken.
    async fn capture(&self, capture: &Capture) -> Result<CaptureOutcome, GatewayError>;

    /// The result of an attempt so far; `None` if the provider does not know it, at least not yet.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Unavailable`]: ask again later.
    async fn find(&self, payment: PaymentId) -> Result<Option<CaptureOutcome>, GatewayError>;

    /// As [`PaymentGateway::refund`](super::gateway::PaymentGateway::refund).
    ///
    /// # Errors
    ///
    /// - [`GatewayError::ExceedsCharge`]: nothing was refunded.
    /// - [`GatewayError::Unavailable`]: call again later, with the same id.
    async fn refund(&self, refund: &Refund) -> Result<(), GatewayError>;

    /// As [`PaymentGateway::verify_notice`](super::gateway::PaymentGateway::verify_notice).
    ///
    /// # Errors
    ///
    /// [`GatewayError::Forged`] or [`GatewayError::Unavailable`].
    async fn verify_notice(&self, notice: &UnverifiedNotice, now: Timestamp) -> Result<GatewayNotice, GatewayError>;
}
