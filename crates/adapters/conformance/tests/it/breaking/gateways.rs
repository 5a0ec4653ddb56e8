//! Gateways that charge too much or believe too much.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_conformance::gateway::GATEWAY;
use ticketing_conformance::sample;
use ticketing_core::domain::ids::{PaymentId, RefundId};
use ticketing_core::domain::payment::CaptureOutcome;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::gateway::{Capture, GatewayError, GatewayNotice, PaymentGateway, Refund, UnverifiedNotice};
use ticketing_memory::{ManualClock, SandboxConfig, SandboxGateway};

use super::assert_notices;
use crate::world::World;

/// What is wrong with a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    AsksForSomethingElse,
    ChargesAgain,
    ChargesBeforeTheBuyerActs,
    ForgetsWhatTheBuyerRefused,
    ForgetsThatItWasAsked,
    GivesNothingUp,
    PromisesAnyRefund,
    RefundsAgain,
    BelievesAnything,
    BelievesTheFuture,
}

const DAY: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug)]
struct Flawed(Arc<dyn PaymentGateway>, Flaw);

#[async_trait]
impl PaymentGateway for Flawed {
    async fn capture(&self, capture: &Capture) -> Result<CaptureOutcome, GatewayError> {
        let again = || Capture { payment: PaymentId::new(sample::uuid()), ..capture.clone() };
        let outcome = match self.1 {
            Flaw::ChargesAgain => return self.0.capture(&again()).await,
            _ => self.0.capture(capture).await?,
        };
        match (self.1, &outcome) {
            (Flaw::AsksForSomethingElse, CaptureOutcome::ActionRequired(_)) => self.0.capture(&again()).await,
            (Flaw::ChargesBeforeTheBuyerActs, CaptureOutcome::ActionRequired(_)) => {
                self.approve(capture.payment).await?;
                Ok(outcome)
            }
            (Flaw::ForgetsWhatTheBuyerRefused, CaptureOutcome::Declined { .. }) => self.0.capture(&again()).await,
            _ => Ok(outcome),
        }
    }

    async fn look_up(&self, payment: PaymentId) -> Result<CaptureOutcome, GatewayError> {
        if self.1 == Flaw::ForgetsThatItWasAsked {
            return Ok(CaptureOutcome::Declined { reason: "not_found".into() });
        }
        self.0.look_up(payment).await
    }

    async fn give_up(&self, payment: PaymentId) -> Result<CaptureOutcome, GatewayError> {
        if self.1 == Flaw::GivesNothingUp {
            return Ok(CaptureOutcome::Declined { reason: "abandoned".into() });
        }
        self.0.give_up(payment).await
    }

    async fn refund(&self, refund: &Refund) -> Result<(), GatewayError> {
        let again = || Refund { id: RefundId::new(sample::uuid()), ..refund.clone() };
        let refunded = match self.1 {
            Flaw::RefundsAgain => self.0.refund(&again()).await,
            _ => self.0.refund(refund).await,
        };
        match self.1 {
            Flaw::PromisesAnyRefund => refunded.or(Ok(())),
            _ => refunded,
        }
    }

    async fn verify_notice(&self, notice: &UnverifiedNotice, now: Timestamp) -> Result<GatewayNotice, GatewayError> {
        let believed = GatewayNotice {
            payment: PaymentId::new(sample::uuid()),
            outcome: CaptureOutcome::Captured { reference: "ch_1".into() },
        };
        let verified = self.0.verify_notice(notice, now).await;
        match self.1 {
            Flaw::BelievesAnything => verified.or(Ok(believed)),
            Flaw::BelievesTheFuture if verified.is_err() => self.0.verify_notice(notice, now.after(DAY)).await,
            _ => verified,
        }
    }
}

impl Flawed {
    /// Plays the bank, as anybody can who has the secret of the sandbox.
    async fn approve(&self, payment: PaymentId) -> Result<(), GatewayError> {
        let sandbox = SandboxGateway::new(Arc::new(ManualClock::default()), SandboxConfig::default());
        let outcome = CaptureOutcome::Captured { reference: "ch_1".into() };
        let notice = sandbox.sign_notice(&GatewayNotice { payment, outcome }, sample::NOW);
        self.0.verify_notice(&notice, sample::NOW).await.map(drop)
    }
}

async fn assert_flawed(rule: &str, flaw: Flaw) {
    let sound = World::default();
    let gateway = Arc::new(Flawed(Arc::clone(&sound.gateway), flaw));
    assert_notices(&GATEWAY, rule, &World::default(), &World { gateway, ..sound }).await;
}

#[tokio::test]
async fn a_gateway_that_charges_twice() {
    assert_flawed("a_payment_is_charged_once", Flaw::ChargesAgain).await;
}

#[tokio::test]
async fn a_gateway_that_charges_what_was_given_up() {
    assert_flawed("what_was_looked_up_in_vain_is_never_charged", Flaw::ForgetsThatItWasAsked).await;
    assert_flawed("a_silent_charge_is_found_by_looking_up", Flaw::ForgetsThatItWasAsked).await;
}

#[tokio::test]
async fn a_gateway_that_believes_anything() {
    assert_flawed("a_forged_notice_is_refused", Flaw::BelievesAnything).await;
    assert_flawed("a_forged_notice_is_refused", Flaw::BelievesTheFuture).await;
}

#[tokio::test]
async fn a_gateway_that_asks_for_something_else() {
    assert_flawed("an_action_is_the_same_each_time", Flaw::AsksForSomethingElse).await;
}

#[tokio::test]
async fn a_gateway_that_does_not_wait_for_the_buyer() {
    assert_flawed("an_action_is_the_same_each_time", Flaw::ChargesBeforeTheBuyerActs).await;
}

#[tokio::test]
async fn a_gateway_that_charges_again_what_was_approved() {
    assert_flawed("an_approved_action_is_charged_once", Flaw::ChargesAgain).await;
}

#[tokio::test]
async fn a_gateway_that_charges_what_was_refused() {
    assert_flawed("a_refused_action_is_never_charged", Flaw::ForgetsWhatTheBuyerRefused).await;
}

#[tokio::test]
async fn a_gateway_that_gives_nothing_up() {
    assert_flawed("what_was_given_up_is_never_charged", Flaw::GivesNothingUp).await;
}

#[tokio::test]
async fn a_gateway_that_refunds_twice() {
    assert_flawed("a_part_is_refunded_once", Flaw::RefundsAgain).await;
    assert_flawed("a_refund_happens_once", Flaw::RefundsAgain).await;
}

#[tokio::test]
async fn a_gateway_that_promises_any_refund() {
    assert_flawed("no_more_is_refunded_than_was_captured", Flaw::PromisesAnyRefund).await;
}
