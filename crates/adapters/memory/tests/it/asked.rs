//! A provider that can only be asked keeps every promise of a gateway, with keys that are closed beside it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ticketing_conformance::attempt_keys::AttemptKeysFixture;
use ticketing_conformance::gateway::GatewayFixture;
use ticketing_conformance::sample::{self, NOW};
use ticketing_core::domain::ids::{OrderId, PaymentId};
use ticketing_core::domain::payment::CaptureOutcome;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::attempt_keys::AttemptKeys;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::gateway::{
    Capture, CardToken, GatewayError, GatewayNotice, PaymentGateway, Refund, UnverifiedNotice,
};
use ticketing_core::ports::payment_provider::PaymentProvider;
use ticketing_core::usecase::payments::ClosingGateway;
use ticketing_memory::{MemoryAttemptKeys, SandboxGateway};

use crate::world::World;

/// A sandbox that knows what arrived and closes nothing.
#[derive(Debug)]
struct AskedBank {
    sandbox: SandboxGateway,
    arrived: Mutex<HashSet<PaymentId>>,
}

#[async_trait]
impl PaymentProvider for AskedBank {
    async fn capture(&self, capture: &Capture) -> Result<CaptureOutcome, GatewayError> {
        self.arrived.lock().expect("nobody panics").insert(capture.payment);
        self.sandbox.capture(capture).await
    }

    async fn find(&self, payment: PaymentId) -> Result<Option<CaptureOutcome>, GatewayError> {
        let arrived = self.arrived.lock().expect("nobody panics").contains(&payment);
        if arrived { self.sandbox.look_up(payment).await.map(Some) } else { Ok(None) }
    }

    async fn refund(&self, refund: &Refund) -> Result<(), GatewayError> {
        self.sandbox.refund(refund).await
    }

    async fn verify_notice(&self, notice: &UnverifiedNotice, now: Timestamp) -> Result<GatewayNotice, GatewayError> {
        PaymentGateway::verify_notice(&self.sandbox, notice, now).await
    }
}

/// The bank behind closed keys.
pub(crate) struct Asked {
    /// Its gateway is the two together.
    pub(crate) world: World,
    bank: Arc<AskedBank>,
    keys: MemoryAttemptKeys,
}

const IN_FLIGHT: Duration = Duration::from_secs(60);

impl Default for Asked {
    fn default() -> Self {
        let (world, keys) = (World::default(), MemoryAttemptKeys::default());
        let sandbox = world.engines.gateway.clone();
        let bank = Arc::new(AskedBank { sandbox, arrived: Mutex::default() });
        let gateway = Arc::new(ClosingGateway {
            provider: bank.clone(),
            keys: Arc::new(keys.clone()),
            clock: Arc::new(world.clock.clone()),
            in_flight: IN_FLIGHT,
        });
        Self { world: World { gateway, ..world }, bank, keys }
    }
}

#[async_trait]
impl AttemptKeysFixture for Asked {
    fn keys(&self) -> Arc<dyn AttemptKeys> {
        Arc::new(self.keys.clone())
    }

    async fn reopened(&self) -> Arc<dyn AttemptKeys> {
        self.keys()
    }
}

fn capture() -> Capture {
    let total = sample::price(4250).money();
    let (payment, order) = (PaymentId::new(sample::uuid()), OrderId::new(sample::uuid()));
    Capture { payment, order, total, card: CardToken::new(SandboxGateway::VISA) }
}

/// A capture that was sent and has not arrived.
async fn sent(asked: &Asked) -> Capture {
    let capture = capture();
    let now = asked.world.clock.now();
    assert!(asked.keys.open(capture.payment, capture.total, now).await.expect("memory answers"));
    capture
}

#[tokio::test]
async fn what_may_still_arrive_is_not_given_up() {
    let asked = Asked::default();
    let (gateway, capture) = (asked.world.gateway(), sent(&asked).await);

    asked.world.clock.advance(IN_FLIGHT);
    let early = gateway.look_up(capture.payment).await;
    let arrived = asked.bank.capture(&capture).await.expect("it arrives just in time");

    assert!(matches!(early, Err(GatewayError::Unavailable(_))), "{early:?}");
    assert_eq!(gateway.look_up(capture.payment).await.expect("it is found"), arrived);
    assert_eq!(asked.world.held(capture.payment).await, 4250);
}

#[tokio::test]
async fn money_that_arrives_under_a_closed_key_goes_back_once() {
    let asked = Asked::default();
    let (gateway, capture) = (asked.world.gateway(), sent(&asked).await);
    asked.world.clock.advance(IN_FLIGHT + Duration::from_secs(1));
    let given_up = gateway.look_up(capture.payment).await.expect("it is given up");

    let late = asked.bank.capture(&capture).await.expect("it arrives all the same");
    let notice = asked.world.notice(&GatewayNotice { payment: capture.payment, outcome: late }, NOW);
    for _ in 0..2 {
        let told = gateway.verify_notice(&notice, NOW).await.expect("it is the gateway's own");
        assert_eq!(told.outcome, given_up, "an attempt that was given up stays so");
        assert_eq!(asked.bank.sandbox.total_refunded(), 4250, "its money goes back once");
    }
    assert_eq!(gateway.look_up(capture.payment).await.expect("it is found"), given_up);
    assert!(matches!(given_up, CaptureOutcome::Declined { .. }));
}
