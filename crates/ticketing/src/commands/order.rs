//! Ordering places.

use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::invalid::WrongFields;
use ticketing_core::domain::money::{Money, Quantity};
use ticketing_core::domain::order::Order;
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::orders::PlaceOrder;

use super::{Running, key};
use crate::market::Market;

/// Holds places for a buyer once it is awaited, see [`Market::order`].
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
/// let order = market.order(buyer, opera.id).places(2).price_seen(4500, "EUR").key("click-1").await?;
/// let again = market.order(buyer, opera.id).places(2).price_seen(4500, "EUR").key("click-1").await?;
/// assert_eq!(again.id, order.id, "a double click orders once");
/// # market.close().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is ordered before this is awaited"]
pub struct OrderPlaces<'a> {
    market: &'a Market,
    buyer: AccountId,
    ticket: TicketId,
    places: u32,
    price_seen: Option<(u64, String)>,
    key: Option<String>,
}

impl<'a> OrderPlaces<'a> {
    pub(crate) const fn new(market: &'a Market, buyer: AccountId, ticket: TicketId) -> Self {
        Self { market, buyer, ticket, places: 1, price_seen: None, key: None }
    }

    /// How many; one unless this is said.
    pub const fn places(mut self, places: u32) -> Self {
        self.places = places;
        self
    }

    /// The price of a place that the buyer saw: the order is refused if it is another by now.
    pub fn price_seen(self, amount: u64, currency: &str) -> Self {
        Self { price_seen: Some((amount, currency.to_owned())), ..self }
    }

    /// What the buyer calls this request: sent twice under one key, it orders once.
    pub fn key(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    fn command(&self) -> Result<PlaceOrder, Error> {
        let mut wrong = WrongFields::default();
        let quantity = wrong.keep(Quantity::new(self.places));
        let seen = self
            .price_seen
            .as_ref()
            .map(|(amount, currency)| currency.parse().map(|currency| Money { amount: *amount, currency }));
        let price_seen = wrong.keep(seen.transpose()).flatten();
        let key = wrong.keep(key(self.key.as_deref())).flatten();
        let quantity = wrong.finish(quantity)?;
        Ok(PlaceOrder::new(self.buyer, self.ticket).quantity(quantity).price_seen(price_seen).key(key))
    }
}

impl<'a> IntoFuture for OrderPlaces<'a> {
    type Output = Result<Order, Error>;
    type IntoFuture = Running<'a, Order>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let command = self.command()?;
            self.market.carry_out(self.market.orders().place_order(command, self.market.origin())).await
        })
    }
}
