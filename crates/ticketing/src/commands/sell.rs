//! Putting a ticket on sale.

use std::collections::BTreeMap;

use ticketing_core::domain::attributes::Value;
use ticketing_core::domain::ids::AccountId;
use ticketing_core::domain::invalid::{Invalid, WrongFields};
use ticketing_core::domain::ticket::{Offer, OfferInput, Ticket};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::tickets::CreateTicket;

use super::{Running, key};
use crate::market::Market;

/// Puts a ticket on sale once it is awaited, see [`Market::sell`].
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
/// let opera = market
///     .sell(seller, "Così fan tutte")
///     .price(4500, "EUR")
///     .places(200)
///     .max_per_buyer(4)
///     .venue("Teatro alla Scala")
///     .city("Milano")
///     .category("opera")
///     .attribute("seatRow", "F")
///     .key("form-7")
///     .await?;
/// assert_eq!(market.order(buyer, opera.id).places(5).await.unwrap_err().code(), "too_many_places");
///
/// let wrong = market.sell(seller, "").price(4500, "EUR").places(0).await.unwrap_err();
/// assert!(wrong.to_string().ends_with("title must not be empty; quantity must be between 1 and 1000"));
/// # market.close().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is put on sale before this is awaited"]
pub struct Sell<'a> {
    market: &'a Market,
    seller: AccountId,
    title: String,
    description: Option<String>,
    venue: Option<String>,
    city: Option<String>,
    category: Option<String>,
    starts_at: Option<Timestamp>,
    time_zone: Option<String>,
    sales_end_at: Option<Timestamp>,
    section: Option<String>,
    row: Option<String>,
    seats: Option<String>,
    together: bool,
    price: Option<(u64, String)>,
    places: u32,
    max_per_buyer: Option<u32>,
    attributes: BTreeMap<String, Value>,
    key: Option<String>,
}

impl<'a> Sell<'a> {
    pub(crate) fn new(market: &'a Market, seller: AccountId, title: &str) -> Self {
        Self {
            market,
            seller,
            title: title.to_owned(),
            description: None,
            venue: None,
            city: None,
            category: None,
            starts_at: None,
            time_zone: None,
            sales_end_at: None,
            section: None,
            row: None,
            seats: None,
            together: false,
            price: None,
            places: 1,
            max_per_buyer: None,
            attributes: BTreeMap::new(),
            key: None,
        }
    }

    /// The price of a place in the smallest unit of a currency, such as cents, and the currency's ISO 4217 code. Required.
    pub fn price(self, amount: u64, currency: &str) -> Self {
        Self { price: Some((amount, currency.to_owned())), ..self }
    }

    /// How many equal places there are; one unless this is said.
    pub const fn places(mut self, places: u32) -> Self {
        self.places = places;
        self
    }

    /// The most places of this ticket for one buyer, instead of the market's own limit.
    pub const fn max_per_buyer(mut self, places: u32) -> Self {
        self.max_per_buyer = Some(places);
        self
    }

    /// Up to 4,000 characters, several lines.
    pub fn description(self, text: &str) -> Self {
        Self { description: Some(text.to_owned()), ..self }
    }

    /// The place of the event.
    pub fn venue(self, venue: &str) -> Self {
        Self { venue: Some(venue.to_owned()), ..self }
    }

    /// The city.
    pub fn city(self, city: &str) -> Self {
        Self { city: Some(city.to_owned()), ..self }
    }

    /// The kind of event, such as `concert`.
    pub fn category(self, category: &str) -> Self {
        Self { category: Some(category.to_owned()), ..self }
    }

    /// When the event begins, and the time zone of its place, such as `Europe/Rome`.
    ///
    /// [`TimeZone::instant`](ticketing_core::domain::time_zone::TimeZone::instant) gives the time from the clocks there.
    pub fn starts_at(self, time: Timestamp, time_zone: &str) -> Self {
        Self { starts_at: Some(time), time_zone: Some(time_zone.to_owned()), ..self }
    }

    /// No orders from then on, although the event has not begun.
    pub const fn sales_end_at(mut self, time: Timestamp) -> Self {
        self.sales_end_at = Some(time);
        self
    }

    /// Where one sits or stands, such as `Stalls`.
    pub fn section(self, section: &str) -> Self {
        Self { section: Some(section.to_owned()), ..self }
    }

    /// The row.
    pub fn row(self, row: &str) -> Self {
        Self { row: Some(row.to_owned()), ..self }
    }

    /// The seats, such as `12-14`.
    pub fn seats(self, seats: &str) -> Self {
        Self { seats: Some(seats.to_owned()), ..self }
    }

    /// All places are side by side.
    pub const fn together(mut self) -> Self {
        self.together = true;
        self
    }

    /// A fact of the application's own, such as its seat row: `.attribute("seatRow", "F")`. Events carry it, orders keep it,
    /// and searches find it; [`Attributes`](ticketing_core::domain::attributes::Attributes) has the bounds.
    pub fn attribute(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.attributes.insert(key.to_owned(), value.into());
        self
    }

    /// What the seller calls this request: sent twice under one key, it puts one ticket on sale.
    pub fn key(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    fn command(&self) -> Result<CreateTicket, Error> {
        let mut wrong = WrongFields::default();
        let Some((amount, currency)) = &self.price else {
            return Err(Invalid::new("price", "is required: say `.price(amount, currency)`").into());
        };
        let offer = wrong.keep(Offer::parse(OfferInput {
            title: &self.title,
            description: self.description.as_deref(),
            venue: self.venue.as_deref(),
            city: self.city.as_deref(),
            category: self.category.as_deref(),
            starts_at: self.starts_at,
            time_zone: self.time_zone.as_deref(),
            sales_end_at: self.sales_end_at,
            section: self.section.as_deref(),
            row: self.row.as_deref(),
            seats: self.seats.as_deref(),
            together: self.together,
            amount: *amount,
            currency,
            quantity: self.places,
            max_per_buyer: self.max_per_buyer,
            attributes: Some(self.attributes.clone()),
        }));
        let key = wrong.keep(key(self.key.as_deref())).flatten();
        Ok(CreateTicket::new(self.seller, wrong.finish(offer)?).key(key))
    }
}

impl<'a> IntoFuture for Sell<'a> {
    type Output = Result<Ticket, Error>;
    type IntoFuture = Running<'a, Ticket>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let command = self.command()?;
            let created = self.market.tickets().create_ticket(command, self.market.origin());
            Ok(self.market.carry_out(created).await?.ticket)
        })
    }
}
