//! Shows a buyer what became of their money.

use crate::domain::ids::{AccountId, OrderId};
use crate::domain::payment::Payment;
use crate::ports::payment_store::PaymentNeeds;
use crate::usecase::error::Error;

use super::pay_order::unheard;
use super::{Payments, account_of};

impl Payments {
    /// The payment of an order of `by` that is under way or took the money; `None` if there is none (yet).
    ///
    /// # Errors
    ///
    /// [`Error::OrderNotFound`], or [`Error::Unavailable`], also if the order may be one that payments has yet to hear of.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market, SandboxGateway};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// # let order = market.order(buyer, opera.id).await?;
    /// # market.settle().await?;
    /// assert_eq!(market.payments().payment_of(order.id, buyer).await?, None);
    /// let payment = market.pay(buyer, order.id, SandboxGateway::VISA).await?;
    /// assert_eq!(market.payments().payment_of(order.id, buyer).await?, Some(payment));
    /// assert_eq!(market.payments().payment_of(order.id, seller).await.unwrap_err().code(), "order_not_found");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn payment_of(&self, order: OrderId, by: AccountId) -> Result<Option<Payment>, Error> {
        let needs = PaymentNeeds { payables: vec![order], ..PaymentNeeds::default() };
        let records = self.store.load(&needs).await?;
        let account = account_of(&records, order).ok_or_else(|| unheard(order, self.env.now()))?;
        if account.payable.record.buyer != by {
            return Err(Error::OrderNotFound);
        }
        Ok(account.live.map(|stored| stored.record))
    }
}
