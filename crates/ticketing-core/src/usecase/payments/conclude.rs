//! Commits how an attempt ended.

use tracing::Instrument;

use crate::domain::ids::PaymentId;
use crate::domain::payment::{CaptureOutcome, Payment};
use crate::messaging::spans;
use crate::ports::payment_store::{PaymentNeeds, PaymentRecord};
use crate::ports::store::UnitOfWork;
use crate::usecase::error::Error;
use crate::usecase::retry_on_conflict;
use crate::wire::Origin;

use super::{Payments, account_of};

impl Payments {
    /// Commits the gateway's answer, with its event if the attempt has ended. An attempt that has ended stays so.
    pub(super) async fn conclude(
        &self,
        id: PaymentId,
        outcome: &CaptureOutcome,
        origin: &Origin,
    ) -> Result<Payment, Error> {
        let span = spans::command("conclude payment", origin);
        retry_on_conflict(|| self.try_to_conclude(id, outcome, origin)).instrument(span).await
    }

    async fn try_to_conclude(
        &self,
        id: PaymentId,
        outcome: &CaptureOutcome,
        origin: &Origin,
    ) -> Result<Payment, Error> {
        let stored = self.payment(id).await?.ok_or(Error::OrderNotFound)?;
        let order = stored.record.order;
        // The payable is read last: if its order is cancelled after this line, the commit conflicts.
        let needs = PaymentNeeds { payables: vec![order], ..PaymentNeeds::default() };
        let account = account_of(&self.store.load(&needs).await?, order).ok_or(Error::OrderNotFound)?;
        let Some((payable, payment, event)) =
            account.payable.record.clone().settle(stored.record.clone(), outcome.clone())
        else {
            return Ok(stored.record);
        };
        let payment = payment.changed(self.env.now());
        // The payable is written even where it stays the same, so that a cancellation cannot slip between.
        let mut work: UnitOfWork<PaymentRecord> =
            UnitOfWork::default().with(account.payable.replace(payable)).with(stored.replace(payment.clone()));
        work.events.extend(event.map(|event| self.env.seal(&event, self.env.now(), origin)));
        let span = spans::commit(&work);
        self.store.commit(work).instrument(span).await?;
        Ok(payment)
    }
}
