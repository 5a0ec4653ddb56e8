//! Puts held places back on sale because the buyer does not want them.

use tracing::Instrument;

use crate::domain::ids::{AccountId, OrderId};
use crate::domain::order::Order;
use crate::messaging::spans;
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::Orders;
use super::batcher::{OrderAction, OrderCommand};

impl Orders {
    /// Cancels an order of `by`, and returns it as it is then. Doing so twice does no harm.
    ///
    /// # Errors
    ///
    /// [`Error::OrderNotFound`], [`Error::Order`] if it is completed or expired, or a failure of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, CancelReason, Market, OrderStatus};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// let order = market.order(buyer, opera.id).await?;
    ///
    /// let cancelled = market.orders().cancel_order(order.id, buyer, market.origin()).await?;
    /// assert!(matches!(cancelled.status, OrderStatus::Cancelled { reason: CancelReason::ByBuyer, .. }));
    /// assert!(market.order(AccountId::from_u128(3), opera.id).await.is_ok(), "its place is on sale again");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn cancel_order(&self, order: OrderId, by: AccountId, origin: Origin) -> Result<Order, Error> {
        let span = spans::command("cancel order", &origin);
        // Buyer and ticket of an order never change, so this needs no second look.
        let order = self.order(order, by).await?;
        let action = OrderAction::Cancel(order.id);
        self.batchers.decide_order(OrderCommand { ticket: order.ticket.id, action, origin }).instrument(span).await
    }
}
