//! Charges cards, and makes refunds.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::domain::ids::{OrderId, PaymentId, RefundId};
use crate::domain::money::Money;
use crate::domain::payment::CaptureOutcome;
use crate::domain::time::Timestamp;

use super::BoxError;

/// A card token for one charge, created by the gateway's own form. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct CardToken(Arc<str>);

impl CardToken {
    /// The token for a card that the buyer will enter on a page of the gateway. A gateway with such a page returns its
    /// address from the capture.
    pub const HOSTED: &str = "hosted";

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
    /// The order that is paid; the gateway sends the buyer back to it.
    pub order: OrderId,
    /// The amount.
    pub total: Money,
    /// The card.
    pub card: CardToken,
}

/// A refund to make. `id` is the idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// The refund; the same refund is made once.
    pub id: RefundId,
    /// The attempt that took the money.
    pub payment: PaymentId,
    /// The gateway's id of the charge.
    pub reference: Arc<str>,
    /// How much goes back; a payment may have several refunds.
    pub amount: Money,
}

impl Refund {
    /// The refund of all that an attempt took: always the same one.
    #[must_use]
    pub fn of_all(payment: PaymentId, reference: &Arc<str>, total: Money) -> Self {
        Self { id: RefundId::new(payment.uuid()), payment, reference: Arc::clone(reference), amount: total }
    }
}

/// A notice as it came from the network; only [`PaymentGateway::verify_notice`] says whether the gateway wrote it.
#[derive(Clone, PartialEq, Eq)]
pub struct UnverifiedNotice {
    /// Every header of the request, the names in lower case; proxies may have added some.
    pub headers: Vec<(String, Bytes)>,
    /// The body, unchanged.
    pub body: Bytes,
}

impl UnverifiedNotice {
    /// The value of a header; `None` unless it came exactly once, so that nobody can add a second one to choose from.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let mut values = self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| &**value);
        values.next().filter(|_| values.next().is_none())
    }
}

impl fmt::Debug for UnverifiedNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("UnverifiedNotice").field("headers", &names).field("bytes", &self.body.len()).finish()
    }
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
#[non_exhaustive]
pub enum GatewayError {
    /// No response; the money may have been taken: look it up later.
    #[error("the payment gateway did not answer")]
    Unavailable(#[source] BoxError),
    /// More was to go back than is left of the charge: refund less.
    #[error("the refund exceeds what is left of the charge")]
    ExceedsCharge,
    /// The notice is not from the gateway, or too old: drop it.
    #[error("the notice is not from the payment gateway")]
    Forged,
    /// The notice is genuine but about something else: acknowledge it and do nothing.
    #[error("the notice is not about a payment of this marketplace")]
    Unrelated,
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
/// - A buyer who must act is asked to do the same each time, and no money is taken before:
///   `an_action_is_the_same_each_time`.
/// - Once the buyer has approved, the payment is charged, once: `an_approved_action_is_charged_once`.
/// - What the buyer refused is never charged: `a_refused_action_is_never_charged`.
/// - An attempt that was given up is never charged; one that has ended stays as it is:
///   `what_was_given_up_is_never_charged`.
/// - A refund happens once: `a_refund_happens_once`.
/// - Parts are refunded, each once: `a_part_is_refunded_once`.
/// - No more goes back than was captured, however many ask at once: `no_more_is_refunded_than_was_captured`.
/// - Only the gateway's own notice is accepted: `a_forged_notice_is_refused`.
///
/// # Examples
///
/// ```
/// use ticketing_core::domain::payment::CaptureOutcome;
/// use ticketing_core::ports::gateway::{Capture, CardToken, PaymentGateway, Refund};
/// # use ticketing_core::domain::{ids::{OrderId, PaymentId}, money::Money};
/// # use ticketing_memory::{MemoryEngines, SandboxGateway};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (payment, order) = (PaymentId::from_u128(1), OrderId::from_u128(2));
/// # let total = Money { amount: 4500, currency: "EUR".parse()? };
/// # let sandbox = MemoryEngines::default().gateway;
/// let gateway: &dyn PaymentGateway = &sandbox;
/// let capture = Capture { payment, order, total, card: CardToken::new(SandboxGateway::TIMEOUT) };
/// assert!(gateway.capture(&capture).await.is_err(), "no response, and the money may have been taken");
///
/// let outcome = gateway.look_up(payment).await?;
/// let CaptureOutcome::Captured { reference } = outcome else { panic!("{outcome:?}") };
/// gateway.refund(&Refund::of_all(payment, &reference, total)).await?;
/// gateway.refund(&Refund::of_all(payment, &reference, total)).await?;
/// assert_eq!(sandbox.total_refunded(), 4500, "once");
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PaymentGateway: Send + Sync + fmt::Debug + 'static {
    /// Takes the money, or returns the reason why not, or what the buyer must do first.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Unavailable`]: the money may have been taken; look it up before anything else.
    async fn capture(&self, capture: &Capture) -> Result<CaptureOutcome, GatewayError>;

    /// The result of an attempt so far. One that never arrived is closed as declined, and is not charged later.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Unavailable`]: look it up again later.
    async fn look_up(&self, payment: PaymentId) -> Result<CaptureOutcome, GatewayError>;

    /// Ends an attempt that awaits its buyer, and returns its result, which may be that the buyer was faster.
    ///
    /// A gateway that cannot end it returns [`CaptureOutcome::ActionRequired`] again. One that never arrived is closed
    /// as by [`PaymentGateway::look_up`].
    ///
    /// # Errors
    ///
    /// [`GatewayError::Unavailable`]: look it up, or give it up again, later.
    async fn give_up(&self, payment: PaymentId) -> Result<CaptureOutcome, GatewayError>;

    /// Refunds an attempt or a part of it; once for each id, however often it is called.
    ///
    /// # Errors
    ///
    /// - [`GatewayError::ExceedsCharge`]: nothing was refunded.
    /// - [`GatewayError::Unavailable`]: call again later, with the same id.
    async fn refund(&self, refund: &Refund) -> Result<(), GatewayError>;

    /// Verifies a notice from the network, by its headers or by a call to the provider.
    ///
    /// # Errors
    ///
    /// - [`GatewayError::Forged`] unless the gateway provably wrote the notice shortly before `now`.
    /// - [`GatewayError::Unrelated`]: the gateway wrote it about something else.
    /// - [`GatewayError::Unavailable`]: it could not be verified now; the sender is asked to send it again.
    async fn verify_notice(&self, notice: &UnverifiedNotice, now: Timestamp) -> Result<GatewayNotice, GatewayError>;
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
///
/// # Examples
///
/// ```
/// use ticketing_core::domain::payment::CaptureOutcome;
/// use ticketing_core::ports::gateway::{Capture, CardToken, Sandbox};
/// # use ticketing_core::domain::{ids::{OrderId, PaymentId}, money::Money};
/// # use ticketing_memory::{MemoryEngines, SandboxGateway};
///
/// # let (payment, order) = (PaymentId::from_u128(1), OrderId::from_u128(2));
/// # let total = Money { amount: 4500, currency: "EUR".parse()? };
/// let sandbox: &dyn Sandbox = &MemoryEngines::default().gateway;
/// let card = CardToken::new(SandboxGateway::CHARGE_DECLINED);
/// let judgement = sandbox.judge(&Capture { payment, order, total, card });
/// assert_eq!(judgement.outcome, CaptureOutcome::Declined { reason: "card_declined".into() });
/// assert!(judgement.is_answered);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

    /// The notice that the sandbox would send once the buyer of an attempt approved it, or declined.
    fn answer(&self, payment: PaymentId, is_approved: bool, now: Timestamp) -> UnverifiedNotice;

    /// As [`PaymentGateway::verify_notice`].
    ///
    /// # Errors
    ///
    /// [`GatewayError::Forged`] unless a header proves that the sandbox wrote the body shortly before `now`.
    fn verify_notice(&self, notice: &UnverifiedNotice, now: Timestamp) -> Result<GatewayNotice, GatewayError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_came_twice_has_no_value() {
        let header = |name: &str, value: &'static [u8]| (name.to_owned(), Bytes::from_static(value));
        let headers = vec![header("a", b"1"), header("b", b"2"), header("b", b"3")];
        let notice = UnverifiedNotice { headers, body: Bytes::new() };

        assert_eq!((notice.header("a"), notice.header("b"), notice.header("c")), (Some(b"1".as_slice()), None, None));
        assert_eq!(format!("{notice:?}"), r#"UnverifiedNotice { headers: ["a", "b", "b"], bytes: 0 }"#);
    }
}
