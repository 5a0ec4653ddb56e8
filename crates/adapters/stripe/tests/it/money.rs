//! What Stripe refuses to charge, and how amounts reach it.

use std::sync::Arc;

use ticketing_conformance::gateway::GatewayFixture;
use ticketing_core::domain::money::Money;
use ticketing_core::domain::payment::CaptureOutcome;
use ticketing_core::ports::gateway::{Capture, CardToken, PaymentGateway, Refund};
use ticketing_memory::MemoryAttemptNotes;
use ticketing_stripe::{StripeConfig, StripeError, StripeGateway};

use crate::world::{World, capture, config, declined};

fn of(amount: u64, currency: &str) -> Capture {
    Capture { total: Money { amount, currency: currency.parse().expect("a currency") }, ..capture("pm_card_visa") }
}

#[tokio::test]
async fn what_stripe_does_not_charge_is_declined_with_its_reason() {
    let world = World::by_page().await;
    for (capture, reason) in [
        (of(49, "EUR"), "amount_too_small"),
        (of(100_000_000, "EUR"), "amount_too_large"),
        (of(5124, "KWD"), "amount_not_chargeable"),
        (of(1000, "IQD"), "amount_not_chargeable"),
        (capture("pm_unknown"), "invalid_request_error"),
    ] {
        for card in [capture.card.clone(), CardToken::new(CardToken::HOSTED)] {
            if reason == "invalid_request_error" && card.expose() == CardToken::HOSTED {
                continue;
            }
            let capture = Capture { card, payment: super::world::capture("").payment, ..capture.clone() };
            assert_eq!(world.gateway.capture(&capture).await.expect("an answer"), declined(reason));
            let found = world.gateway.look_up(capture.payment).await.expect("an answer");
            assert!(matches!(found, CaptureOutcome::Declined { .. }), "{reason}: {found:?}");
            assert_eq!(world.held_cents(capture.payment), 0, "{reason}");
        }
    }
}

#[tokio::test]
async fn amounts_are_counted_as_stripe_counts() {
    let world = World::by_page().await;
    for (amount, currency, stripes) in [(500, "JPY", 500), (5, "ISK", 500), (5120, "KWD", 5120), (50_000, "MGA", 500)] {
        let capture = of(amount, currency);
        let charged = world.gateway.capture(&capture).await.expect("an answer");
        let CaptureOutcome::Captured { reference } = charged else { panic!("{currency}: {charged:?}") };
        assert_eq!(world.held(capture.payment).await, stripes, "{currency}");

        let all = Refund::of_all(capture.payment, &reference, capture.total);
        world.gateway.refund(&all).await.expect("it goes back");
        assert_eq!(world.held(capture.payment).await, 0, "{currency}");
    }
}

#[tokio::test]
async fn a_mistake_in_the_settings_is_told() {
    let world = World::by_page().await;
    let with = |change: fn(&mut StripeConfig)| {
        let mut config = config(&world.double);
        change(&mut config);
        StripeGateway::new(&config, Arc::new(MemoryAttemptNotes::default())).expect_err("it is wrong")
    };

    assert_eq!(with(|config| config.key = "pk_test_1".to_owned()), StripeError::Key);
    assert_eq!(with(|config| config.key = "sk_test_\n".to_owned()), StripeError::Key);
    assert_eq!(with(|config| config.webhook_secrets.clear()), StripeError::WebhookSecret);
    assert_eq!(with(|config| config.webhook_secrets.push("sk_test_1".to_owned())), StripeError::WebhookSecret);
    assert_eq!(with(|config| config.url = "http://api.stripe.com".to_owned()), StripeError::Url);
    assert_eq!(with(|config| config.orders_url = "/orders".to_owned()), StripeError::OrdersUrl);
}
