//! Replaces the offer of a ticket.

use crate::domain::ids::{AccountId, TicketId};
use crate::domain::ticket::{Listing, Offer};
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::{Decision, Seen, Target, Tickets};

/// Asks to replace the offer of a ticket.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UpdateTicket {
    /// Which.
    pub ticket: TicketId,
    /// Who asks.
    pub by: AccountId,
    /// The versions that the change is meant for; any if absent.
    pub expected: Option<Vec<u64>>,
    /// What is offered from now on.
    pub offer: Offer,
}

impl UpdateTicket {
    /// Replaces the offer of whatever version the ticket has.
    #[must_use]
    pub const fn new(ticket: TicketId, by: AccountId, offer: Offer) -> Self {
        Self { ticket, by, expected: None, offer }
    }

    /// Only if the ticket still has one of these versions. `None` is any.
    #[must_use]
    pub fn expected(self, versions: impl Into<Option<Vec<u64>>>) -> Self {
        Self { expected: versions.into(), ..self }
    }
}

impl Tickets {
    /// Replaces the offer of a ticket. Prices of running orders stay.
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
    /// use ticketing_core::usecase::{error::Error, tickets::UpdateTicket};
    /// # use ticketing_core::domain::ticket::{Offer, OfferInput};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let input = OfferInput { title: "Opera", amount: 4500, currency: "EUR", quantity: 2, ..OfferInput::default() };
    /// # let offer = Offer::parse(input)?;
    /// let opera = market.sell(seller, "Oprea").price(4500, "EUR").places(2).await?;
    /// let update = UpdateTicket::new(opera.id, seller, offer);
    /// let updated = market.tickets().update_ticket(update.clone(), market.origin()).await?;
    /// assert_eq!((&*updated.ticket.offer.details.event.title, updated.ticket.version), ("Opera", 2));
    ///
    /// let of_another_version = market.tickets().update_ticket(update.expected(vec![7]), market.origin()).await;
    /// assert!(matches!(of_another_version, Err(Error::Stale { current: 2 })));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_ticket(&self, command: UpdateTicket, origin: Origin) -> Result<Listing, Error> {
        let UpdateTicket { ticket, by, expected, offer } = command;
        let update = |listing: Listing, seen, now| match seen {
            Seen::Next if listing.is_offered_by(by, &offer) => Ok(Decision::Done),
            Seen::Next => Ok(Decision::Stale),
            Seen::Expected => listing.update(by, offer.clone(), now).map(Decision::from),
        };
        self.change(&Target { ticket, expected }, &origin, update).await
    }
}
