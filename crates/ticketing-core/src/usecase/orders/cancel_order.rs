//! Puts held places back on sale because the buyer does not want them.

use crate::domain::ids::{AccountId, OrderId};
use crate::domain::order::Order;
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
    pub async fn cancel_order(&self, order: OrderId, by: AccountId, origin: Origin) -> Result<Order, Error> {
        // Buyer and ticket of an order never change, so this needs no second look.
        let order = self.order(order, by).await?;
        let action = OrderAction::Cancel(order.id);
        self.batchers.decide_order(OrderCommand { ticket: order.ticket.id, action, origin }).await
    }
}
