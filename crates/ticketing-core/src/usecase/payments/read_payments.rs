//! Shows a buyer what became of their money.

use crate::domain::ids::{AccountId, OrderId};
use crate::domain::payment::Payment;
use crate::ports::payment_store::PaymentNeeds;
use crate::usecase::error::Error;

use super::{Payments, account_of};

impl Payments {
    /// The payment of an order of `by` that is under way or took the money; `None` if there is none (yet).
    ///
    /// # Errors
    ///
    /// [`Error::OrderNotFound`] if payments has not heard of the order, or it is somebody else's, or a failure of the store.
    pub async fn payment_of(&self, order: OrderId, by: AccountId) -> Result<Option<Payment>, Error> {
        let needs = PaymentNeeds { payables: vec![order], ..PaymentNeeds::default() };
        let records = self.store.load(&needs).await?;
        let account = account_of(&records, order).filter(|account| account.payable.record.buyer == by);
        Ok(account.ok_or(Error::OrderNotFound)?.live.map(|stored| stored.record))
    }
}
