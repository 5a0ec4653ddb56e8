//! Says that an event does not take place.

use crate::domain::ids::{AccountId, TicketId};
use crate::domain::ticket::Listing;
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::{Decision, Seen, Target, Tickets};

/// Asks to call an event off.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CallOffTicket {
    /// Which.
    pub ticket: TicketId,
    /// Who asks.
    pub by: AccountId,
    /// The versions that the change is meant for; any if absent.
    pub expected: Option<Vec<u64>>,
}

impl CallOffTicket {
    /// Calls the event off, whatever version the ticket has.
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
    /// Calls an event off. Nobody orders its tickets any more, holds end, and every paid order is refunded.
    ///
    /// Doing so twice does no harm.
    ///
    /// # Errors
    ///
    /// [`Error::TicketNotFound`], [`Error::Stale`], [`Error::Ticket`], or a failure of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    /// use ticketing_core::domain::order::RefundReason;
    /// use ticketing_core::usecase::tickets::CallOffTicket;
    /// # use ticketing::OrderStatus;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// let order = market.order(buyer, opera.id).await?;
    /// # market.settle().await?;
    /// market.pay(buyer, order.id, "tok_visa").await?;
    /// market.tickets().call_off_ticket(CallOffTicket::new(opera.id, seller), market.origin()).await?;
    /// market.settle().await?;
    ///
    /// let order = market.orders().order(order.id, buyer).await?;
    /// assert!(matches!(order.status, OrderStatus::Refunded { reason: RefundReason::CalledOff, .. }));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn call_off_ticket(&self, command: CallOffTicket, origin: Origin) -> Result<Listing, Error> {
        let CallOffTicket { ticket, by, expected } = command;
        let call_off = |listing: Listing, seen, _| match seen {
            _ if listing.is_called_off_by(by) => Ok(Decision::Done),
            Seen::Next => Ok(Decision::Stale),
            Seen::Expected => listing.call_off(by).map(Decision::from),
        };
        self.change(&Target { ticket, expected }, &origin, call_off).await
    }
}
