//! Whatever Stripe does not answer, nobody is charged twice, and nobody for nothing.

use std::sync::Arc;
use std::time::Duration;

use ticketing_conformance::sample;
use ticketing_core::domain::ids::RefundId;
use ticketing_core::domain::money::Money;
use ticketing_core::domain::payment::CaptureOutcome;
use ticketing_core::ports::error_chain;
use ticketing_core::ports::gateway::{CardToken, GatewayError, PaymentGateway, Refund};
use ticketing_stripe::{StripeConfig, StripeGateway};

use crate::double::Fault;
use crate::world::{CENTS, World, capture, config, declined};

const CARD: &str = "pm_card_visa";

/// A gateway that waits no longer than a test can.
fn hasty(world: &World) -> StripeGateway {
    let config = StripeConfig { response_timeout: Duration::from_secs(2), ..config(&world.double) };
    StripeGateway::new(&config, Arc::new(world.notes.clone())).expect("the settings are right")
}

fn is_unavailable<T>(answer: &Result<T, GatewayError>) -> bool {
    matches!(answer, Err(GatewayError::Unavailable(_)))
}

#[tokio::test]
async fn what_was_not_prepared_is_closed_and_never_charged() {
    for fault in [
        Fault::LosesTheAnswer,
        Fault::Floods,
        Fault::Hangs,
        Fault::Redirects,
        Fault::Answers(401),
        Fault::Answers(409),
        Fault::Answers(429),
        Fault::Answers(500),
        Fault::Answers(503),
    ] {
        for (card, path) in [(CARD, "/payment_intents"), (CardToken::HOSTED, "/sessions")] {
            let (world, capture) = (World::by_page().await, capture(card));
            world.double.fail(path, fault);
            let answer = hasty(&world).capture(&capture).await;
            assert!(is_unavailable(&answer), "{fault:?}: {answer:?}");

            assert_eq!(world.gateway.look_up(capture.payment).await.expect("an answer"), declined("never_arrived"));
            assert_eq!(world.gateway.capture(&capture).await.expect("an answer"), declined("never_arrived"));
            assert_eq!(world.held_cents(capture.payment), 0, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn what_was_not_confirmed_is_closed_at_stripe() {
    for fault in [Fault::Hangs, Fault::Redirects, Fault::Answers(409), Fault::Answers(429), Fault::Answers(500)] {
        let (world, capture) = (World::by_page().await, capture(CARD));
        world.double.fail("/confirm", fault);
        let answer = hasty(&world).capture(&capture).await;
        assert!(is_unavailable(&answer), "{fault:?}: {answer:?}");

        assert_eq!(world.gateway.look_up(capture.payment).await.expect("an answer"), declined("never_confirmed"));
        assert_eq!(world.statuses(capture.payment), ["canceled"], "{fault:?}");
    }
}

#[tokio::test]
async fn what_was_charged_without_an_answer_is_found() {
    for fault in [Fault::LosesTheAnswer, Fault::Floods] {
        let (world, capture) = (World::by_page().await, capture(CARD));
        world.double.fail("/confirm", fault);
        let answer = hasty(&world).capture(&capture).await;
        assert!(is_unavailable(&answer), "{fault:?}: {answer:?}");

        let found = world.gateway.look_up(capture.payment).await.expect("an answer");
        assert!(matches!(found, CaptureOutcome::Captured { .. }), "{fault:?}: {found:?}");
        assert_eq!(world.held_cents(capture.payment), CENTS);
    }
}

#[tokio::test]
async fn a_confirmation_that_arrives_late_charges_nobody() {
    let (world, capture) = (World::by_page().await, capture(CARD));
    world.double.fail("/confirm", Fault::Waits);
    let late = tokio::spawn({
        let (gateway, capture) = (world.gateway.clone(), capture.clone());
        async move { gateway.capture(&capture).await }
    });
    world.double.faults_are_met().await;

    assert_eq!(world.gateway.look_up(capture.payment).await.expect("an answer"), declined("never_confirmed"));
    world.double.let_through();
    let late = late.await.expect("it does not panic").expect("an answer");
    assert_eq!(late, declined("payment_intent_unexpected_state"));
    assert_eq!((world.statuses(capture.payment), world.held_cents(capture.payment)), (vec!["canceled".to_owned()], 0));
}

#[tokio::test]
async fn a_look_up_that_is_not_answered_decides_nothing() {
    for path in ["/cancel", "pi_1"] {
        let (world, capture) = (World::by_page().await, capture("pm_card_threeDSecure2Required"));
        let required = world.gateway.capture(&capture).await.expect("an answer");
        for fault in [Fault::Answers(429), Fault::Answers(500), Fault::Hangs] {
            world.double.fail(path, fault);
            let answer = match path {
                "/cancel" => hasty(&world).give_up(capture.payment).await,
                _ => hasty(&world).look_up(capture.payment).await,
            };
            assert!(is_unavailable(&answer), "{path} {fault:?}: {answer:?}");
        }
        assert_eq!(world.gateway.look_up(capture.payment).await.expect("an answer"), required);
        assert_eq!(world.gateway.give_up(capture.payment).await.expect("an answer"), declined("abandoned"));
    }
}

#[tokio::test]
async fn a_buyer_who_was_faster_has_paid() {
    for card in ["pm_card_threeDSecure2Required", CardToken::HOSTED] {
        let (world, capture) = (World::by_page().await, capture(card));
        world.gateway.capture(&capture).await.expect("an answer");
        world.double.act(&capture.payment.to_string(), true);

        let outcome = world.gateway.give_up(capture.payment).await.expect("an answer");
        assert!(matches!(outcome, CaptureOutcome::Captured { .. }), "{card}: {outcome:?}");
        assert_eq!(world.held_cents(capture.payment), CENTS, "{card}");
    }
}

#[tokio::test]
async fn nothing_depends_on_how_long_stripe_keeps_keys() {
    let (world, capture) = (World::by_page().await, capture(CARD));
    let charged = world.gateway.capture(&capture).await.expect("an answer");
    let CaptureOutcome::Captured { reference } = &charged else { panic!("a good card is charged, not {charged:?}") };
    let all = Refund::of_all(capture.payment, reference, capture.total);
    let part = Refund { amount: Money { amount: 1000, ..all.amount }, ..all };
    let lost = Refund { id: RefundId::new(sample::uuid()), ..part.clone() };
    world.gateway.refund(&part).await.expect("a part goes back");
    world.double.fail("POST /v1/refunds", Fault::Answers(500));
    assert!(is_unavailable(&world.gateway.refund(&lost).await));

    world.double.forget_keys();
    assert_eq!(world.gateway.capture(&capture).await.expect("an answer"), charged);
    assert_eq!(world.held_cents(capture.payment), CENTS - 1000);
    for refund in [&part, &lost, &part, &lost] {
        world.double.forget_keys();
        world.gateway.refund(refund).await.expect("it was made, or is now");
    }
    assert_eq!(world.held_cents(capture.payment), CENTS - 2000);
}

#[tokio::test]
async fn a_refund_without_an_answer_is_made_once() {
    let (world, capture) = (World::by_page().await, capture(CARD));
    let charged = world.gateway.capture(&capture).await.expect("an answer");
    let CaptureOutcome::Captured { reference } = &charged else { panic!("a good card is charged, not {charged:?}") };
    let all = Refund::of_all(capture.payment, reference, capture.total);
    let part = Refund { amount: Money { amount: 1000, ..capture.total }, ..all };
    for (request, fault, left) in [
        ("GET /v1/refunds", Fault::Answers(503), CENTS),
        ("POST /v1/refunds", Fault::Answers(429), CENTS),
        ("POST /v1/refunds", Fault::LosesTheAnswer, CENTS - 1000),
    ] {
        world.double.fail(request, fault);
        assert!(is_unavailable(&world.gateway.refund(&part).await), "{request}");
        assert_eq!(world.held_cents(capture.payment), left, "{request}");
    }
    world.double.forget_keys();
    world.gateway.refund(&part).await.expect("it went back");
    assert_eq!(world.held_cents(capture.payment), CENTS - 1000);
    world.double.fail_refunds();
    assert_eq!(world.held_cents(capture.payment), CENTS, "the bank did not take it");
    world.gateway.refund(&part).await.expect("it goes back again");
    assert_eq!(world.held_cents(capture.payment), CENTS - 1000);
}

#[tokio::test]
async fn money_that_was_refunded_in_the_dashboard_is_back() {
    let (world, capture) = (World::by_page().await, capture(CARD));
    let charged = world.gateway.capture(&capture).await.expect("an answer");
    let CaptureOutcome::Captured { reference } = &charged else { panic!("a good card is charged, not {charged:?}") };
    let all = Refund::of_all(capture.payment, reference, capture.total);

    world.double.refund_by_hand(&capture.payment.to_string(), 1000);
    let in_part = world.gateway.refund(&all).await;
    assert!(matches!(in_part, Err(GatewayError::ExceedsCharge)), "the rest is still to go back: {in_part:?}");
    world.double.refund_by_hand(&capture.payment.to_string(), CENTS - 1000);
    world.gateway.refund(&all).await.expect("all of it went back");
    assert_eq!(world.held_cents(capture.payment), 0);
}

#[tokio::test]
async fn no_error_shows_a_secret() {
    let world = World::by_page().await;
    let wrong = StripeConfig { key: "sk_test_canaryWrong".to_owned(), ..config(&world.double) };
    let gateway = StripeGateway::new(&wrong, Arc::new(world.notes.clone())).expect("it looks right");
    let told = gateway.capture(&capture("pm_canary")).await.expect_err("the key is unknown");
    let told = format!("{} {gateway:?} {wrong:?} {:?}", error_chain(&told), told);

    assert!(told.contains("401"), "{told}");
    assert!(!told.contains("canary"), "{told}");
}
