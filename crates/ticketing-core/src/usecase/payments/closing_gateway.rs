//! Makes a gateway of a provider that can only be asked: the keys that it cannot close are closed here.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::ids::PaymentId;
use crate::domain::payment::CaptureOutcome;
use crate::domain::time::Timestamp;
use crate::ports::attempt_keys::AttemptKeys;
use crate::ports::clock::Clock;
use crate::ports::gateway::{Capture, GatewayError, GatewayNotice, PaymentGateway, Refund, UnverifiedNotice};
use crate::ports::payment_provider::PaymentProvider;
use crate::ports::store::StoreError;

/// A gateway over a provider that cannot close the key of an attempt.
///
/// A key is noted before a capture is sent, and closed when a look-up finds nothing, but not before every capture
/// that was sent under it has arrived or never will. Should money be taken under a closed key all the same, because a
/// capture was under way for longer than `in_flight`, it goes back as soon as its response or its notice arrives.
///
/// # Examples
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use ticketing_core::ports::{attempt_keys::AttemptKeys, clock::Clock, payment_provider::PaymentProvider};
/// use ticketing_core::usecase::payments::ClosingGateway;
///
/// fn gateway(
///     provider: Arc<dyn PaymentProvider>,
///     keys: Arc<dyn AttemptKeys>,
///     clock: Arc<dyn Clock>,
/// ) -> ClosingGateway {
///     // Requests to this provider time out after 30 seconds.
///     ClosingGateway { provider, keys, clock, in_flight: Duration::from_secs(60) }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct ClosingGateway {
    /// Takes the money.
    pub provider: Arc<dyn PaymentProvider>,
    /// Keeps which keys are closed; as durable as the payments.
    pub keys: Arc<dyn AttemptKeys>,
    /// Measures how long a capture has been under way.
    pub clock: Arc<dyn Clock>,
    /// A capture that was sent longer ago has arrived or never will: more than the timeout of a request.
    pub in_flight: Duration,
}

impl ClosingGateway {
    /// The result of an attempt, unless its key is closed: then money that was taken goes back.
    async fn unless_closed(&self, payment: PaymentId, outcome: CaptureOutcome) -> Result<CaptureOutcome, GatewayError> {
        let Some(key) = self.keys.closed(payment).await.map_err(unavailable)? else { return Ok(outcome) };
        if let (CaptureOutcome::Captured { reference }, Some(total)) = (&outcome, key.total) {
            tracing::warn!(%payment, "payment {payment} was charged after it was given up: its money goes back");
            self.provider.refund(&Refund::of_all(payment, reference, total)).await?;
        }
        Ok(never_arrived())
    }
}

fn never_arrived() -> CaptureOutcome {
    CaptureOutcome::Declined { reason: "never_arrived".into() }
}

fn unavailable(error: StoreError) -> GatewayError {
    GatewayError::Unavailable(error.into())
}

#[derive(Debug, thiserror::Error)]
#[error("the payment may still be on its way to the provider")]
struct OnItsWay;

#[async_trait]
impl PaymentGateway for ClosingGateway {
    async fn capture(&self, capture: &Capture) -> Result<CaptureOutcome, GatewayError> {
        let opened = self.keys.open(capture.payment, capture.total, self.clock.now()).await;
        if !opened.map_err(unavailable)? {
            return Ok(never_arrived());
        }
        let outcome = self.provider.capture(capture).await?;
        self.unless_closed(capture.payment, outcome).await
    }

    async fn look_up(&self, payment: PaymentId) -> Result<CaptureOutcome, GatewayError> {
        // Before the provider is asked: what is sent after this line is not missing from its answer.
        let opened_before = self.clock.now().before(self.in_flight);
        if let Some(outcome) = self.provider.find(payment).await? {
            return self.unless_closed(payment, outcome).await;
        }
        match self.keys.close(payment, opened_before).await.map_err(unavailable)? {
            true => Ok(never_arrived()),
            false => Err(GatewayError::Unavailable(OnItsWay.into())),
        }
    }

    async fn give_up(&self, payment: PaymentId) -> Result<CaptureOutcome, GatewayError> {
        self.look_up(payment).await
    }

    async fn refund(&self, refund: &Refund) -> Result<(), GatewayError> {
        self.provider.refund(refund).await
    }

    async fn verify_notice(&self, notice: &UnverifiedNotice, now: Timestamp) -> Result<GatewayNotice, GatewayError> {
        let GatewayNotice { payment, outcome } = self.provider.verify_notice(notice, now).await?;
        Ok(GatewayNotice { payment, outcome: self.unless_closed(payment, outcome).await? })
    }
}
