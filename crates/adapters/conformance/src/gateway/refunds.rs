//! What goes back of a charge.

use futures::future::join_all;
use ticketing_core::domain::ids::{PaymentId, RefundId};
use ticketing_core::domain::money::Money;
use ticketing_core::ports::gateway::{Capture, GatewayError, Refund};

use crate::outcome::{Outcome, broken};
use crate::sample;
use crate::time::soon;

use super::{CENTS, GatewayFixture, answered, capture, charged, total};

/// Charges the good card; returns the charge, and the refund of all of it.
async fn refundable(fixture: &dyn GatewayFixture) -> (Capture, Refund) {
    let capture = capture(fixture.cards().good);
    let reference = charged(fixture, &capture).await;
    let refund = Refund::of_all(capture.payment, &reference, capture.total);
    (capture, refund)
}

/// A refund of a part, which nobody asked for before.
fn part_of(all: &Refund, cents: u64) -> Refund {
    let amount = Money { amount: cents, ..all.amount };
    Refund { id: RefundId::new(sample::uuid()), amount, ..all.clone() }
}

/// A refund happens once, however often it is asked for, and gives back all of it.
pub async fn a_refund_happens_once(fixture: &dyn GatewayFixture) -> Outcome {
    let (capture, all) = refundable(fixture).await;
    let other = Capture { payment: PaymentId::new(sample::uuid()), total: total(), ..capture.clone() };
    charged(fixture, &other).await;
    for _ in 0..3 {
        answered(fixture.gateway().refund(&all)).await;
        assert_eq!(fixture.held(capture.payment).await, 0, "a refund gives back what was taken");
    }
    assert_eq!(fixture.held(other.payment).await, CENTS, "a refund asked for again was taken from another payment");
    Outcome::Kept
}

/// A part is refunded once, however often it is asked for; another part goes back beside it.
pub async fn a_part_is_refunded_once(fixture: &dyn GatewayFixture) -> Outcome {
    let (capture, all) = refundable(fixture).await;
    let parts = [part_of(&all, 1000), part_of(&all, 1000), part_of(&all, 250)];
    let mut left = CENTS;
    for part in &parts {
        left -= part.amount.amount;
        for _ in 0..3 {
            answered(fixture.gateway().refund(part)).await;
            assert_eq!(fixture.held(capture.payment).await, left, "a part of {} goes back once", part.amount.amount);
        }
    }
    answered(fixture.gateway().refund(&parts[0])).await;
    assert_eq!(fixture.held(capture.payment).await, left, "a part asked for again, after others, goes back once");
    Outcome::Kept
}

/// No more goes back than was captured, in one refund or in many at once; the rest may go back later.
pub async fn no_more_is_refunded_than_was_captured(fixture: &dyn GatewayFixture) -> Outcome {
    let (capture, all) = refundable(fixture).await;
    refused(fixture, &part_of(&all, CENTS + 1)).await;
    assert_eq!(fixture.held(capture.payment).await, CENTS, "a refund that was refused moved money");

    let parts = (0..8).map(|_| {
        let (gateway, part) = (fixture.gateway(), part_of(&all, 1000));
        tokio::spawn(async move { gateway.refund(&part).await })
    });
    let ends = soon("refunds are answered", join_all(parts.collect::<Vec<_>>())).await;
    let made = u64::try_from(ends.iter().filter(|end| matches!(end, Ok(Ok(())))).count()).unwrap_or(u64::MAX);
    assert!((1..=CENTS / 1000).contains(&made), "of 8 refunds of 1000 each, {made} were made of {CENTS}");
    let left = fixture.held(capture.payment).await;
    assert!(left <= CENTS - made * 1000, "{made} refunds of 1000 each were made of {CENTS}, and {left} is left");
    refused(fixture, &part_of(&all, left + 1)).await;
    answered(fixture.gateway().refund(&part_of(&all, left))).await;
    assert_eq!(fixture.held(capture.payment).await, 0, "the rest goes back");
    Outcome::Kept
}

async fn refused(fixture: &dyn GatewayFixture, refund: &Refund) {
    match soon("a refund is answered", fixture.gateway().refund(refund)).await {
        Err(GatewayError::ExceedsCharge) => {}
        other => broken(&format!("a refund of more than is left was answered with {other:?}")),
    }
}
