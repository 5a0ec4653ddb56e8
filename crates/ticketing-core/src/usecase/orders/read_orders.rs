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
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// let order = market.order(buyer, opera.id).await?;
    /// assert_eq!(market.orders().order(order.id, buyer).await?, order);
    /// assert_eq!(market.orders().order(order.id, seller).await.unwrap_err().code(), "order_not_found");
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    /// use ticketing_core::ports::store::Page;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// let [first, second] = [market.order(buyer, opera.id).await?, market.order(buyer, opera.id).await?];
    ///
    /// let newest = market.orders().orders_of(buyer, Page::first(1)).await?;
    /// assert_eq!(newest.items, [second]);
    /// let rest = market.orders().orders_of(buyer, Page { after: newest.next, limit: 1 }).await?;
    /// assert_eq!((rest.items, rest.next), (vec![first], None));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn orders_of(&self, buyer: AccountId, page: Page<OrderId>) -> Result<Slice<Order, OrderId>, Error> {
        let one_more = Page { limit: page.limit + 1, ..page };
        let found = self.store.orders_of(buyer, one_more).await?;
        Ok(Slice::cut(found, page.limit, |order| order.id))
    }
}
