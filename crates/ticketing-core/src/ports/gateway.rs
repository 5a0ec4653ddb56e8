//! Charges cards, and makes refunds.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::ids::PaymentId;
use crate::domain::money::Money;
use crate::domain::payment::CaptureOutcome;
use crate::domain::time::Timestamp;

use super::BoxError;

/// A card token for one charge, created by the gateway's own form. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct CardToken(Arc<str>);

impl CardToken {
    /// Wraps a token. Only the gateway knows its format.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self(token.into())
    }

    /// The token itself, for the gateway.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CardToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardToken(…)")
    }
}

/// A charge to make. `payment` is the idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The attempt; the same attempt is charged once.
    pub payment: PaymentId,
    /// The amount.
    pub total: Money,
    /// The card.
    pub card: CardToken,
}

/// A gateway's own notice that an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayNotice {
    /// The attempt.
    pub payment: PaymentId,
    /// Its result.
    pub outcome: CaptureOutcome,
}

/// Why a gateway did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// No response; the money may have been taken: look it up later.
    #[error("the payment gateway did not answer")]
    Unavailable(#[source] BoxError),
    /// The notice is not from the gateway, or too old: drop it.
    #[error("the notice is not from the payment gateway")]
    Forged,
}

/// Charges cards, once for each payment.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `gateway`.
///
/// - A good card is charged: `a_good_card_is_charged`.
/// - A bad card is declined: `a_bad_card_is_declined`.
/// - The same payment is charged once, with the same result each time: `a_payment_is_charged_once`.
/// - A charge without a response is found by a look-up: `a_silent_charge_is_found_by_looking_up`.
/// - A payment that was looked up and not found is never charged: `what_was_looked_up_in_vain_is_never_charged`.
/// - A refund happens once: `a_refund_happens_once`.
/// - Only the gateway's own notice is accepted: `a_forged_notice_is_refused`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PaymentGateway: Send + Sync + fmt::Debug + 'static {
    /// Takes the money, or returns the reason why not.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Unavailable`]: the money may have been taken; look it up before anything else.
    async fn capture(&self, capture: &Capture) -> Result<CaptureOutcome, GatewayError>;

    /// The result of an attempt. An attempt that never arrived is closed as declined, and is not charged later.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Unavailable`]: look it up again later.
    async fn look_up(&self, payment: PaymentId) -> Result<CaptureOutcome, GatewayError>;

    /// Refunds an attempt; once, however often it is called.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Unavailable`]: call again later.
    async fn refund(&self, payment: PaymentId, reference: &str, total: Money) -> Result<(), GatewayError>;

    /// Verifies a notice from the network.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Forged`] unless `signature` proves that the gateway wrote `body` shortly before `now`.
    fn verify_notice(&self, body: &[u8], signature: &str, now: Timestamp) -> Result<GatewayNotice, GatewayError>;
}

/// A sandbox's result of a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The result of the attempt.
    pub outcome: CaptureOutcome,
    /// Whether the caller gets it; if not, only a look-up returns it.
    pub is_answered: bool,
}

/// A fake bank: decides the result of a test card, moves no money and remembers nothing.
///
/// An adapter that stores its results turns it into a [`PaymentGateway`], and may then return a result without asking
/// it. That would be wrong for a gateway that takes money, which is why this is a separate trait, without futures: the
/// result is available at once.
#[async_trait]
pub trait Sandbox: Send + Sync + fmt::Debug + 'static {
    /// The result of a capture; the same for the same capture.
    fn judge(&self, capture: &Capture) -> Judgement;

    /// Delays a caller that gets no response.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the wait.
    async fn keep_silent(&self);

    /// As [`PaymentGateway::verify_notice`].
    ///
    /// # Errors
    ///
    /// [`GatewayError::Forged`] unless `signature` proves that the sandbox wrote `body` shortly before `now`.
    fn verify_notice(&self, body: &[u8], signature: &str, now: Timestamp) -> Result<GatewayNotice, GatewayError>;
}
