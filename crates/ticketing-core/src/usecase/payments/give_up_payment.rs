//! Gives up a payment that awaits its buyer, so that another card can be used.

use crate::domain::ids::{AccountId, OrderId};
use crate::domain::payment::Payment;
use crate::ports::payment_store::PaymentNeeds;
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::pay_order::unheard;
use super::{Payments, account_of};

impl Payments {
    /// The payment of an order that is in progress or took the money, for its buyer.
    ///
    /// # Errors
    ///
    /// [`Error::OrderNotFound`], or [`Error::Unavailable`], also if the order may be one that payments has yet to hear of.
    pub async fn live_payment(&self, order: OrderId, buyer: AccountId) -> Result<Option<Payment>, Error> {
        let needs = PaymentNeeds { payables: vec![order], ..PaymentNeeds::default() };
        let account = account_of(&self.store.load(&needs).await?, order);
        let account = account.ok_or_else(|| unheard(order, self.env.now()))?;
        if account.payable.record.buyer != buyer {
            return Err(Error::OrderNotFound);
        }
        Ok(account.live.map(|stored| stored.record))
    }

    /// Ends the payment of an order that awaits its buyer, and returns it as it is then.
    ///
    /// It has failed, unless the buyer acted just before, or the gateway cannot end it: then it still waits. A payment
    /// that awaits nobody stays as it is.
    ///
    /// # Errors
    ///
    /// As [`Payments::live_payment`], or [`Error::Unavailable`] if the gateway does not respond.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves a payment that is settled by itself.
    pub async fn give_up_payment(
        &self,
        order: OrderId,
        buyer: AccountId,
        origin: Origin,
    ) -> Result<Option<Payment>, Error> {
        match self.live_payment(order, buyer).await? {
            Some(open) if open.action().is_some() => {
                let outcome = self.gateway.give_up(open.id).await?;
                self.conclude(open.id, &outcome, &origin).await.map(Some)
            }
            live => Ok(live),
        }
    }
}
