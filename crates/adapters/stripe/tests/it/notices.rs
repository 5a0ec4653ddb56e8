//! Notices come late, twice, in any order, and of anything.

use ticketing_core::domain::payment::CaptureOutcome;
use ticketing_core::ports::gateway::{CardToken, GatewayError, PaymentGateway};

use crate::world::{CENTS, World, capture, declined, hear};

#[tokio::test]
async fn whatever_order_notices_come_in_what_they_tell_is_true() {
    for card in ["pm_card_visa", "pm_card_threeDSecure2Required", CardToken::HOSTED] {
        let (world, capture) = (World::by_page().await, capture(card));
        world.gateway.capture(&capture).await.expect("an answer");
        if card == CardToken::HOSTED {
            world.double.decline_on_page(&capture.payment.to_string());
        }
        world.double.act(&capture.payment.to_string(), true);
        let found = world.gateway.look_up(capture.payment).await.expect("an answer");
        assert!(matches!(found, CaptureOutcome::Captured { .. }), "{card}: {found:?}");

        let events = world.double.take_events();
        let mut told = 0;
        for event in events.iter().rev().chain(&events) {
            match hear(&world, event).await {
                Ok(notice) => {
                    assert_eq!((notice.payment, &notice.outcome), (capture.payment, &found), "{card}: {event}");
                    told += 1;
                }
                Err(GatewayError::Unrelated) => {}
                Err(error) => panic!("{card}: {event}: {error}"),
            }
        }
        assert!(told >= 2, "{card}: nothing was told of it: {events:?}");
        assert_eq!(world.held_cents(capture.payment), CENTS, "{card}");
    }
}

#[tokio::test]
async fn a_card_that_is_declined_on_the_page_leaves_the_page_open() {
    let (world, capture) = (World::by_page().await, capture(CardToken::HOSTED));
    let required = world.gateway.capture(&capture).await.expect("an answer");
    world.double.decline_on_page(&capture.payment.to_string());

    let [.., failed] = &*world.double.take_events() else { panic!("a failure is told") };
    assert_eq!(hear(&world, failed).await.expect("it is genuine").outcome, required);
    world.double.act(&capture.payment.to_string(), true);
    let found = world.gateway.look_up(capture.payment).await.expect("an answer");
    assert!(matches!(found, CaptureOutcome::Captured { .. }), "{found:?}");
}

#[tokio::test]
async fn a_notice_of_an_end_ends_the_payment_that_it_is_of() {
    for (card, approves) in [("pm_card_threeDSecure2Required", false), (CardToken::HOSTED, false)] {
        let (world, capture) = (World::by_page().await, capture(card));
        world.gateway.capture(&capture).await.expect("an answer");
        world.double.act(&capture.payment.to_string(), approves);

        let [.., ended] = &*world.double.take_events() else { panic!("an end is told") };
        let told = hear(&world, ended).await.expect("it is genuine").outcome;
        assert!(matches!(told, CaptureOutcome::Declined { .. }), "{card}: {told:?}");
        assert_eq!(world.gateway.look_up(capture.payment).await.expect("an answer"), told);
    }
}

#[tokio::test]
async fn an_intent_that_is_told_of_while_it_is_prepared_stays_open() {
    let (world, capture) = (World::by_page().await, capture("pm_card_threeDSecure2Required"));
    let required = world.gateway.capture(&capture).await.expect("an answer");

    let [created, ..] = &*world.double.take_events() else { panic!("a creation is told") };
    assert!(matches!(hear(&world, created).await, Err(GatewayError::Unrelated)), "{created}");
    assert_eq!(world.gateway.look_up(capture.payment).await.expect("an answer"), required);
}

#[tokio::test]
async fn an_attempt_that_lost_the_race_is_no_news() {
    let (world, capture) = (World::by_page().await, capture("pm_card_visa"));
    assert_eq!(world.gateway.look_up(capture.payment).await.expect("an answer"), declined("never_arrived"));
    world.gateway.capture(&capture).await.expect("an answer");

    assert_eq!(world.statuses(capture.payment), ["requires_payment_method"], "it was prepared and not confirmed");
    assert_eq!(world.held_cents(capture.payment), 0);
}
