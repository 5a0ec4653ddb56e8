//! The services of a market, and what they share.

use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::usecase::orders::Orders;
use ticketing_core::usecase::payments::Payments;
use ticketing_core::usecase::search::Search;
use ticketing_core::usecase::tickets::Tickets;
use ticketing_core::wire::Origin;

use super::Market;

impl Market {
    /// The tickets service: what is on sale, and changes to offers.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::builder().open().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// assert_eq!(market.tickets().ticket(opera.id).await?.available(), 2);
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn tickets(&self) -> &Tickets {
        &self.0.services.tickets
    }

    /// The search: which tickets answer a question. It follows events, so a new ticket is found a moment after it is sold.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::core::domain::search::{Filters, Question, SearchPage, SearchSort};
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let market = Market::test().await?;
    /// let opera = market.sell(AccountId::from_u128(1), "Opera").price(4500, "EUR").await?;
    /// market.settle().await?;
    ///
    /// let question = Question::parse("oper", Filters::default(), SearchSort::BestMatch, market.env().now())?;
    /// let found = market.search().find_tickets(&question, SearchPage::First { limit: 10 }).await?;
    /// assert_eq!(found.tickets[0].ticket, opera);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn search(&self) -> &Search {
        &self.0.services.search
    }

    /// The orders service.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    /// use ticketing::core::ports::store::Page;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::builder().open().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// # let order = market.order(buyer, opera.id).await?;
    /// assert_eq!(market.orders().orders_of(buyer, Page::first(10)).await?.items, [order]);
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn orders(&self) -> &Orders {
        &self.0.services.orders
    }

    /// The payments service.
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
    /// let payment = market.pay(buyer, order.id, SandboxGateway::THREE_D_SECURE).await?;
    /// assert!(payment.action().is_some(), "the buyer must approve it first");
    /// let given_up = market.payments().give_up_payment(order.id, buyer, market.origin()).await?;
    /// assert!(given_up.is_some_and(|payment| payment.has_ended()));
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn payments(&self) -> &Payments {
        &self.0.services.payments
    }

    /// The clock and the ids of the market.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{Market, OrderId};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::builder().open().await?;
    /// let env = market.env();
    /// let now = env.now();
    /// assert_eq!(OrderId::new(env.uuid(now)).drawn_at(), Some(now));
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn env(&self) -> &ClockAndIds {
        &self.0.services.env
    }

    /// The origin of a new chain of events, as of a new request.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    /// use ticketing::core::usecase::orders::PlaceOrder;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::builder().open().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// let origin = market.origin().with_extension("tenant", "north")?;
    /// let order = market.orders().place_order(PlaceOrder::new(buyer, opera.id), origin).await?;
    /// assert_eq!(order.buyer, buyer);
    /// assert_ne!(market.origin().correlation, market.origin().correlation);
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn origin(&self) -> Origin {
        let env = self.env();
        Origin::new(env.uuid(env.now()))
    }
}
