//! Lists what somebody sells.

use crate::domain::ids::{AccountId, TicketId};
use crate::domain::ticket::Listing;
use crate::ports::store::Page;
use crate::usecase::Slice;
use crate::usecase::error::Error;

use super::Tickets;

impl Tickets {
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
