//! A payment gateway for demonstrations and tests, which moves no money.

mod notice;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::domain::buyer_action::{ActionUrl, BuyerAction};
use ticketing_core::domain::ids::{PaymentId, RefundId};
use ticketing_core::domain::money::Money;
use ticketing_core::domain::payment::CaptureOutcome;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::gateway::{
    Capture, CardToken, GatewayError, GatewayNotice, Judgement, PaymentGateway, Refund, Sandbox, UnverifiedNotice,
};

use crate::faults::{FaultPlan, Operation};
use crate::lock::Lock;

/// Why nothing is charged once a buyer refused.
const REFUSED: &str = "authentication_failed";

/// How a sandbox behaves.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use ticketing_core::ports::gateway::{GatewayError, PaymentGateway};
/// use ticketing_memory::{ManualClock, SandboxConfig, SandboxGateway};
/// # use ticketing_core::domain::{ids::PaymentId, payment::CaptureOutcome, time::Timestamp};
/// # use ticketing_core::ports::gateway::GatewayNotice;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let clock = Arc::new(ManualClock::default());
/// # let (payment, now) = (PaymentId::from_u128(1), Timestamp::EPOCH);
/// # let notice = GatewayNotice { payment, outcome: CaptureOutcome::Captured { reference: "ch_1".into() } };
/// let config = SandboxConfig { notice_secret: b"a secret of ours".to_vec(), ..SandboxConfig::default() };
/// let ours = SandboxGateway::new(clock.clone(), config);
/// let everybodys = SandboxGateway::new(clock, SandboxConfig::default());
///
/// let forged = everybodys.sign_notice(&notice, now);
/// assert!(matches!(ours.verify_notice(&forged, now).await, Err(GatewayError::Forged)));
/// assert_eq!(ours.verify_notice(&ours.sign_notice(&notice, now), now).await?, notice);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SandboxConfig {
    /// After this span the caller with the silent card gets an error as if nothing responded.
    pub silence: Duration,
    /// Signs notices.
    pub notice_secret: Vec<u8>,
}

impl Default for SandboxConfig {
    /// The silent card fails at once; the secret is one that everybody knows.
    fn default() -> Self {
        Self { silence: Duration::ZERO, notice_secret: b"sandbox".to_vec() }
    }
}

/// Charges test cards. A clone is a handle to the same gateway.
///
/// | card | what happens |
/// | --- | --- |
/// | [`VISA`](Self::VISA): `tok_visa` | it is charged |
/// | [`CHARGE_DECLINED`](Self::CHARGE_DECLINED): `tok_chargeDeclined` | it is declined: `card_declined` |
/// | [`TIMEOUT`](Self::TIMEOUT): `tok_timeout` | it is charged, and no answer comes |
/// | [`THREE_D_SECURE`](Self::THREE_D_SECURE): `tok_threeDSecure` | its buyer must act: [`SandboxGateway::approve`] or [`SandboxGateway::refuse`], or a signed notice |
/// | any other | it is declined: `invalid_card` |
#[derive(Debug, Clone)]
pub struct SandboxGateway {
    clock: Arc<dyn Clock>,
    config: SandboxConfig,
    attempts: Arc<Lock<BTreeMap<PaymentId, Attempt>>>,
    faults: FaultPlan,
}

#[derive(Debug, Clone)]
struct Attempt {
    outcome: CaptureOutcome,
    /// What was to be captured; nothing of an attempt that never arrived.
    total: Option<Money>,
    /// What went back of a charge.
    refunds: BTreeMap<RefundId, u64>,
}

/// Money that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// For which attempt.
    pub payment: PaymentId,
    /// How the gateway calls it.
    pub reference: Arc<str>,
    /// How much.
    pub total: Money,
    /// How much of it went back, in minor units.
    pub refunded: u64,
}

impl SandboxGateway {
    /// The card that is charged.
    pub const VISA: &str = "tok_visa";
    /// The card that is declined.
    pub const CHARGE_DECLINED: &str = "tok_chargeDeclined";
    /// The card that is charged without an answer.
    pub const TIMEOUT: &str = "tok_timeout";
    /// The card whose buyer must act.
    pub const THREE_D_SECURE: &str = "tok_threeDSecure";

    /// The header with the signature of a notice.
    pub const SIGNATURE: &str = "x-gateway-signature";

    /// A gateway that charged nothing yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, config: SandboxConfig) -> Self {
        Self { clock, config, attempts: Arc::default(), faults: FaultPlan::none() }
    }

    /// A handle to the same gateway that fails by this plan.
    #[must_use]
    pub fn with_faults(&self, faults: FaultPlan) -> Self {
        Self { faults, ..self.clone() }
    }

    /// Every charge, in the order of their payments' ids.
    #[must_use]
    pub fn charges(&self) -> Vec<Charge> {
        self.attempts.lock().iter().filter_map(|(payment, attempt)| attempt.charge(*payment)).collect()
    }

    /// All that was ever taken, in minor units of whichever currency.
    #[must_use]
    pub fn total_captured(&self) -> u64 {
        self.charges().iter().map(|charge| charge.total.amount).sum()
    }

    /// All that went back, in minor units of whichever currency.
    #[must_use]
    pub fn total_refunded(&self) -> u64 {
        self.charges().iter().map(|charge| charge.refunded).sum()
    }

    /// The notice that this gateway would send at `now`.
    #[must_use]
    pub fn sign_notice(&self, notice: &GatewayNotice, now: Timestamp) -> UnverifiedNotice {
        let body = notice::write(notice);
        let signature = notice::sign(&self.config.notice_secret, &body, now);
        UnverifiedNotice { headers: vec![(Self::SIGNATURE.to_owned(), signature.into())], body: body.into() }
    }

    /// The buyer approves. Returns the notice that the gateway sends of it, unless the attempt awaits nobody.
    #[must_use = "nobody sends the notice"]
    pub fn approve(&self, payment: PaymentId) -> Option<GatewayNotice> {
        self.end(payment, captured(payment))
    }

    /// The buyer refuses. Returns the notice that the gateway sends of it, unless the attempt awaits nobody.
    #[must_use = "nobody sends the notice"]
    pub fn refuse(&self, payment: PaymentId) -> Option<GatewayNotice> {
        self.end(payment, declined(REFUSED))
    }

    /// Ends an attempt that awaits its buyer.
    fn end(&self, payment: PaymentId, outcome: CaptureOutcome) -> Option<GatewayNotice> {
        let mut attempts = self.attempts.lock();
        let attempt = attempts.get_mut(&payment)?;
        if !matches!(attempt.outcome, CaptureOutcome::ActionRequired(_)) {
            return None;
        }
        attempt.outcome = outcome.clone();
        Some(GatewayNotice { payment, outcome })
    }

    /// Charges the card unless the payment is known already; returns whether the gateway responds.
    fn charge(&self, capture: &Capture) -> Result<CaptureOutcome, Silent> {
        let mut attempts = self.attempts.lock();
        if let Some(attempt) = attempts.get(&capture.payment) {
            return Ok(attempt.outcome.clone());
        }
        let attempt = Attempt::of(capture);
        let outcome = attempt.outcome.clone();
        attempts.insert(capture.payment, attempt);
        if is_silent(&capture.card) { Err(Silent) } else { Ok(outcome) }
    }

    fn look(&self, payment: PaymentId) -> CaptureOutcome {
        let mut attempts = self.attempts.lock();
        let never_arrived = || Attempt { outcome: declined("never_arrived"), total: None, refunds: BTreeMap::new() };
        attempts.entry(payment).or_insert_with(never_arrived).outcome.clone()
    }

    fn give_back(&self, refund: &Refund) -> Result<(), GatewayError> {
        let mut attempts = self.attempts.lock();
        let found =
            attempts.get_mut(&refund.payment).and_then(|attempt| Some((attempt.charge(refund.payment)?, attempt)));
        match found {
            Some((charge, attempt))
                if refund.reference == charge.reference && refund.amount.currency == charge.total.currency =>
            {
                attempt.refund(refund.id, refund.amount.amount, charge.total.amount - charge.refunded)
            }
            Some(_) | None => Err(GatewayError::Unavailable("there is no such charge".into())),
        }
    }
}

#[async_trait]
impl PaymentGateway for SandboxGateway {
    async fn capture(&self, capture: &Capture) -> Result<CaptureOutcome, GatewayError> {
        let charged = self.faults.run(Operation::Gateway, || Ok::<_, GatewayError>(self.charge(capture))).await?;
        if charged.is_err() {
            self.keep_silent().await;
        }
        charged.map_err(|silent| GatewayError::Unavailable(silent.into()))
    }

    async fn look_up(&self, payment: PaymentId) -> Result<CaptureOutcome, GatewayError> {
        self.faults.run(Operation::Gateway, || Ok(self.look(payment))).await
    }

    async fn give_up(&self, payment: PaymentId) -> Result<CaptureOutcome, GatewayError> {
        let give_up = || {
            self.end(payment, declined("abandoned"));
            Ok(self.look(payment))
        };
        self.faults.run(Operation::Gateway, give_up).await
    }

    async fn refund(&self, refund: &Refund) -> Result<(), GatewayError> {
        self.faults.run(Operation::Gateway, || self.give_back(refund)).await
    }

    async fn verify_notice(&self, notice: &UnverifiedNotice, now: Timestamp) -> Result<GatewayNotice, GatewayError> {
        let notice = Sandbox::verify_notice(self, notice, now)?;
        // Who signs a notice plays the bank, where the buyer acts.
        self.end(notice.payment, notice.outcome.clone());
        Ok(notice)
    }
}

/// For an adapter that stores the results elsewhere: the memory of the sandbox is not asked.
#[async_trait]
impl Sandbox for SandboxGateway {
    fn judge(&self, capture: &Capture) -> Judgement {
        Judgement { outcome: Attempt::of(capture).outcome, is_answered: !is_silent(&capture.card) }
    }

    async fn keep_silent(&self) {
        if !self.config.silence.is_zero() {
            self.clock.sleep(self.config.silence).await;
        }
    }

    fn answer(&self, payment: PaymentId, is_approved: bool, now: Timestamp) -> UnverifiedNotice {
        let outcome = if is_approved { captured(payment) } else { declined(REFUSED) };
        self.sign_notice(&GatewayNotice { payment, outcome }, now)
    }

    fn verify_notice(&self, notice: &UnverifiedNotice, now: Timestamp) -> Result<GatewayNotice, GatewayError> {
        let signature = notice.header(Self::SIGNATURE).and_then(|value| std::str::from_utf8(value).ok());
        let secret = &self.config.notice_secret;
        if !signature.is_some_and(|signature| notice::is_signed(secret, &notice.body, signature, now)) {
            return Err(GatewayError::Forged);
        }
        notice::read(&notice.body).ok_or(GatewayError::Forged)
    }
}

fn is_silent(card: &CardToken) -> bool {
    card.expose() == SandboxGateway::TIMEOUT
}

impl Attempt {
    fn of(capture: &Capture) -> Self {
        let outcome = match capture.card.expose() {
            SandboxGateway::VISA | SandboxGateway::TIMEOUT => captured(capture.payment),
            SandboxGateway::THREE_D_SECURE => action_of(capture.payment),
            SandboxGateway::CHARGE_DECLINED => declined("card_declined"),
            _ => declined("invalid_card"),
        };
        Self { outcome, total: Some(capture.total), refunds: BTreeMap::new() }
    }

    /// Refunds of what is `left`, unless that refund was made before.
    fn refund(&mut self, id: RefundId, amount: u64, left: u64) -> Result<(), GatewayError> {
        if self.refunds.contains_key(&id) {
            return Ok(());
        }
        if amount > left {
            return Err(GatewayError::ExceedsCharge);
        }
        self.refunds.insert(id, amount);
        Ok(())
    }

    fn charge(&self, payment: PaymentId) -> Option<Charge> {
        let CaptureOutcome::Captured { reference } = &self.outcome else { return None };
        let refunded = self.refunds.values().sum();
        Some(Charge { payment, reference: Arc::clone(reference), total: self.total?, refunded })
    }
}

fn captured(payment: PaymentId) -> CaptureOutcome {
    CaptureOutcome::Captured { reference: format!("sandbox_{payment}").into() }
}

fn declined(reason: &str) -> CaptureOutcome {
    CaptureOutcome::Declined { reason: reason.into() }
}

/// Nothing answers at this address: the pages of the server have one in its place.
fn action_of(payment: PaymentId) -> CaptureOutcome {
    let url = ActionUrl::parse(&format!("https://sandbox.invalid/act/{payment}"));
    CaptureOutcome::ActionRequired(BuyerAction::Redirect(url.expect("an address of the sandbox is https")))
}

/// The silent card was charged.
#[derive(Debug, thiserror::Error)]
#[error("the sandbox keeps silent about this card")]
struct Silent;

impl fmt::Debug for SandboxConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxConfig").field("silence", &self.silence).finish_non_exhaustive()
    }
}
