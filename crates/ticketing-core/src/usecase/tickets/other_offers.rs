//! Finds who else sells tickets of the same event.

use crate::domain::ids::TicketId;
use crate::domain::search::event_to_find;
use crate::domain::ticket::Listing;
use crate::ports::store::Page;
use crate::ports::ticket_store::{TicketQuery, TicketSort};
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
    /// use ticketing::{AccountId, Market};
    /// use ticketing_core::domain::ticket::OfferInput;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [ada, gus] = [1, 2].map(AccountId::from_u128);
    /// let tosca = market.sell(ada, "Tosca").price(4500, "EUR").await?;
    /// market.sell(gus, "Tosca").price(4000, "EUR").await?;
    ///
    /// // Nobody knows when they begin, so nobody knows whether they are one event.
    /// assert_eq!(market.tickets().other_offers(tosca.id).await?, []);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn other_offers(&self, ticket: TicketId) -> Result<Vec<Listing>, Error> {
        let listing = self.ticket(ticket).await?;
        let offer = &listing.ticket.offer;
        let Some(event) = event_to_find(&offer.details.event) else { return Ok(Vec::new()) };
        let query = TicketQuery {
            event: Some(event),
            currency: Some(offer.price.money().currency),
            sort: TicketSort::Cheapest,
            page: Page::first(LOOKED_AT),
            ..TicketQuery::all(self.env.now(), LOOKED_AT)
        };
        let now = query.now;
        let is_other = |other: &Listing| other.ticket.id != ticket && other.available() > 0 && !other.is_closed(now);
        Ok(self.store.search(&query).await?.into_iter().filter(is_other).take(Self::MOST_OTHERS).collect())
    }
}
