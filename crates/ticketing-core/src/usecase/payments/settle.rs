//! Settles what a crash, a silent gateway or a buyer left open, and gives money back that is due.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::ids::{OrderId, PaymentId};
use crate::domain::payment::{CaptureOutcome, PayableStatus, Payment, PaymentStatus};
use crate::domain::time::Timestamp;
use crate::messaging::driver::Step;
use crate::ports::BoxError;
use crate::ports::error_chain;
use crate::ports::gateway::Refund;
use crate::ports::payment_store::{PaymentNeeds, PaymentRecord};
use crate::ports::store::{Page, UnitOfWork};
use crate::usecase::error::Error;
use crate::usecase::retry_on_conflict;
use crate::wire::Origin;

use super::{Payments, account_of};

/// Looks up pending payments and refunds those that are due.
#[derive(Debug, Clone)]
pub struct SettlePayments {
    payments: Payments,
    grace: Duration,
    batch: usize,
    after: Option<PaymentId>,
    /// When this pass over all payments began, and the one before it.
    pass: Pass,
}

#[derive(Debug, Clone, Copy)]
struct Pass {
    began_at: Option<Timestamp>,
    before_at: Option<Timestamp>,
}

impl SettlePayments {
    /// A step over `batch` payments; a pending one is looked up once it is older than `grace`,
    /// so that the request which began it had its chance, and one that awaits its buyer with growing pauses.
    #[must_use]
    pub const fn new(payments: Payments, grace: Duration, batch: usize) -> Self {
        let pass = Pass { began_at: None, before_at: None };
        Self { payments, grace, batch, after: None, pass }
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
        if self.after.is_none() {
            self.pass = Pass { began_at: Some(now), before_at: self.pass.began_at };
        }
        // After the last page the next step starts over: what could not be settled gets another try.
        self.after = if unsettled.len() < self.batch { None } else { unsettled.last().map(|payment| payment.id) };
        let mut settled = 0;
        let is_due = |payment: &&Payment| payment.is_look_up_due(self.grace, self.pass.before_at, now);
        for payment in unsettled.iter().filter(is_due) {
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
        futures_util::future::pending().await
    }

    async fn finish(self: Box<Self>) {}
}

impl Payments {
    async fn settle(&self, payment: &Payment) -> Result<(), Error> {
        match &payment.status {
            PaymentStatus::Pending => {
                self.conclude_by_itself(payment.id, self.gateway.look_up(payment.id).await?).await
            }
            PaymentStatus::AwaitingBuyer { .. } => {
                // Nobody is charged on purpose for an order that has ended; if the buyer is faster, the money goes back.
                let outcome = match self.is_open(payment.order).await? {
                    true => self.gateway.look_up(payment.id).await?,
                    false => self.gateway.give_up(payment.id).await?,
                };
                self.conclude_by_itself(payment.id, outcome).await
            }
            PaymentStatus::RefundDue { reference } => {
                self.gateway.refund(&Refund::of_all(payment.id, reference, payment.total)).await?;
                // A crash here refunds again, which the gateway does once.
                self.note_refund(payment.id).await
            }
            PaymentStatus::Captured { .. } | PaymentStatus::Failed { .. } | PaymentStatus::Refunded { .. } => Ok(()),
        }
    }

    async fn conclude_by_itself(&self, id: PaymentId, outcome: CaptureOutcome) -> Result<(), Error> {
        let origin = Origin::new(self.env.uuid(self.env.now()));
        self.conclude(id, &outcome, &origin).await.map(drop)
    }

    async fn is_open(&self, order: OrderId) -> Result<bool, Error> {
        let needs = PaymentNeeds { payables: vec![order], ..PaymentNeeds::default() };
        let account = account_of(&self.store.load(&needs).await?, order);
        Ok(account.is_some_and(|account| matches!(account.payable.record.status, PayableStatus::Open { .. })))
    }

    async fn note_refund(&self, id: PaymentId) -> Result<(), Error> {
        retry_on_conflict(|| async {
            let Some(stored) = self.payment(id).await? else { return Err(Error::OrderNotFound) };
            let Some((refunded, event)) = stored.record.clone().refunded() else { return Ok(()) };
            let now = self.env.now();
            let origin = Origin::new(self.env.uuid(now));
            let work: UnitOfWork<PaymentRecord> = UnitOfWork::default()
                .with(stored.replace(refunded.changed(now)))
                .telling(self.env.seal(&event, now, &origin));
            self.store.commit(work).await?;
            Ok(())
        })
        .await
    }
}
