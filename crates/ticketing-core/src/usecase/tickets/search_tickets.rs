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
