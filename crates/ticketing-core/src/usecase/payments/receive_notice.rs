//! Acts on a notice of the gateway, if it is genuine.

use crate::ports::gateway::{GatewayError, UnverifiedNotice};
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::Payments;

impl Payments {
    /// Commits what a notice reports, if anything; `false` if it is forged, too old or about an unknown payment.
    ///
    /// # Errors
    ///
    /// A failure of the store, or of the call that verifies the notice: the gateway sends the notice again.
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
    ///
    /// // The buyer approves at their bank, which notifies us.
    /// let gateway = &market.engines().gateway;
    /// let mut notice = gateway.sign_notice(&gateway.approve(payment.id).ok_or("awaits nobody")?, market.env().now());
    /// assert!(market.payments().receive_notice(&notice, market.origin()).await?);
    /// let paid = market.payments().payment_of(order.id, buyer).await?;
    /// assert!(matches!(paid.map(|payment| payment.status), Some(PaymentStatus::Captured { .. })));
    ///
    /// notice.body = "{}".into();
    /// assert!(!market.payments().receive_notice(&notice, market.origin()).await?, "forged");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn receive_notice(&self, notice: &UnverifiedNotice, origin: Origin) -> Result<bool, Error> {
        let notice = match self.gateway.verify_notice(notice, self.env.now()).await {
            Ok(notice) => notice,
            Err(GatewayError::Forged) => return Ok(false),
            Err(GatewayError::Unrelated) => return Ok(true),
            Err(error) => return Err(error.into()),
        };
        match self.conclude(notice.payment, &notice.outcome, &origin).await {
            Ok(_) => Ok(true),
            Err(Error::OrderNotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
