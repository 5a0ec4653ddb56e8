//! Puts a ticket on sale.

use crate::domain::ids::{AccountId, TicketId};
use crate::domain::ticket::{Listing, Offer, Ticket};
use crate::ports::store::{UnitOfWork, Write};
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::Tickets;

/// Asks to put a ticket on sale.
#[derive(Debug, Clone)]
pub struct CreateTicket {
    /// Who sells.
    pub seller: AccountId,
    /// What.
    pub offer: Offer,
}

impl Tickets {
    /// Puts a ticket on sale.
    ///
    /// # Errors
    ///
    /// [`Error::Ticket`] if the event would begin in the past, or a failure of the store.
    pub async fn create_ticket(&self, command: CreateTicket, origin: Origin) -> Result<Listing, Error> {
        let now = self.world.now();
        let id = TicketId::new(self.world.uuid(now));
        let (ticket, event) = Ticket::create(id, command.seller, command.offer, now).map_err(Error::Ticket)?;
        let listing = Listing::new(ticket);
        let work =
            UnitOfWork::default().with(Write::insert(listing.clone())).telling(self.world.seal(&event, now, &origin));
        self.store.commit(work).await?;
        Ok(listing)
    }
}
