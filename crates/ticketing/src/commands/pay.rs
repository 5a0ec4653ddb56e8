//! Paying an order.

use ticketing_core::domain::ids::{AccountId, OrderId};
use ticketing_core::domain::payment::Payment;
use ticketing_core::ports::gateway::CardToken;
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::payments::PayOrder;

use super::{Running, key};
use crate::market::Market;

/// Takes money for an order once it is awaited, see [`Market::pay`].
///
/// # Examples
///
/// ```
/// use ticketing::{AccountId, Market, SandboxGateway};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let market = Market::builder().open().await?;
/// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
/// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
/// # let order = market.order(buyer, opera.id).await?;
/// let payment = market.pay(buyer, order.id, SandboxGateway::VISA).key("click-2").await?;
/// assert_eq!(market.pay(buyer, order.id, SandboxGateway::VISA).key("click-2").await?.id, payment.id);
/// # market.close().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is paid before this is awaited"]
pub struct Pay<'a> {
    market: &'a Market,
    buyer: AccountId,
    order: OrderId,
    card: CardToken,
    key: Option<String>,
}

impl<'a> Pay<'a> {
    pub(crate) const fn new(market: &'a Market, buyer: AccountId, order: OrderId, card: CardToken) -> Self {
        Self { market, buyer, order, card, key: None }
    }

    /// What the buyer calls this request: sent twice under one key, it is answered by the same payment.
    ///
    /// An order is paid once also without it.
    pub fn key(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    fn command(&self) -> Result<PayOrder, Error> {
        let key = key(self.key.as_deref())?;
        Ok(PayOrder::new(self.buyer, self.order, self.card.clone()).key(key))
    }
}

impl<'a> IntoFuture for Pay<'a> {
    type Output = Result<Payment, Error>;
    type IntoFuture = Running<'a, Payment>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let command = self.command()?;
            self.market.carry_out(self.market.payments().pay_order(command, self.market.origin())).await
        })
    }
}
