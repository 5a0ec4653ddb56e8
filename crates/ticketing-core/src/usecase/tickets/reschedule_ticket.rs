//! Changes the facts of an event that is sold.

use crate::domain::ids::{AccountId, TicketId};
use crate::domain::ticket::{Listing, Schedule};
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::{Decision, Seen, Target, Tickets};

/// Asks to change what, where or when, although places may be held or sold.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RescheduleTicket {
    /// Which.
    pub ticket: TicketId,
    /// Who asks.
    pub by: AccountId,
    /// The versions that the change is meant for; any if absent.
    pub expected: Option<Vec<u64>>,
    /// The facts from now on.
    pub to: Schedule,
}

impl RescheduleTicket {
    /// Reschedules whatever version the ticket has.
    #[must_use]
    pub const fn new(ticket: TicketId, by: AccountId, to: Schedule) -> Self {
        Self { ticket, by, expected: None, to }
    }

    /// Only if the ticket still has one of these versions. `None` is any.
    #[must_use]
    pub fn expected(self, versions: impl Into<Option<Vec<u64>>>) -> Self {
        Self { expected: versions.into(), ..self }
    }
}

impl Tickets {
    /// Reschedules an event. Orders keep the facts that they were placed for, and who paid may
    /// [give them back](crate::usecase::orders::Orders::give_back_order) until the event begins.
    ///
    /// Asking again for the same version, because the answer was lost, changes nothing more.
    ///
    /// # Errors
    ///
    /// [`Error::TicketNotFound`], [`Error::Stale`], [`Error::Ticket`], or a failure of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    /// use ticketing_core::domain::ticket::{OfferInput, Schedule};
    /// use ticketing_core::usecase::tickets::{RescheduleTicket, UpdateTicket};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let opera = market.sell(seller, "Opera").venue("La Scala").price(4500, "EUR").await?;
    /// market.order(buyer, opera.id).await?;
    /// # market.settle().await?;
    /// let moved = OfferInput { title: "Opera", venue: Some("Arena"), ..OfferInput::default() };
    /// let schedule = Schedule::parse_over(&moved, &opera.offer.details)?;
    ///
    /// let mut offer = opera.offer.clone();
    /// offer.details.event = schedule.event.clone();
    /// let update = UpdateTicket::new(opera.id, seller, offer);
    /// let refused = market.tickets().update_ticket(update, market.origin()).await.unwrap_err();
    /// assert_eq!(refused.code(), "facts_are_sold");
    ///
    /// let command = RescheduleTicket::new(opera.id, seller, schedule);
    /// let moved = market.tickets().reschedule_ticket(command, market.origin()).await?;
    /// assert_eq!(moved.ticket.offer.details.event.venue.as_deref(), Some("Arena"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn reschedule_ticket(&self, command: RescheduleTicket, origin: Origin) -> Result<Listing, Error> {
        let RescheduleTicket { ticket, by, expected, to } = command;
        let reschedule = |listing: Listing, seen, now| match seen {
            _ if listing.is_scheduled_by(by, &to) => Ok(Decision::Done),
            Seen::Next => Ok(Decision::Stale),
            Seen::Expected => listing.reschedule(by, to.clone(), now).map(Decision::from),
        };
        self.change(&Target { ticket, expected }, &origin, reschedule).await
    }
}
