//! Settles what a crash or a silent gateway left open, and gives money back that is due.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::ids::PaymentId;
use crate::domain::payment::{Payment, PaymentStatus};
use crate::messaging::driver::Step;
use crate::ports::BoxError;
use crate::ports::error_chain;
use crate::ports::payment_store::PaymentRecord;
use crate::ports::store::{Page, UnitOfWork};
use crate::usecase::error::Error;
use crate::usecase::retry_on_conflict;
use crate::wire::Origin;

use super::Payments;

/// Looks up pending payments and refunds those that are due.
#[derive(Debug, Clone)]
pub struct SettlePayments {
    payments: Payments,
    grace: Duration,
    batch: usize,
    after: Option<PaymentId>,
}

impl SettlePayments {
    /// A step over `batch` payments; a pending one is looked up once it is older than `grace`,
    /// so that the request which began it had its chance.
    #[must_use]
    pub const fn new(payments: Payments, grace: Duration, batch: usize) -> Self {
        Self { payments, grace, batch, after: None }
    }
}

#[async_trait]
impl Step for SettlePayments {
    fn name(&self) -> &str {
        "payments-settle"
    }

    async fn step(&mut self) -> Result<usize, BoxError> {
        let env = &self.payments.env;
        let now = env.now();
        // A clock may be ahead of this one by as much; what is further ahead began while it was wrong.
        let young = now.before(self.grace)..=now.after(self.grace);
        let page = Page { after: self.after, limit: self.batch };
        let unsettled = self.payments.store.unsettled(young, page).await?;
        // Behind the last page the next step begins anew: what could not be settled gets another try.
        self.after = if unsettled.len() < self.batch { None } else { unsettled.last().map(|payment| payment.id) };
        let mut settled = 0;
        for payment in &unsettled {
            match self.payments.settle(payment).await {
                Ok(()) => settled += 1,
                Err(error) => {
                    let (id, cause) = (payment.id, error_chain(&error));
                    tracing::warn!(payment = %id, cause, "payment {id} could not be settled yet");
                }
            }
        }
        Ok(settled)
    }

    async fn idle(&mut self) {
        futures::future::pending().await
    }

    async fn finish(self: Box<Self>) {}
}

impl Payments {
    async fn settle(&self, payment: &Payment) -> Result<(), Error> {
        match &payment.status {
            PaymentStatus::Pending => {
                let outcome = self.gateway.look_up(payment.id).await?;
                let origin = Origin::new(self.env.uuid(self.env.now()));
                self.conclude(payment.id, &outcome, &origin).await?;
                Ok(())
            }
            PaymentStatus::RefundDue { reference } => {
                self.gateway.refund(payment.id, reference, payment.total).await?;
                // A crash here refunds again, which the gateway does once.
                self.note_refund(payment.id).await
            }
            PaymentStatus::Captured { .. } | PaymentStatus::Failed { .. } | PaymentStatus::Refunded { .. } => Ok(()),
        }
    }

    async fn note_refund(&self, id: PaymentId) -> Result<(), Error> {
        retry_on_conflict(|| async {
            let Some(stored) = self.payment(id).await? else { return Err(Error::OrderNotFound) };
            let Some((refunded, event)) = stored.record.clone().refunded() else { return Ok(()) };
            let now = self.env.now();
            let origin = Origin::new(self.env.uuid(now));
            let work: UnitOfWork<PaymentRecord> =
                UnitOfWork::default().with(stored.replace(refunded)).telling(self.env.seal(&event, now, &origin));
            self.store.commit(work).await?;
            Ok(())
        })
        .await
    }
}
