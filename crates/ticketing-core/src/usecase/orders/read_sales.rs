//! Shows a seller what the orders of a ticket are and come to.

use std::sync::Arc;

use crate::domain::event_facts::EventFacts;
use crate::domain::ids::{AccountId, OrderId, TicketId};
use crate::domain::order::Order;
use crate::domain::sales_total::SalesTotal;
use crate::domain::stock::Stock;
use crate::ports::order_store::OrderNeeds;
use crate::ports::store::Page;
use crate::usecase::Slice;
use crate::usecase::error::Error;

use super::Orders;

/// What a ticket sold.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TicketSales {
    /// The event as it is now.
    pub event: Arc<EventFacts>,
    /// What all orders come to, by currency.
    pub totals: Vec<SalesTotal>,
    /// A page of the orders, newest first.
    pub orders: Slice<Order, OrderId>,
}

impl Orders {
    /// What a ticket of `by` sold: totals of all orders, and a page of them.
    ///
    /// # Errors
    ///
    /// [`Error::TicketNotFound`] if there is none or somebody else sells it, or a failure of the store.
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
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").places(9).await?;
    /// let order = market.order(buyer, opera.id).places(2).await?;
    /// # market.settle().await?;
    /// market.pay(buyer, order.id, "tok_visa").await?;
    /// # market.settle().await?;
    ///
    /// let sales = market.orders().sales_of(opera.id, seller, Page::first(10)).await?;
    /// assert_eq!((sales.totals[0].sold.places, sales.totals[0].due().amount), (2, 9000));
    /// assert_eq!(sales.orders.items.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sales_of(&self, ticket: TicketId, by: AccountId, page: Page<OrderId>) -> Result<TicketSales, Error> {
        let event = self.sold_by(by, ticket).await?.event;
        let totals = self.store.sales_totals(ticket).await?;
        let one_more = Page { limit: page.limit + 1, ..page };
        let found = self.store.orders_for(ticket, one_more).await?;
        let orders = Slice::cut(found, page.limit, |order| order.id);
        Ok(TicketSales { event, totals, orders })
    }

    /// The orders of a ticket that `by` sells, newest first, page by page.
    ///
    /// # Errors
    ///
    /// [`Error::TicketNotFound`] if there is none or somebody else sells it, or a failure of the store.
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
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// let order = market.order(buyer, opera.id).await?;
    /// assert_eq!(market.orders().orders_for(opera.id, seller, Page::first(10)).await?.items, [order]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn orders_for(
        &self,
        ticket: TicketId,
        by: AccountId,
        page: Page<OrderId>,
    ) -> Result<Slice<Order, OrderId>, Error> {
        self.sold_by(by, ticket).await?;
        let one_more = Page { limit: page.limit + 1, ..page };
        let found = self.store.orders_for(ticket, one_more).await?;
        Ok(Slice::cut(found, page.limit, |order| order.id))
    }

    /// The stock of a ticket, for its seller alone.
    pub(super) async fn sold_by(&self, seller: AccountId, ticket: TicketId) -> Result<Stock, Error> {
        let needs = OrderNeeds { stocks: vec![ticket], ..OrderNeeds::default() };
        let found = self.store.load(&needs).await?.stocks.pop().map(|stored| stored.record);
        found.filter(|stock| stock.seller == seller).ok_or(Error::TicketNotFound)
    }
}
