//! A sandbox with a memory keeps every promise of a gateway, and outlives its process.

use std::sync::Arc;

use async_trait::async_trait;
use ticketing_conformance::gateway::{BuyerAct, GatewayFixture, TestCards};
use ticketing_conformance::sample;
use ticketing_conformance::time::TimeFixture;
use ticketing_core::domain::ids::PaymentId;
use ticketing_core::domain::payment::CaptureOutcome;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::audit_reader::Ledger;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::gateway::{Capture, CardToken, GatewayNotice, PaymentGateway, UnverifiedNotice};
use ticketing_core::ports::store::Page;
use ticketing_memory::{ManualClock, SandboxConfig, SandboxGateway};
use ticketing_mongodb::{MongoAuditReader, MongoClient, MongoGateway};

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
            good: CardToken::new("tok_visa"),
            bad: CardToken::new("tok_chargeDeclined"),
            silent: Some(CardToken::new("tok_timeout")),
            challenged: Some(CardToken::new("tok_threeDSecure")),
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
        let ledger = MongoAuditReader::new(&self.client);
        let charges = ledger.charges(Page::first(1000)).await.expect("the ledger is read").records.into_iter();
        charges.filter(|charge| charge.payment == payment && !charge.refunded).map(|charge| charge.total.amount).sum()
    }

    fn notice(&self, notice: &GatewayNotice, at: Timestamp) -> UnverifiedNotice {
        self.sandbox.sign_notice(notice, at)
    }
}

pub(crate) fn capture(card: &str) -> Capture {
    let total = sample::price(4250).money();
    Capture { payment: PaymentId::new(sample::uuid()), total, card: CardToken::new(card) }
}

#[tokio::test]
async fn a_charge_outlives_the_process_that_made_it() {
    let bank = Bank::open().await;
    let (good, silent) = (capture("tok_visa"), capture("tok_timeout"));
    let answer = bank.gateway.capture(&good).await.expect("a good card is answered");
    bank.gateway.capture(&silent).await.expect_err("a silent card is not answered");

    let next = bank.restarted().await;
    assert_eq!(next.capture(&good).await.expect("a charge is remembered"), answer);
    assert_eq!(next.look_up(good.payment).await.expect("a charge is found"), answer);
    let found = next.look_up(silent.payment).await.expect("a silent charge is found");
    let CaptureOutcome::Captured { reference } = found else { panic!("a silent charge was taken, not {found:?}") };
    next.refund(silent.payment, &reference, silent.total).await.expect("a charge of another process is given back");
    assert_eq!(bank.held(silent.payment).await, 0);
    assert_eq!(bank.held(good.payment).await, 4250);
}
