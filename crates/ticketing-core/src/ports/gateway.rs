//! Takes money from cards, and gives it back.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::ids::PaymentId;
use crate::domain::money::Money;
use crate::domain::payment::CaptureOutcome;
use crate::domain::time::Timestamp;

use super::BoxError;

/// Names a card for one charge, as a gateway's own form made it. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct CardToken(Arc<str>);

impl CardToken {
    /// Takes over a token. What it may be is the gateway's business.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self(token.into())
    }

    /// The token itself, for a gateway.
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

/// Money to take. `payment` is the idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// For which attempt; the same attempt is charged once.
    pub payment: PaymentId,
    /// How much.
    pub total: Money,
    /// From which card.
    pub card: CardToken,
}

/// What a gateway told of its own accord: an attempt came to an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayNotice {
    /// Which attempt.
    pub payment: PaymentId,
    /// How it ended.
    pub outcome: CaptureOutcome,
}

/// Why a gateway did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// No answer; the money may have been taken all the same: look it up later.
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
/// - The same payment is charged once, and answered alike: `a_payment_is_charged_once`.
/// - A silent charge is found by looking it up: `a_silent_charge_is_found_by_looking_up`.
/// - A payment that was looked up and not found is never charged: `what_was_looked_up_in_vain_is_never_charged`.
/// - A refund happens once: `a_refund_happens_once`.
/// - Only the gateway's own notice is believed: `a_forged_notice_is_refused`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PaymentGateway: Send + Sync + fmt::Debug + 'static {
    /// Takes the money, or says why not.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Unavailable`]: the money may have been taken; look it up before anything else.
    async fn capture(&self, capture: &Capture) -> Result<CaptureOutcome, GatewayError>;

    /// How an attempt ended. One that never arrived ends here, as declined, and is not charged later.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Unavailable`]: look again later.
    async fn look_up(&self, payment: PaymentId) -> Result<CaptureOutcome, GatewayError>;

    /// Gives back what an attempt took; once, however often it is asked.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Unavailable`]: ask again later.
    async fn refund(&self, payment: PaymentId, reference: &str, total: Money) -> Result<(), GatewayError>;

    /// Reads a notice that came over the network.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Forged`] unless `signature` proves that the gateway wrote `body` shortly before `now`.
    fn verify_notice(&self, body: &[u8], signature: &str, now: Timestamp) -> Result<GatewayNotice, GatewayError>;
}

/// What a sandbox makes of a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// How the attempt ends.
    pub outcome: CaptureOutcome,
    /// Whether the caller is told; if not, looking it up tells.
    pub is_answered: bool,
}

/// Pretends to be a bank: says what becomes of a test card, moves no money and remembers nothing.
///
/// Who keeps its answers for it makes a [`PaymentGateway`] of it, and may then answer for it without asking. That
/// would be wrong for any gateway that takes money, which is why this is another trait, without a future: a judgement
/// waits for nobody.
#[async_trait]
pub trait Sandbox: Send + Sync + fmt::Debug + 'static {
    /// What becomes of a capture; the same for the same capture.
    fn judge(&self, capture: &Capture) -> Judgement;

    /// Lets the caller wait whom nobody answers.
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
