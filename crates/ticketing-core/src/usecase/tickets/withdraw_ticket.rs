//! Takes a ticket off sale.

use crate::domain::ids::{AccountId, TicketId};
use crate::domain::ticket::Listing;
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::{Decision, Seen, Target, Tickets};

/// Asks to take a ticket off sale.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WithdrawTicket {
    /// Which.
    pub ticket: TicketId,
    /// Who asks.
    pub by: AccountId,
    /// The versions that the change is meant for; any if absent.
    pub expected: Option<Vec<u64>>,
}

impl WithdrawTicket {
    /// Takes the ticket off sale, whatever version it has.
    #[must_use]
    pub const fn new(ticket: TicketId, by: AccountId) -> Self {
        Self { ticket, by, expected: None }
    }

    /// Only if the ticket still has one of these versions. `None` is any.
    #[must_use]
    pub fn expected(self, versions: impl Into<Option<Vec<u64>>>) -> Self {
        Self { expected: versions.into(), ..self }
    }
}

impl Tickets {
    /// Takes a ticket off sale. Running orders go on. Doing so twice does no harm.
    ///
    /// # Errors
    ///
    /// [`Error::TicketNotFound`], [`Error::Stale`], [`Error::Ticket`], or a failure of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    /// use ticketing_core::usecase::tickets::WithdrawTicket;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// market.tickets().withdraw_ticket(WithdrawTicket::new(opera.id, seller), market.origin()).await?;
    /// assert_eq!(market.order(buyer, opera.id).await.unwrap_err().code(), "ticket_withdrawn");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn withdraw_ticket(&self, command: WithdrawTicket, origin: Origin) -> Result<(), Error> {
        let WithdrawTicket { ticket, by, expected } = command;
        let withdraw = |listing: Listing, seen, _| match seen {
            _ if listing.is_withdrawn_by(by) => Ok(Decision::Done),
            Seen::Next => Ok(Decision::Stale),
            Seen::Expected => listing.withdraw(by).map(Decision::from),
        };
        self.change(&Target { ticket, expected }, &origin, withdraw).await?;
        Ok(())
    }
}
