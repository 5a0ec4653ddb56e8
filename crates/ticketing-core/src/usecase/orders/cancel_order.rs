//! Puts held places back on sale because the buyer does not want them.

use crate::domain::ids::{AccountId, OrderId};
use crate::flow::desk::{Matter, Wish};
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::Orders;

impl Orders {
    /// Cancels an order of `by`. Doing so twice does no harm.
    ///
    /// # Errors
    ///
    /// [`Error::OrderNotFound`], [`Error::Order`] if it is completed or expired, or a failure of the store.
    pub async fn cancel_order(&self, order: OrderId, by: AccountId, origin: Origin) -> Result<(), Error> {
        // Buyer and ticket of an order never change, so this needs no second look.
        let order = self.order(order, by).await?;
        self.desks.decide(Matter { ticket: order.ticket.id, wish: Wish::Cancel(order.id), origin }).await?;
        Ok(())
    }
}
