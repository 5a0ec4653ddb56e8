//! Takes a ticket off sale.

use crate::domain::ids::{AccountId, TicketId};
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::Tickets;

/// Asks to take a ticket off sale.
#[derive(Debug, Clone)]
pub struct WithdrawTicket {
    /// Which.
    pub ticket: TicketId,
    /// Who asks.
    pub by: AccountId,
    /// The versions that the change is meant for; any if absent.
    pub expected: Option<Vec<u64>>,
}

impl Tickets {
    /// Takes a ticket off sale. Running orders go on.
    ///
    /// # Errors
    ///
    /// [`Error::TicketNotFound`], [`Error::Stale`], [`Error::Ticket`], or a failure of the store.
    pub async fn withdraw_ticket(&self, command: WithdrawTicket, origin: Origin) -> Result<(), Error> {
        let WithdrawTicket { ticket, by, expected } = command;
        self.change((ticket, expected), &origin, |listing, _| listing.withdraw(by)).await?;
        Ok(())
    }
}
