//! A sandbox with a memory keeps every promise of a gateway, and outlives its process.

use std::sync::Arc;

use async_trait::async_trait;
use bson::{Bson, Document, doc};
use ticketing_conformance::attempt_keys::AttemptKeysFixture;
use ticketing_conformance::attempt_notes::AttemptNotesFixture;
use ticketing_conformance::gateway::{BuyerAct, GatewayFixture, TestCards};
use ticketing_conformance::sample;
use ticketing_conformance::time::TimeFixture;
use ticketing_core::domain::ids::{OrderId, PaymentId, RefundId};
use ticketing_core::domain::money::Money;
use ticketing_core::domain::payment::CaptureOutcome;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::attempt_keys::AttemptKeys;
use ticketing_core::ports::attempt_notes::AttemptNotes;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::gateway::{
    Capture, CardToken, GatewayError, GatewayNotice, PaymentGateway, Refund, UnverifiedNotice,
};
use ticketing_memory::{ManualClock, SandboxConfig, SandboxGateway};
use ticketing_mongodb::{MongoAttemptKeys, MongoAttemptNotes, MongoClient, MongoGateway};

use crate::world::connected;

/// A sandbox behind a ledger.
pub(crate) struct Bank {
    client: MongoClient,
    clock: ManualClock,
    sandbox: SandboxGateway,
    gateway: MongoGateway,
}

impl Bank {
    pub(crate) async fn open() -> Self {
        let (client, clock) = (connected().await, ManualClock::default());
        let sandbox = SandboxGateway::new(Arc::new(clock.clone()), SandboxConfig::default());
        let gateway = MongoGateway::open(&client, Arc::new(sandbox.clone())).await.expect("the ledger opens");
        Self { client, clock, sandbox, gateway }
    }

    /// The same ledger under a new process, whose sandbox remembers nothing.
    async fn restarted(&self) -> MongoGateway {
        let sandbox = SandboxGateway::new(Arc::new(self.clock.clone()), SandboxConfig::default());
        MongoGateway::open(&self.client, Arc::new(sandbox)).await.expect("the ledger opens")
    }
}

#[async_trait]
impl TimeFixture for Bank {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn pass(&self, span: std::time::Duration) {
        self.clock.advance(span);
    }
}

#[async_trait]
impl GatewayFixture for Bank {
    fn gateway(&self) -> Arc<dyn PaymentGateway> {
        Arc::new(self.gateway.clone())
    }

    fn cards(&self) -> TestCards {
        TestCards {
            good: CardToken::new(SandboxGateway::VISA),
            bad: CardToken::new(SandboxGateway::CHARGE_DECLINED),
            silent: Some(CardToken::new(SandboxGateway::TIMEOUT)),
            challenged: Some(CardToken::new(SandboxGateway::THREE_D_SECURE)),
        }
    }

    async fn act(&self, payment: PaymentId, act: BuyerAct) {
        let outcome = match act {
            BuyerAct::Approves => CaptureOutcome::Captured { reference: format!("bank_{payment}").into() },
            BuyerAct::Refuses => CaptureOutcome::Declined { reason: "authentication_failed".into() },
        };
        let now = self.clock.now();
        let notice = self.sandbox.sign_notice(&GatewayNotice { payment, outcome }, now);
        self.gateway.verify_notice(&notice, now).await.expect("a notice of the sandbox is genuine");
    }

    async fn held(&self, payment: PaymentId) -> u64 {
        let attempts = self.client.database("gateway").collection::<Document>("attempts");
        let charge = doc! { "_id": bson::Uuid::from(payment.uuid()), "reference": { "$ne": null } };
        let Some(charge) = attempts.find_one(charge).await.expect("the ledger is read") else { return 0 };
        let cents = |money: &Document| money.get_i64("amount").expect("an amount");
        let refunds = charge.get_array("refunds").expect("refunds").iter().filter_map(Bson::as_document);
        let left = cents(charge.get_document("total").expect("a total")) - refunds.map(cents).sum::<i64>();
        u64::try_from(left).expect("no more went back than was taken")
    }

    fn notice(&self, notice: &GatewayNotice, at: Timestamp) -> UnverifiedNotice {
        self.sandbox.sign_notice(notice, at)
    }
}

/// The keys of attempts.
pub(crate) struct Keys(MongoClient, MongoAttemptKeys);

impl Keys {
    pub(crate) async fn open() -> Self {
        let client = connected().await;
        let keys = MongoAttemptKeys::open(&client).await.expect("the keys open");
        Self(client, keys)
    }
}

#[async_trait]
impl AttemptKeysFixture for Keys {
    fn keys(&self) -> Arc<dyn AttemptKeys> {
        Arc::new(self.1.clone())
    }

    async fn reopened(&self) -> Arc<dyn AttemptKeys> {
        Arc::new(MongoAttemptKeys::open(&self.0).await.expect("the keys open again"))
    }
}

/// The notes of attempts.
pub(crate) struct Notes(MongoClient, MongoAttemptNotes);

impl Notes {
    pub(crate) async fn open() -> Self {
        let client = connected().await;
        let notes = MongoAttemptNotes::open(&client).await.expect("the notes open");
        Self(client, notes)
    }
}

#[async_trait]
impl AttemptNotesFixture for Notes {
    fn notes(&self) -> Arc<dyn AttemptNotes> {
        Arc::new(self.1.clone())
    }

    async fn reopened(&self) -> Arc<dyn AttemptNotes> {
        Arc::new(MongoAttemptNotes::open(&self.0).await.expect("the notes open again"))
    }
}

pub(crate) fn capture(card: &str) -> Capture {
    let total = sample::price(4250).money();
    let (payment, order) = (PaymentId::new(sample::uuid()), OrderId::new(sample::uuid()));
    Capture { payment, order, total, card: CardToken::new(card) }
}

#[tokio::test]
async fn a_charge_outlives_the_process_that_made_it() {
    let bank = Bank::open().await;
    let (good, silent) = (capture(SandboxGateway::VISA), capture(SandboxGateway::TIMEOUT));
    let answer = bank.gateway.capture(&good).await.expect("a good card is answered");
    bank.gateway.capture(&silent).await.expect_err("a silent card is not answered");

    let next = bank.restarted().await;
    assert_eq!(next.capture(&good).await.expect("a charge is remembered"), answer);
    assert_eq!(next.look_up(good.payment).await.expect("a charge is found"), answer);
    let found = next.look_up(silent.payment).await.expect("a silent charge is found");
    let CaptureOutcome::Captured { reference } = found else { panic!("a silent charge was taken, not {found:?}") };
    next.refund(&Refund::of_all(silent.payment, &reference, silent.total))
        .await
        .expect("a charge of another process is given back");
    assert_eq!(bank.held(silent.payment).await, 0);
    assert_eq!(bank.held(good.payment).await, 4250);
}

#[tokio::test]
async fn what_an_earlier_release_refunded_is_not_refunded_again() {
    let bank = Bank::open().await;
    let good = capture(SandboxGateway::VISA);
    let captured = bank.gateway.capture(&good).await.expect("a good card is answered");
    let CaptureOutcome::Captured { reference } = &captured else { panic!("a good card is charged, not {captured:?}") };
    let attempts = bank.client.database("gateway").collection::<Document>("attempts");
    let as_earlier = doc! { "$set": { "refunded": true }, "$unset": { "refunds": "", "action": "" } };
    attempts.update_one(doc! { "_id": bson::Uuid::from(good.payment.uuid()) }, as_earlier).await.expect("it is there");

    let all = Refund::of_all(good.payment, reference, good.total);
    let part = Refund { id: RefundId::new(sample::uuid()), amount: Money { amount: 1, ..all.amount }, ..all.clone() };
    assert_eq!(bank.gateway.look_up(good.payment).await.expect("it is read"), captured);
    bank.gateway.refund(&all).await.expect("it went back before");
    let more = bank.gateway.refund(&part).await;
    assert!(matches!(more, Err(GatewayError::ExceedsCharge)), "all of it went back before: {more:?}");
}
