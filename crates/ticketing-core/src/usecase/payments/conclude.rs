//! Commits how an attempt ended.

use crate::domain::ids::PaymentId;
use crate::domain::payment::{CaptureOutcome, Payment};
use crate::ports::payment_store::{PaymentNeeds, PaymentRecord};
use crate::ports::store::{StoreError, UnitOfWork};
use crate::usecase::DECISIONS;
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::{Payments, account_of};

impl Payments {
    /// Commits the gateway's answer with its event. An attempt that has one keeps it.
    pub(super) async fn conclude(
        &self,
        id: PaymentId,
        outcome: &CaptureOutcome,
        origin: &Origin,
    ) -> Result<Payment, Error> {
        for _ in 0..DECISIONS {
            if let Some(payment) = self.try_to_conclude(id, outcome, origin).await? {
                return Ok(payment);
            }
        }
        Err(StoreError::Conflict(Vec::new()).into())
    }

    async fn try_to_conclude(
        &self,
        id: PaymentId,
        outcome: &CaptureOutcome,
        origin: &Origin,
    ) -> Result<Option<Payment>, Error> {
        let stored = self.payment(id).await?.ok_or(Error::OrderNotFound)?;
        let order = stored.record.order;
        // The payable is read last: if its order is cancelled after this line, the commit conflicts.
        let needs = PaymentNeeds { payables: vec![order], ..PaymentNeeds::default() };
        let account = account_of(&self.store.load(&needs).await?, order).ok_or(Error::OrderNotFound)?;
        let Some((payable, payment, event)) =
            account.payable.record.clone().settle(stored.record.clone(), outcome.clone())
        else {
            return Ok(Some(stored.record));
        };
        // The payable is written even where it stays the same, so that a cancellation cannot slip between.
        let work: UnitOfWork<PaymentRecord> = UnitOfWork::default()
            .with(account.payable.replace(payable))
            .with(stored.replace(payment.clone()))
            .telling(self.env.seal(&event, self.env.now(), origin));
        match self.store.commit(work).await {
            Ok(_) => Ok(Some(payment)),
            Err(StoreError::Conflict(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
