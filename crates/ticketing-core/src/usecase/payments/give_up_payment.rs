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
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market, PaymentStatus, SandboxGateway};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// # let order = market.order(buyer, opera.id).await?;
    /// # market.settle().await?;
    /// let payment = market.pay(buyer, order.id, SandboxGateway::THREE_D_SECURE).await?;
    /// assert!(payment.action().is_some(), "the buyer must approve it first");
    ///
    /// let given_up = market.payments().give_up_payment(order.id, buyer, market.origin()).await?;
    /// assert!(matches!(given_up.map(|payment| payment.status), Some(PaymentStatus::Failed { .. })));
    /// assert!(market.pay(buyer, order.id, SandboxGateway::VISA).await.is_ok());
    /// # Ok(())
    /// # }
    /// ```
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
