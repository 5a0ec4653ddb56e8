//! What people do on a market, and what they see.

use std::time::Duration;

use ticketing_core::domain::ids::{AccountId, OrderId, TicketId};
use ticketing_core::domain::order::Order;
use ticketing_core::domain::payment::Payment;
use ticketing_core::domain::ticket::Listing;
use ticketing_core::messaging::backoff::Backoff;
use ticketing_core::ports::gateway::CardToken;
use ticketing_core::usecase::error::Error;

use crate::commands::{OrderPlaces, Pay, Sell};

use super::{Market, closed};

/// The pauses between two looks at an order.
const PAUSES: Backoff = Backoff { first: Duration::from_millis(5), longest: Duration::from_millis(250) };

/// Why an order never became what was waited for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The order ended, and is something else for good.
    #[error("the order ended otherwise: it is {:?}", .0.status)]
    Ended(Box<Order>),
    /// The order could not be read.
    #[error("the order could not be read")]
    Read(#[from] Error),
}

impl Market {
    /// Puts a ticket on sale: `market.sell(seller, "Opera").price(4500, "EUR").places(2).await?`.
    ///
    /// # Errors
    ///
    /// Awaited, it fails with [`Error::Invalid`] for everything that is wrong, or as
    /// [`create_ticket`](ticketing_core::usecase::tickets::Tickets::create_ticket).
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
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// assert_eq!(market.ticket(opera.id).await?.available(), 2);
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn sell(&self, seller: AccountId, title: &str) -> Sell<'_> {
        Sell::new(self, seller, title)
    }

    /// Holds places of a ticket until they are paid: `market.order(buyer, ticket.id).places(2).await?`.
    ///
    /// # Errors
    ///
    /// Awaited, it fails with [`Error::Invalid`], or as
    /// [`place_order`](ticketing_core::usecase::orders::Orders::place_order).
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
    /// let order = market.order(buyer, opera.id).places(2).await?;
    /// assert_eq!(order.total().amount, 9000);
    /// assert_eq!(market.order(buyer, opera.id).await.unwrap_err().code(), "sold_out");
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub const fn order(&self, buyer: AccountId, ticket: TicketId) -> OrderPlaces<'_> {
        OrderPlaces::new(self, buyer, ticket)
    }

    /// Takes money for an order, by a token of the gateway for a card: `market.pay(buyer, order.id, card).await?`.
    ///
    /// The sandbox has [test cards](ticketing_memory::SandboxGateway) that are charged, are declined, keep silent or ask
    /// for more.
    ///
    /// # Errors
    ///
    /// Awaited, it fails with [`Error::CardDeclined`], or as
    /// [`pay_order`](ticketing_core::usecase::payments::Payments::pay_order).
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market, PaymentStatus, SandboxGateway};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::builder().open().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// # let order = market.order(buyer, opera.id).await?;
    /// assert_eq!(market.pay(buyer, order.id, SandboxGateway::CHARGE_DECLINED).await.unwrap_err().code(), "card_declined");
    /// let payment = market.pay(buyer, order.id, SandboxGateway::VISA).await?;
    /// assert!(matches!(payment.status, PaymentStatus::Captured { .. }));
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn pay(&self, buyer: AccountId, order: OrderId, card: &str) -> Pay<'_> {
        Pay::new(self, buyer, order, CardToken::new(card))
    }

    /// Puts the places of an order back on sale, and returns the order as it is then. Doing so twice does no harm.
    ///
    /// # Errors
    ///
    /// As [`cancel_order`](ticketing_core::usecase::orders::Orders::cancel_order).
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
    /// # let order = market.order(buyer, opera.id).await?;
    /// let cancelled = market.cancel(buyer, order.id).await?;
    /// assert_eq!(market.cancel(buyer, order.id).await?, cancelled);
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn cancel(&self, buyer: AccountId, order: OrderId) -> Result<Order, Error> {
        self.carry_out(self.orders().cancel_order(order, buyer, self.origin())).await
    }

    /// A ticket and its sales.
    ///
    /// # Errors
    ///
    /// As [`ticket`](ticketing_core::usecase::tickets::Tickets::ticket).
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
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// assert_eq!(market.ticket(opera.id).await?.ticket, opera);
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ticket(&self, ticket: TicketId) -> Result<Listing, Error> {
        self.read(self.tickets().ticket(ticket)).await
    }

    /// An order of a buyer.
    ///
    /// # Errors
    ///
    /// As [`order`](ticketing_core::usecase::orders::Orders::order).
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
    /// let order = market.order(buyer, opera.id).await?;
    /// assert_eq!(market.order_of(buyer, order.id).await?, order);
    /// assert_eq!(market.order_of(seller, order.id).await.unwrap_err().code(), "order_not_found");
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn order_of(&self, buyer: AccountId, order: OrderId) -> Result<Order, Error> {
        self.read(self.orders().order(order, buyer)).await
    }

    /// The payment of an order that is under way or took the money, if there is one.
    ///
    /// # Errors
    ///
    /// As [`payment_of`](ticketing_core::usecase::payments::Payments::payment_of).
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
    /// let payment = market.pay(buyer, order.id, SandboxGateway::VISA).await?;
    /// assert_eq!(market.payment_of(buyer, order.id).await?, Some(payment));
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn payment_of(&self, buyer: AccountId, order: OrderId) -> Result<Option<Payment>, Error> {
        self.read(self.payments().payment_of(order, buyer)).await
    }

    /// Waits until an order is what `is_so` says.
    ///
    /// Services hear of each other by events, so an order completes a moment after its payment.
    ///
    /// # Errors
    ///
    /// [`WaitError::Ended`] if the order is final and is not so, or [`WaitError::Read`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the wait and nothing else. It has no limit: put it into a timeout.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use ticketing::{AccountId, Market, Order, WaitError};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::builder().open().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// # let order = market.order(buyer, opera.id).await?;
    /// let completes = market.wait(buyer, order.id, Order::is_completed);
    /// assert!(tokio::time::timeout(Duration::from_millis(10), completes).await.is_err(), "nobody has paid");
    ///
    /// market.cancel(buyer, order.id).await?;
    /// let ended = market.wait(buyer, order.id, Order::is_completed).await;
    /// assert!(matches!(ended, Err(WaitError::Ended(_))));
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wait(
        &self,
        buyer: AccountId,
        order: OrderId,
        is_so: impl Fn(&Order) -> bool + Send,
    ) -> Result<Order, WaitError> {
        for look in 1.. {
            let order = self.order_of(buyer, order).await?;
            if is_so(&order) {
                return Ok(order);
            }
            if order.pay_by().is_err() {
                return Err(WaitError::Ended(Box::new(order)));
            }
            self.sleep(PAUSES.longest_after(look)).await;
        }
        Err(WaitError::Read(closed()))
    }
}
