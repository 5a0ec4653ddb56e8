//! What is asked of buyers before they are charged.

use ticketing_core::domain::buyer_action::BuyerAction;
use ticketing_core::domain::ids::PaymentId;
use ticketing_core::domain::payment::CaptureOutcome;
use ticketing_core::ports::gateway::Capture;

use crate::outcome::{Outcome, broken};

use super::{BuyerAct, CENTS, GatewayFixture, answered, capture, charged};

const NO_CARD: Outcome = Outcome::NotClaimed("the test mode of this gateway has no card whose buyer must act");

/// Captures by the challenged card, if there is one; returns what its buyer must do.
async fn challenged(fixture: &dyn GatewayFixture) -> Option<(Capture, BuyerAction)> {
    let capture = capture(fixture.cards().challenged?);
    match answered(fixture.gateway().capture(&capture)).await {
        CaptureOutcome::ActionRequired(action) => Some((capture, action)),
        other => broken(&format!("the buyer of the challenged card needs to do nothing: {other:?}")),
    }
}

async fn looked_up(fixture: &dyn GatewayFixture, payment: PaymentId) -> CaptureOutcome {
    answered(fixture.gateway().look_up(payment)).await
}

/// A buyer who must act is asked to do the same each time, and nothing is taken before.
pub async fn an_action_is_the_same_each_time(fixture: &dyn GatewayFixture) -> Outcome {
    let Some((capture, action)) = challenged(fixture).await else { return NO_CARD };
    let required = CaptureOutcome::ActionRequired(action);
    for _ in 0..2 {
        let again = answered(fixture.gateway().capture(&capture)).await;
        assert_eq!(again, required, "captured again, the payment asks for something else");
        let found = looked_up(fixture, capture.payment).await;
        assert_eq!(found, required, "looked up, the payment asks for something else");
        assert_eq!(fixture.held(capture.payment).await, 0, "money was taken before the buyer acted");
    }
    Outcome::Kept
}

/// What the buyer approved is charged by itself, once, however often it is approved and captured again.
pub async fn an_approved_action_is_charged_once(fixture: &dyn GatewayFixture) -> Outcome {
    let Some((capture, _)) = challenged(fixture).await else { return NO_CARD };
    fixture.act(capture.payment, BuyerAct::Approves).await;
    let found = looked_up(fixture, capture.payment).await;
    assert!(matches!(found, CaptureOutcome::Captured { .. }), "what the buyer approved is found as {found:?}");

    for act in [BuyerAct::Approves, BuyerAct::Refuses] {
        fixture.act(capture.payment, act).await;
        let again = answered(fixture.gateway().capture(&capture)).await;
        assert_eq!(again, found, "captured again, an approved payment has another result");
        assert_eq!(fixture.held(capture.payment).await, CENTS, "the gateway holds what was approved, once");
    }
    Outcome::Kept
}

/// What the buyer refused is declined with a reason, and never charged.
pub async fn a_refused_action_is_never_charged(fixture: &dyn GatewayFixture) -> Outcome {
    let Some((capture, _)) = challenged(fixture).await else { return NO_CARD };
    fixture.act(capture.payment, BuyerAct::Refuses).await;
    let refused = looked_up(fixture, capture.payment).await;
    let CaptureOutcome::Declined { reason } = &refused else { broken(&format!("a refusal is found as {refused:?}")) };
    assert!(!reason.is_empty(), "a payment was refused without a reason");
    never_charged(fixture, &capture).await;
    Outcome::Kept
}

/// What was given up is never charged, and what has ended before stays as it is.
pub async fn what_was_given_up_is_never_charged(fixture: &dyn GatewayFixture) -> Outcome {
    let gateway = fixture.gateway();
    let good = capture(fixture.cards().good);
    let reference = charged(fixture, &good).await;
    let stands = answered(gateway.give_up(good.payment)).await;
    assert_eq!(stands, CaptureOutcome::Captured { reference }, "a charge was given up");
    assert_eq!(fixture.held(good.payment).await, CENTS, "a charge that was given up went back");
    let unknown = capture(fixture.cards().good);
    let missing = answered(gateway.give_up(unknown.payment)).await;
    assert!(matches!(missing, CaptureOutcome::Declined { .. }), "what never arrived is given up as {missing:?}");
    never_charged(fixture, &unknown).await;

    let Some((capture, _)) = challenged(fixture).await else { return NO_CARD };
    match answered(gateway.give_up(capture.payment)).await {
        CaptureOutcome::Declined { .. } => never_charged(fixture, &capture).await,
        CaptureOutcome::ActionRequired(_) => {
            return Outcome::NotClaimed("this gateway cannot give up what awaits its buyer");
        }
        other @ CaptureOutcome::Captured { .. } => broken(&format!("nobody approved, and yet: {other:?}")),
    }
    Outcome::Kept
}

/// Neither the buyer's approval nor another capture charges what has ended.
async fn never_charged(fixture: &dyn GatewayFixture, capture: &Capture) {
    fixture.act(capture.payment, BuyerAct::Approves).await;
    let found = looked_up(fixture, capture.payment).await;
    assert!(matches!(found, CaptureOutcome::Declined { .. }), "an attempt that has ended is found as {found:?}");
    let good = Capture { card: fixture.cards().good, ..capture.clone() };
    let late = answered(fixture.gateway().capture(&good)).await;
    assert!(matches!(late, CaptureOutcome::Declined { .. }), "an attempt that has ended was charged: {late:?}");
    assert_eq!(fixture.held(capture.payment).await, 0, "an attempt that has ended was charged");
}
