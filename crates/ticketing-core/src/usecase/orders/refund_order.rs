//! Takes sold places back, for the buyer or the seller; the money goes back.

use tracing::Instrument;

use crate::domain::ids::{AccountId, OrderId};
use crate::domain::order::{Order, RefundReason};
use crate::messaging::spans;
use crate::ports::order_store::OrderNeeds;
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::Orders;
use super::batcher::{OrderAction, OrderCommand};

impl Orders {
    /// Gives an order of `by` back, because the event is no longer what was ordered; returns it as it is then.
    ///
    /// The money is refunded by the payments service. Doing so twice does no harm.
    ///
    /// # Errors
    ///
    /// [`Error::OrderNotFound`], [`Error::Order`] if it is not paid, the event is what it was or has begun, somebody was
    /// let in with it, or a failure of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    /// use ticketing_core::domain::ticket::{OfferInput, Schedule};
    /// use ticketing_core::usecase::tickets::RescheduleTicket;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let opera = market.sell(seller, "Opera").venue("La Scala").price(4500, "EUR").await?;
    /// let order = market.order(buyer, opera.id).await?;
    /// # market.settle().await?;
    /// market.pay(buyer, order.id, "tok_visa").await?;
    /// # market.settle().await?;
    /// let early = market.orders().give_back_order(order.id, buyer, market.origin()).await;
    /// assert_eq!(early.unwrap_err().code(), "event_unchanged");
    ///
    /// let elsewhere = OfferInput { title: "Opera", venue: Some("Arena"), ..OfferInput::default() };
    /// let elsewhere = Schedule::parse_over(&elsewhere, &opera.offer.details)?;
    /// let command = RescheduleTicket::new(opera.id, seller, elsewhere);
    /// market.tickets().reschedule_ticket(command, market.origin()).await?;
    /// # market.settle().await?;
    /// let given_back = market.orders().give_back_order(order.id, buyer, market.origin()).await?;
    /// assert_eq!(given_back.payment().unwrap_err(), OrderRefusal::Refunded { reason: RefundReason::ByBuyer });
    /// # use ticketing_core::domain::order::{OrderRefusal, RefundReason};
    /// # Ok(())
    /// # }
    /// ```
    pub async fn give_back_order(&self, order: OrderId, by: AccountId, origin: Origin) -> Result<Order, Error> {
        let order = self.order(order, by).await?;
        self.refund(&order, RefundReason::ByBuyer, origin).await
    }

    /// Refunds a paid order of a ticket that `by` sells; returns it as it is then. Its places are on sale again.
    ///
    /// # Errors
    ///
    /// [`Error::OrderNotFound`] if there is none or somebody else sells its ticket, [`Error::Order`] if it is not paid,
    /// or a failure of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market, OrderStatus};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// let order = market.order(buyer, opera.id).await?;
    /// # market.settle().await?;
    /// market.pay(buyer, order.id, "tok_visa").await?;
    /// # market.settle().await?;
    ///
    /// let refunded = market.orders().refund_order(order.id, seller, market.origin()).await?;
    /// assert!(matches!(refunded.status, OrderStatus::Refunded { .. }));
    /// assert_eq!(market.orders().refund_order(order.id, seller, market.origin()).await?, refunded);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn refund_order(&self, order: OrderId, by: AccountId, origin: Origin) -> Result<Order, Error> {
        let needs = OrderNeeds { orders: vec![order], ..OrderNeeds::default() };
        let order = self.store.load(&needs).await?.orders.pop().ok_or(Error::OrderNotFound)?.record;
        self.sold_by(by, order.ticket.id).await.map_err(|error| match error {
            Error::TicketNotFound => Error::OrderNotFound,
            error => error,
        })?;
        self.refund(&order, RefundReason::BySeller, origin).await
    }

    async fn refund(&self, order: &Order, reason: RefundReason, origin: Origin) -> Result<Order, Error> {
        let span = spans::command("refund order", &origin);
        let command = OrderCommand { ticket: order.ticket.id, action: OrderAction::Refund(order.id, reason), origin };
        self.batchers.decide_order(command).instrument(span).await
    }
}
