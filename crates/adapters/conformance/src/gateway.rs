//! Rules of [`PaymentGateway`].
#![expect(clippy::missing_panics_doc, reason = "rules panic by design")]

mod actions;
mod refunds;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::join_all;
use ticketing_core::domain::ids::{OrderId, PaymentId};
use ticketing_core::domain::money::Money;
use ticketing_core::domain::payment::CaptureOutcome;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::gateway::{
    Capture, CardToken, GatewayError, GatewayNotice, PaymentGateway, UnverifiedNotice,
};

use crate::outcome::{Outcome, broken};
use crate::report::Family;
use crate::sample::{self, NOW};
use crate::time::soon;

pub use actions::{
    a_refused_action_is_never_charged, an_action_is_the_same_each_time, an_approved_action_is_charged_once,
    what_was_given_up_is_never_charged,
};

pub use refunds::{a_part_is_refunded_once, a_refund_happens_once, no_more_is_refunded_than_was_captured};

/// Every rule of this module.
pub const GATEWAY: Family<dyn GatewayFixture> = crate::gateway!(@ [family]);

/// Cards of a gateway's test mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestCards {
    /// Is charged.
    pub good: CardToken,
    /// Is declined.
    pub bad: CardToken,
    /// Is charged without an answer; `None` if there is no such card.
    pub silent: Option<CardToken>,
    /// Is charged once its buyer has acted; `None` if there is no such card.
    pub challenged: Option<CardToken>,
}

/// What the buyer of a challenged card does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuyerAct {
    /// The payment goes on.
    Approves,
    /// The payment ends.
    Refuses,
}

/// A gateway in test mode.
#[async_trait]
pub trait GatewayFixture: Send + Sync {
    /// The gateway; always the same one.
    fn gateway(&self) -> Arc<dyn PaymentGateway>;

    /// Its test cards.
    fn cards(&self) -> TestCards;

    /// Acts as the buyer of a challenged card; nothing happens if the payment awaits nobody.
    async fn act(&self, payment: PaymentId, act: BuyerAct);

    /// What the gateway holds of a payment now, captured less refunded, in minor units.
    async fn held(&self, payment: PaymentId) -> u64;

    /// Writes a notice as the gateway itself would at `at`, with the headers that prove it and no others.
    fn notice(&self, notice: &GatewayNotice, at: Timestamp) -> UnverifiedNotice;
}

const CENTS: u64 = 4250;
const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn total() -> Money {
    sample::price(CENTS).money()
}

fn capture(card: CardToken) -> Capture {
    Capture { payment: PaymentId::new(sample::uuid()), order: OrderId::new(sample::uuid()), total: total(), card }
}

async fn answered<T: Send>(call: impl Future<Output = Result<T, GatewayError>> + Send) -> T {
    soon("the gateway answers", call).await.expect("the gateway answers")
}

/// Charges the good card; returns how the gateway calls the charge.
async fn charged(fixture: &dyn GatewayFixture, capture: &Capture) -> Arc<str> {
    match answered(fixture.gateway().capture(capture)).await {
        CaptureOutcome::Captured { reference } => reference,
        other => broken(&format!("the good card was not charged: {other:?}")),
    }
}

/// A good card is charged what is asked for.
pub async fn a_good_card_is_charged(fixture: &dyn GatewayFixture) -> Outcome {
    let capture = capture(fixture.cards().good);
    let reference = charged(fixture, &capture).await;
    assert!(!reference.is_empty(), "a charge has no name");
    assert_eq!(fixture.held(capture.payment).await, CENTS, "the gateway holds what was captured");
    let found = answered(fixture.gateway().look_up(capture.payment)).await;
    assert_eq!(found, CaptureOutcome::Captured { reference }, "a charge is found by looking it up");
    Outcome::Kept
}

/// A bad card is declined, with a reason, and stays declined.
pub async fn a_bad_card_is_declined(fixture: &dyn GatewayFixture) -> Outcome {
    let gateway = fixture.gateway();
    let capture = capture(fixture.cards().bad);
    let declined = answered(gateway.capture(&capture)).await;
    let CaptureOutcome::Declined { reason } = &declined else { broken("the bad card was charged") };
    assert!(!reason.is_empty(), "a card was declined without a reason");

    let found = answered(gateway.look_up(capture.payment)).await;
    assert!(matches!(found, CaptureOutcome::Declined { .. }), "a declined payment is found as {found:?}");
    let again = answered(gateway.capture(&Capture { card: fixture.cards().good, ..capture.clone() })).await;
    assert!(matches!(again, CaptureOutcome::Declined { .. }), "a declined payment was charged later: {again:?}");
    assert_eq!(fixture.held(capture.payment).await, 0, "the gateway holds money of a declined payment");
    Outcome::Kept
}

/// The same payment is charged once, and answered alike, one by one and all at once.
pub async fn a_payment_is_charged_once(fixture: &dyn GatewayFixture) -> Outcome {
    let capture = capture(fixture.cards().good);
    let tries = (0..8).map(|_| {
        let (gateway, capture) = (fixture.gateway(), capture.clone());
        tokio::spawn(async move { gateway.capture(&capture).await })
    });
    let ends = soon("captures are answered", join_all(tries.collect::<Vec<_>>())).await;
    let reference = charged(fixture, &capture).await;
    for end in ends {
        match end {
            Ok(Ok(CaptureOutcome::Captured { reference: other })) => assert_eq!(other, reference, "answers differ"),
            // Several at once may be too much for a gateway, as long as it charges once.
            Ok(Err(GatewayError::Unavailable(_))) => {}
            other => broken(&format!("the same payment was answered otherwise: {other:?}")),
        }
    }
    assert_eq!(fixture.held(capture.payment).await, CENTS, "the same payment was charged several times");
    Outcome::Kept
}

/// A charge whose answer was lost is found by looking it up.
pub async fn a_silent_charge_is_found_by_looking_up(fixture: &dyn GatewayFixture) -> Outcome {
    let Some(silent) = fixture.cards().silent else {
        return Outcome::NotClaimed("the test mode of this gateway has no card that is charged without an answer");
    };
    let capture = capture(silent);
    let lost = soon("a capture ends", fixture.gateway().capture(&capture)).await;
    assert!(matches!(lost, Err(GatewayError::Unavailable(_))), "the silent card is answered: {lost:?}");

    let found = answered(fixture.gateway().look_up(capture.payment)).await;
    assert!(matches!(found, CaptureOutcome::Captured { .. }), "a charge without an answer is found as {found:?}");
    assert_eq!(answered(fixture.gateway().look_up(capture.payment)).await, found, "it is found alike again");
    assert_eq!(fixture.held(capture.payment).await, CENTS, "the gateway holds what was captured");
    Outcome::Kept
}

/// A payment that was looked up and not found is never charged, so that its caller may begin another.
pub async fn what_was_looked_up_in_vain_is_never_charged(fixture: &dyn GatewayFixture) -> Outcome {
    let gateway = fixture.gateway();
    let capture = capture(fixture.cards().good);
    let missing = answered(gateway.look_up(capture.payment)).await;
    assert!(matches!(missing, CaptureOutcome::Declined { .. }), "what never arrived is found as {missing:?}");

    let late = answered(gateway.capture(&capture)).await;
    assert!(matches!(late, CaptureOutcome::Declined { .. }), "what was looked up in vain was charged: {late:?}");
    assert_eq!(fixture.held(capture.payment).await, 0, "what was looked up in vain was charged");
    Outcome::Kept
}

/// Only the gateway's own notice is believed, among whatever other headers, and only shortly after it was written.
pub async fn a_forged_notice_is_refused(fixture: &dyn GatewayFixture) -> Outcome {
    let gateway = fixture.gateway();
    let captured = CaptureOutcome::Captured { reference: "ch_1".into() };
    let written = GatewayNotice { payment: PaymentId::new(sample::uuid()), outcome: captured };
    let genuine = fixture.notice(&written, NOW);
    let forwarded = ("x-forwarded-for".to_owned(), Bytes::from_static(b"192.0.2.1"));
    let headers = [vec![forwarded], genuine.headers.clone()].concat();
    let read = gateway.verify_notice(&UnverifiedNotice { headers, ..genuine.clone() }, NOW.after(SECOND)).await;
    assert_eq!(read.expect("the gateway's own notice is believed"), written, "a notice says what was written");

    let declined = CaptureOutcome::Declined { reason: "card_declined".into() };
    let other = fixture.notice(&GatewayNotice { outcome: declined, ..written }, NOW);
    let nonsense = genuine.headers.iter().map(|(name, _)| (name.clone(), Bytes::from_static(b"tomato"))).collect();
    let with = |headers| UnverifiedNotice { headers, ..genuine.clone() };
    let forgeries = [
        ("another body", UnverifiedNotice { body: other.body.clone(), ..genuine.clone() }, NOW),
        ("another signature", with(other.headers), NOW),
        ("no signature", with(Vec::new()), NOW),
        ("no sense in the signature", with(nonsense), NOW),
        ("no body", UnverifiedNotice { body: Bytes::new(), ..genuine.clone() }, NOW),
        ("an old notice", genuine.clone(), NOW.after(DAY)),
        ("a notice from the future", genuine.clone(), NOW.before(DAY)),
    ];
    for (what, forgery, now) in forgeries {
        let believed = gateway.verify_notice(&forgery, now).await;
        assert!(matches!(believed, Err(GatewayError::Forged)), "{what} was believed: {believed:?}");
    }
    Outcome::Kept
}
