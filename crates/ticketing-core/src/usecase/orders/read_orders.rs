//! Shows a buyer their orders.

use crate::domain::ids::{AccountId, OrderId};
use crate::domain::order::Order;
use crate::ports::order_store::OrderNeeds;
use crate::ports::store::Page;
use crate::usecase::Slice;
use crate::usecase::error::Error;

use super::Orders;

impl Orders {
    /// An order of `by`.
    ///
    /// # Errors
    ///
    /// [`Error::OrderNotFound`] if there is none or it is somebody else's, or a failure of the store.
    pub async fn order(&self, order: OrderId, by: AccountId) -> Result<Order, Error> {
        let needs = OrderNeeds { orders: vec![order], ..OrderNeeds::default() };
        let found = self.store.load(&needs).await?.orders.pop().map(|stored| stored.record);
        found.filter(|order| order.buyer == by).ok_or(Error::OrderNotFound)
    }

    /// What a buyer ever ordered, newest first, page by page.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    pub async fn orders_of(&self, buyer: AccountId, page: Page<OrderId>) -> Result<Slice<Order, OrderId>, Error> {
        let one_more = Page { limit: page.limit + 1, ..page };
        let found = self.store.orders_of(buyer, one_more).await?;
        Ok(Slice::cut(found, page.limit, |order| order.id))
    }
}
