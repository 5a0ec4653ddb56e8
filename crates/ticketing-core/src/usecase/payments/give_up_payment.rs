//! Gives up a payment that awaits its buyer, so that another card can be used.

use crate::domain::ids::{AccountId, OrderId};
use crate::domain::payment::Payment;
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::Payments;

impl Payments {
    /// Ends the payment of an order that awaits its buyer, and returns it as it is then.
    ///
    /// It has failed, unless the buyer acted just before, or the gateway cannot end it: then it still waits. A payment
    /// that awaits nobody stays as it is.
    ///
    /// # Errors
    ///
    /// As [`Payments::payment_of`], or [`Error::Unavailable`] if the gateway does not respond.
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
        match self.payment_of(order, buyer).await? {
            Some(open) if open.action().is_some() => {
                let outcome = self.gateway.give_up(open.id).await?;
                self.conclude(open.id, &outcome, &origin).await.map(Some)
            }
            live => Ok(live),
        }
    }
}
