//! Finds who else sells tickets of the same event.

use crate::domain::ids::TicketId;
use crate::domain::search::event_to_find;
use crate::domain::ticket::Listing;
use crate::ports::ticket_store::EventOffers;
use crate::usecase::error::Error;

use super::Tickets;

/// How many offers are looked at: some are sold out, and one is the ticket itself.
const LOOKED_AT: usize = 50;

impl Tickets {
    /// The most other offers of an event that are shown.
    pub const MOST_OTHERS: usize = 5;

    /// What else is on sale of the same event in the same currency and has places left, cheapest first.
    ///
    /// # Errors
    ///
    /// [`Error::TicketNotFound`], or a failure of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [ada, gus] = [1, 2].map(AccountId::from_u128);
    /// let starts_at = market.env().now().after(Duration::from_secs(3600));
    /// let tosca = market.sell(ada, "Tosca").price(4500, "EUR").starts_at(starts_at, "Europe/Vienna").await?;
    /// let other = market.sell(gus, "Tosca").price(4000, "EUR").starts_at(starts_at, "Europe/Vienna").await?;
    /// assert_eq!(market.tickets().other_offers(tosca.id).await?[0].ticket, other);
    ///
    /// // Nobody knows when these begin, so nobody knows whether they are one event.
    /// let voucher = market.sell(ada, "Voucher").price(1000, "EUR").await?;
    /// market.sell(gus, "Voucher").price(1000, "EUR").await?;
    /// assert_eq!(market.tickets().other_offers(voucher.id).await?, []);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn other_offers(&self, ticket: TicketId) -> Result<Vec<Listing>, Error> {
        let listing = self.ticket(ticket).await?;
        let offer = &listing.ticket.offer;
        let Some(event) = event_to_find(&offer.details.event) else { return Ok(Vec::new()) };
        let (currency, now) = (offer.price.money().currency, self.env.now());
        let wanted = EventOffers { event, currency, now, limit: LOOKED_AT };
        let is_other = |other: &Listing| other.ticket.id != ticket && other.available() > 0;
        let found = self.store.offers_of_event(&wanted).await?;
        Ok(found.into_iter().filter(is_other).take(Self::MOST_OTHERS).collect())
    }
}
