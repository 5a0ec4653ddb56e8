//! Finds tickets on sale, and a seller's own.

use crate::domain::ids::{AccountId, TicketId};
use crate::domain::invalid::Invalid;
use crate::domain::search::attributes_to_find;
use crate::domain::ticket::Listing;
use crate::ports::store::Page;
use crate::ports::ticket_store::{TicketCursor, TicketQuery, TicketSort};
use crate::usecase::Slice;
use crate::usecase::error::Error;

use super::Tickets;

impl Tickets {
    /// Tickets on sale that match, page by page.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if prices are compared without a currency, or attributes other than texts, numbers and
    /// booleans; or a failure of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    /// use ticketing_core::ports::ticket_store::TicketQuery;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").attribute("seatRow", "F").await?;
    /// market.sell(seller, "Opera").price(4500, "EUR").attribute("seatRow", "G").await?;
    ///
    /// let attributes = opera.offer.details.attributes.clone();
    /// let query = TicketQuery { attributes, ..TicketQuery::all(market.env().now(), 10) };
    /// let found = market.tickets().search_tickets(query).await?;
    /// assert_eq!(found.items.iter().map(|listing| listing.ticket.id).collect::<Vec<_>>(), [opera.id]);
    /// assert!(found.next.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn search_tickets(&self, mut query: TicketQuery) -> Result<Slice<Listing, TicketCursor>, Error> {
        if compares_prices(&query) && query.currency.is_none() {
            return Err(Invalid::new("currency", "is needed to compare prices").into());
        }
        if attributes_to_find(&query.attributes).len() < query.attributes.iter().count() {
            return Err(Invalid::new("attributes", "are found by texts, numbers and booleans alone").into());
        }
        let (limit, sort) = (query.page.limit, query.sort);
        query.page.limit = limit + 1;
        let found = self.store.search(&query).await?;
        Ok(Slice::cut(found, limit, |listing| sort.cursor(listing)))
    }

    /// What a seller ever put on sale, newest first, page by page.
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
    /// for title in ["Opera", "Ballet", "Circus"] {
    ///     market.sell(seller, title).price(4500, "EUR").await?;
    /// }
    /// let newest = market.tickets().tickets_of(seller, Page::first(2)).await?;
    /// assert_eq!(newest.items.len(), 2);
    /// let rest = market.tickets().tickets_of(seller, Page { after: newest.next, limit: 2 }).await?;
    /// assert_eq!(&*rest.items[0].ticket.offer.details.event.title, "Opera");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn tickets_of(&self, seller: AccountId, page: Page<TicketId>) -> Result<Slice<Listing, TicketId>, Error> {
        let one_more = Page { limit: page.limit + 1, ..page };
        let found = self.store.listings_of(seller, one_more).await?;
        Ok(Slice::cut(found, page.limit, |listing| listing.ticket.id))
    }
}

fn compares_prices(query: &TicketQuery) -> bool {
    let is_bounded = query.min_price.is_some() || query.max_price.is_some();
    is_bounded || matches!(query.sort, TicketSort::Cheapest | TicketSort::Dearest)
}
