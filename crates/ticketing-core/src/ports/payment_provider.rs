//! A payment provider that can be asked about an attempt and cannot be made to refuse it.

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
///
/// # Examples
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use ticketing_core::domain::{ids::PaymentId, payment::CaptureOutcome, time::Timestamp};
/// use ticketing_core::ports::gateway::{Capture, GatewayError, GatewayNotice, PaymentGateway, Refund, UnverifiedNotice};
/// use ticketing_core::ports::payment_provider::PaymentProvider;
/// use ticketing_core::usecase::payments::ClosingGateway;
/// # use ticketing_core::{domain::money::Money, ports::gateway::CardToken};
/// # use ticketing_memory::{ManualClock, MemoryAttemptKeys};
///
/// /// Takes every card, and knows nothing afterwards.
/// #[derive(Debug)]
/// struct Forgetful;
///
/// #[async_trait::async_trait]
/// impl PaymentProvider for Forgetful {
///     async fn capture(&self, _: &Capture) -> Result<CaptureOutcome, GatewayError> {
///         Ok(CaptureOutcome::Captured { reference: "ch_1".into() })
///     }
///
///     async fn find(&self, _: PaymentId) -> Result<Option<CaptureOutcome>, GatewayError> {
///         Ok(None)
///     }
///
///     async fn refund(&self, _: &Refund) -> Result<(), GatewayError> {
///         Ok(())
///     }
///
///     async fn verify_notice(&self, _: &UnverifiedNotice, _: Timestamp) -> Result<GatewayNotice, GatewayError> {
///         Err(GatewayError::Forged)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (keys, clock) = (Arc::new(MemoryAttemptKeys::default()), Arc::new(ManualClock::default()));
/// # let (payment, order) = (PaymentId::from_u128(1), ticketing_core::domain::ids::OrderId::from_u128(2));
/// # let total = Money { amount: 4500, currency: "EUR".parse()? };
/// # let capture = Capture { payment, order, total, card: CardToken::new("tok") };
/// let gateway = ClosingGateway { provider: Arc::new(Forgetful), keys, clock, in_flight: Duration::from_mins(1) };
/// let never_arrived = CaptureOutcome::Declined { reason: "never_arrived".into() };
/// assert_eq!(gateway.look_up(payment).await?, never_arrived);
/// assert_eq!(gateway.capture(&capture).await?, never_arrived, "and it is not charged later");
/// # Ok(())
/// # }
/// ```
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
    /// [`GatewayError::Forged`], [`GatewayError::Unrelated`] or [`GatewayError::Unavailable`].
    async fn verify_notice(&self, notice: &UnverifiedNotice, now: Timestamp) -> Result<GatewayNotice, GatewayError>;
}
