//! A gateway over the double, and what is seen on its other side.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::json;
use ticketing_conformance::gateway::{BuyerAct, GatewayFixture, TestCards};
use ticketing_conformance::sample::{self, NOW};
use ticketing_core::domain::ids::{OrderId, PaymentId};
use ticketing_core::domain::payment::CaptureOutcome;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::gateway::{
    Capture, CardToken, GatewayError, GatewayNotice, PaymentGateway, UnverifiedNotice,
};
use ticketing_memory::MemoryAttemptNotes;
use ticketing_stripe::{StripeConfig, StripeGateway};

use crate::double::{Double, KEY, WEBHOOK_SECRET, sign};

pub(crate) const CENTS: u64 = 4250;

pub(crate) struct World {
    pub(crate) double: Double,
    pub(crate) gateway: StripeGateway,
    pub(crate) notes: MemoryAttemptNotes,
    challenged: CardToken,
}

pub(crate) fn config(double: &Double) -> StripeConfig {
    let config = StripeConfig::new(KEY, WEBHOOK_SECRET, "https://tickets.example/orders");
    StripeConfig { url: double.url().to_owned(), ..config }
}

impl World {
    /// A world whose buyers must act if they pay by this token.
    pub(crate) async fn start(challenged: &str) -> Self {
        let (double, notes) = (Double::start().await, MemoryAttemptNotes::default());
        let gateway = StripeGateway::new(&config(&double), Arc::new(notes.clone())).expect("the settings are right");
        Self { double, gateway, notes, challenged: CardToken::new(challenged) }
    }

    pub(crate) async fn by_page() -> Self {
        Self::start(CardToken::HOSTED).await
    }

    pub(crate) fn held_cents(&self, payment: PaymentId) -> u64 {
        self.double.held(&payment.to_string())
    }

    /// The statuses of what Stripe has of a payment.
    pub(crate) fn statuses(&self, payment: PaymentId) -> Vec<String> {
        let objects = self.double.of(&payment.to_string());
        objects.iter().map(|object| object["status"].as_str().expect("a status").to_owned()).collect()
    }
}

pub(crate) fn capture(card: &str) -> Capture {
    let (payment, order) = (PaymentId::new(sample::uuid()), OrderId::new(sample::uuid()));
    Capture { payment, order, total: sample::price(CENTS).money(), card: CardToken::new(card) }
}

pub(crate) fn declined(reason: &str) -> CaptureOutcome {
    CaptureOutcome::Declined { reason: reason.into() }
}

/// A notice with its signature.
pub(crate) fn signed(body: &str, at: Timestamp) -> UnverifiedNotice {
    let signature = sign(WEBHOOK_SECRET, body.as_bytes(), at.millis() / 1000);
    let headers = vec![("stripe-signature".to_owned(), Bytes::from(signature))];
    UnverifiedNotice { headers, body: Bytes::copy_from_slice(body.as_bytes()) }
}

/// Hears of an event now.
pub(crate) async fn hear(world: &World, event: &str) -> Result<GatewayNotice, GatewayError> {
    world.gateway.verify_notice(&signed(event, NOW), NOW).await
}

#[async_trait]
impl GatewayFixture for World {
    fn gateway(&self) -> Arc<dyn PaymentGateway> {
        Arc::new(self.gateway.clone())
    }

    fn cards(&self) -> TestCards {
        TestCards {
            good: CardToken::new("pm_card_visa"),
            bad: CardToken::new("pm_card_visa_chargeDeclined"),
            silent: Some(CardToken::new("pm_card_silent")),
            challenged: Some(self.challenged.clone()),
        }
    }

    async fn act(&self, payment: PaymentId, act: BuyerAct) {
        self.double.act(&payment.to_string(), act == BuyerAct::Approves);
    }

    async fn held(&self, payment: PaymentId) -> u64 {
        self.held_cents(payment)
    }

    fn notice(&self, GatewayNotice { payment, outcome }: &GatewayNotice, at: Timestamp) -> UnverifiedNotice {
        let (kind, id) = match outcome {
            CaptureOutcome::Captured { reference } => ("payment_intent.succeeded", &**reference),
            _ => ("payment_intent.payment_failed", "pi_1"),
        };
        let object = json!({"id": id, "metadata": {"ticketing_payment": payment.to_string()}});
        signed(&json!({"type": kind, "data": {"object": object}}).to_string(), at)
    }
}
