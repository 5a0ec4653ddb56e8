//! Finds tickets on sale, and a seller's own.

use crate::domain::ids::{AccountId, TicketId};
use crate::domain::ticket::Listing;
use crate::ports::store::Page;
use crate::ports::ticket_store::{TicketCursor, TicketQuery};
use crate::usecase::Slice;
use crate::usecase::error::Error;

use super::Tickets;

impl Tickets {
    /// Tickets on sale that match, page by page.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    pub async fn search_tickets(&self, mut query: TicketQuery) -> Result<Slice<Listing, TicketCursor>, Error> {
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
