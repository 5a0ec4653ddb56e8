//! The gateway: each operation in the order that prevents a second charge.

use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::domain::buyer_action::ActionUrl;
use ticketing_core::domain::ids::PaymentId;
use ticketing_core::domain::payment::CaptureOutcome;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::attempt_notes::{AttemptNote, AttemptNotes};
use ticketing_core::ports::gateway::{Capture, GatewayError, GatewayNotice, PaymentGateway, Refund, UnverifiedNotice};

use crate::amount::charged;
use crate::api::Api;
use crate::attempts::Attempts;
use crate::config::StripeConfig;
use crate::error::{CallError, Processing, StripeError, unavailable};
use crate::notice::{self, News, NoticeSecrets};
use crate::refunds;
use crate::stage::{Attempt, Stage};

/// Charges by Stripe. A clone uses the same account and connections.
#[derive(Debug, Clone)]
pub struct StripeGateway {
    attempts: Attempts,
    notes: Arc<dyn AttemptNotes>,
    secrets: NoticeSecrets,
}

impl StripeGateway {
    /// A gateway for a Stripe account, without connecting. The notes must be as durable as the payments.
    ///
    /// # Errors
    ///
    /// [`StripeError`] names the wrong setting.
    pub fn new(config: &StripeConfig, notes: Arc<dyn AttemptNotes>) -> Result<Self, StripeError> {
        ActionUrl::parse(&config.orders_url).map_err(|_| StripeError::OrdersUrl)?;
        let orders_url = config.orders_url.trim_end_matches('/').into();
        let attempts = Attempts { api: Api::new(config)?, orders_url };
        Ok(Self { attempts, notes, secrets: NoticeSecrets::new(&config.webhook_secrets)? })
    }

    /// Charges an attempt that was prepared and noted, or returns what the buyer must do.
    async fn begin(&self, prepared: Attempt, capture: &Capture) -> Result<CaptureOutcome, GatewayError> {
        let id = prepared.id();
        let begun = match prepared {
            Attempt::Session(_) => Ok(prepared),
            // A crash before this line leaves an unconfirmed intent, which a look-up closes.
            Attempt::Intent(_) => self.attempts.confirm(&id, capture).await,
        };
        match begun {
            Ok(attempt) => self.outcome(&id, attempt.stage().map_err(unavailable)?).await,
            Err(CallError::Refused(refusal)) => self.end(&id, refusal.reason()).await,
            Err(error) => Err(unavailable(error)),
        }
    }

    /// The result of an attempt that another call began.
    async fn begun(&self, id: &str) -> Result<CaptureOutcome, GatewayError> {
        match self.stage(id).await? {
            Stage::Unconfirmed { failure: None } => Err(unavailable(Processing)),
            stage => self.outcome(id, stage).await,
        }
    }

    /// Closes an attempt that cannot be prepared.
    async fn refuse(&self, payment: PaymentId, reason: Arc<str>) -> Result<CaptureOutcome, GatewayError> {
        tracing::warn!(%payment, %reason, "payment {payment} cannot be made by Stripe: {reason}");
        match self.close(payment).await? {
            Some(id) => self.begun(&id).await,
            None => Ok(CaptureOutcome::Declined { reason }),
        }
    }

    /// Closes an attempt that has no note; returns Stripe's id of one that was prepared.
    async fn close(&self, payment: PaymentId) -> Result<Option<Arc<str>>, GatewayError> {
        Ok(match self.notes.note(payment, AttemptNote::Closed).await.map_err(unavailable)? {
            Some(AttemptNote::Prepared { provider_id }) => Some(provider_id),
            Some(AttemptNote::Closed) | None => None,
        })
    }

    async fn stage(&self, id: &str) -> Result<Stage, GatewayError> {
        let attempt = self.attempts.read(id).await.map_err(unavailable)?;
        attempt.stage().map_err(unavailable)
    }

    /// The result of an attempt; an unconfirmed one is closed.
    async fn outcome(&self, id: &str, stage: Stage) -> Result<CaptureOutcome, GatewayError> {
        match stage {
            Stage::Unconfirmed { failure } => self.end(id, failure.unwrap_or_else(|| "never_confirmed".into())).await,
            Stage::AwaitsBuyer(action) => Ok(CaptureOutcome::ActionRequired(action)),
            Stage::Processing => Err(unavailable(Processing)),
            Stage::Captured { reference } => Ok(CaptureOutcome::Captured { reference }),
            Stage::Over { reason } => Ok(CaptureOutcome::Declined { reason }),
        }
    }

    /// Closes an attempt at Stripe, unless it was charged before.
    async fn end(&self, id: &str, reason: Arc<str>) -> Result<CaptureOutcome, GatewayError> {
        let stage = match self.attempts.close(id).await {
            Ok(attempt) => attempt.stage().map_err(unavailable)?,
            Err(CallError::Refused(_)) => self.stage(id).await?,
            Err(error) => return Err(unavailable(error)),
        };
        match stage {
            Stage::Over { .. } => Ok(CaptureOutcome::Declined { reason }),
            Stage::Captured { reference } => Ok(CaptureOutcome::Captured { reference }),
            Stage::AwaitsBuyer(action) => Ok(CaptureOutcome::ActionRequired(action)),
            Stage::Unconfirmed { .. } | Stage::Processing => Err(unavailable(Processing)),
        }
    }
}

fn never_arrived() -> CaptureOutcome {
    CaptureOutcome::Declined { reason: "never_arrived".into() }
}

#[async_trait]
impl PaymentGateway for StripeGateway {
    async fn capture(&self, capture: &Capture) -> Result<CaptureOutcome, GatewayError> {
        let payment = capture.payment;
        let Some(amount) = charged(capture.total) else {
            return self.refuse(payment, "amount_not_chargeable".into()).await;
        };
        let prepared = match self.attempts.prepare(capture, amount).await {
            Ok(prepared) => prepared,
            Err(CallError::Refused(refusal)) => return self.refuse(payment, refusal.reason()).await,
            Err(error) => return Err(unavailable(error)),
        };
        let note = AttemptNote::Prepared { provider_id: prepared.id() };
        match self.notes.note(payment, note).await.map_err(unavailable)? {
            None => self.begin(prepared, capture).await,
            Some(AttemptNote::Prepared { provider_id }) => self.begun(&provider_id).await,
            Some(AttemptNote::Closed) => Ok(never_arrived()),
        }
    }

    async fn look_up(&self, payment: PaymentId) -> Result<CaptureOutcome, GatewayError> {
        match self.close(payment).await? {
            Some(id) => self.outcome(&id, self.stage(&id).await?).await,
            None => Ok(never_arrived()),
        }
    }

    async fn give_up(&self, payment: PaymentId) -> Result<CaptureOutcome, GatewayError> {
        match self.close(payment).await? {
            Some(id) => self.end(&id, "abandoned".into()).await,
            None => Ok(never_arrived()),
        }
    }

    async fn refund(&self, refund: &Refund) -> Result<(), GatewayError> {
        refunds::refund(&self.attempts.api, refund).await
    }

    async fn verify_notice(&self, notice: &UnverifiedNotice, now: Timestamp) -> Result<GatewayNotice, GatewayError> {
        if !self.secrets.prove(notice, now) {
            return Err(GatewayError::Forged);
        }
        match notice::read(&notice.body) {
            News::Captured { payment, reference } => {
                Ok(GatewayNotice { payment, outcome: CaptureOutcome::Captured { reference } })
            }
            News::Changed { payment } => Ok(GatewayNotice { payment, outcome: self.look_up(payment).await? }),
            News::Unrelated => Err(GatewayError::Unrelated),
        }
    }
}
