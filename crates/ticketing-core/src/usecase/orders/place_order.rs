//! Holds places of a ticket for a buyer.

use tracing::Instrument;

use crate::domain::facts_tag::FactsTag;
use crate::domain::ids::{AccountId, OrderId, TicketId};
use crate::domain::money::{Money, Quantity};
use crate::domain::order::{IdempotencyKey, Order};
use crate::domain::stock::OrderRequest;
use crate::messaging::spans;
use crate::usecase::error::Error;
use crate::usecase::replica_wait::ReplicaWait;
use crate::wire::Origin;

use super::Orders;

/// Asks for places of a ticket.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PlaceOrder {
    /// Who asks.
    pub buyer: AccountId,
    /// Of which ticket.
    pub ticket: TicketId,
    /// How many.
    pub quantity: Quantity,
    /// The price of one place that the buyer saw, if they say so.
    pub price_seen: Option<Money>,
    /// The facts of the event that the buyer saw, if they say so.
    pub facts_seen: Option<FactsTag>,
    /// What the buyer calls this request, so that asking twice orders once.
    pub key: Option<IdempotencyKey>,
}

impl PlaceOrder {
    /// One place, for whatever it costs and whatever the event is by now.
    #[must_use]
    pub const fn new(buyer: AccountId, ticket: TicketId) -> Self {
        Self { buyer, ticket, quantity: Quantity::ONE, price_seen: None, facts_seen: None, key: None }
    }

    /// So many places instead of one.
    #[must_use]
    pub fn quantity(self, quantity: Quantity) -> Self {
        Self { quantity, ..self }
    }

    /// For this price and no other. `None` is any.
    #[must_use]
    pub fn price_seen(self, price: impl Into<Option<Money>>) -> Self {
        Self { price_seen: price.into(), ..self }
    }

    /// For the event with these facts and no other. `None` is any.
    #[must_use]
    pub fn facts_seen(self, facts: impl Into<Option<FactsTag>>) -> Self {
        Self { facts_seen: facts.into(), ..self }
    }

    /// Under this key, so that asking twice orders once. `None` is none.
    #[must_use]
    pub fn key(self, key: impl Into<Option<IdempotencyKey>>) -> Self {
        Self { key: key.into(), ..self }
    }
}

impl Orders {
    /// Holds places of a ticket for a buyer.
    ///
    /// # Errors
    ///
    /// [`Error::Stock`] if there is no place for this buyer, [`Error::TicketNotFound`], [`Error::KeyReused`],
    /// or [`Error::Unavailable`]; after that, asking again with the same key is safe.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the wait; the order is placed or refused nevertheless.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    /// use ticketing_core::domain::order::IdempotencyKey;
    /// use ticketing_core::usecase::orders::PlaceOrder;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// market.settle().await?;
    ///
    /// let key: IdempotencyKey = "click-1".parse()?;
    /// let command = PlaceOrder::new(buyer, opera.id).key(key);
    /// let order = market.orders().place_order(command.clone(), market.origin()).await?;
    /// assert_eq!(market.orders().place_order(command, market.origin()).await?, order, "a double click orders once");
    ///
    /// let late = PlaceOrder::new(AccountId::from_u128(3), opera.id);
    /// assert_eq!(market.orders().place_order(late, market.origin()).await.unwrap_err().code(), "sold_out");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn place_order(&self, command: PlaceOrder, origin: Origin) -> Result<Order, Error> {
        let span = spans::command("place order", &origin);
        self.place(command, origin).instrument(span).await
    }

    async fn place(&self, command: PlaceOrder, origin: Origin) -> Result<Order, Error> {
        let now = self.env.now();
        let request = OrderRequest {
            id: OrderId::new(self.env.uuid(now)),
            buyer: command.buyer,
            quantity: command.quantity,
            price_seen: command.price_seen,
            facts_seen: command.facts_seen,
            key: command.key,
        };
        let is_young = command.ticket.is_younger_than(self.waits.young(), now);
        let mut wait = ReplicaWait::new(&self.env, &self.waits, command.buyer, is_young);
        loop {
            match self.batchers.place(command.ticket, request.clone(), origin.clone()).await {
                Err(Error::TicketNotFound) if wait.may_have_arrived().await => {}
                placed => return placed,
            }
        }
    }
}
