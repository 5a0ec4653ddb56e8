//! Takes off sale what a deleted seller offered.

use async_trait::async_trait;

use crate::domain::event::{Event, Topic};
use crate::domain::ids::AccountId;
use crate::domain::ticket::{TicketRefusal, TicketStatus};
use crate::messaging::consumer::{EventHandler, HandleError, Incoming};
use crate::ports::store::Page;
use crate::usecase::error::{Error, ErrorKind};
use crate::wire::Origin;

use super::{Tickets, TicketsFollowOrders, WithdrawTicket};

/// How many tickets of one seller are looked at together.
const PAGE: usize = 64;

/// Feeds what orders and accounts tell to the tickets service.
#[derive(Debug, Clone)]
pub struct TicketsFollow(pub Tickets);

#[async_trait]
impl EventHandler for TicketsFollow {
    fn name(&self) -> &str {
        "tickets"
    }

    fn topics(&self) -> &[Topic] {
        &[Topic::Orders, Topic::Accounts]
    }

    async fn handle(&self, events: &[Incoming]) -> Result<(), HandleError> {
        for incoming in events {
            let Event::AccountDeleted(account) = &incoming.event else { continue };
            let origin = Origin::caused_by(&incoming.envelope);
            self.0.withdraw_all_of(account.id, &origin).await.map_err(handle_error)?;
        }
        TicketsFollowOrders(self.0.clone()).handle(events).await
    }
}

impl Tickets {
    /// Withdraws all that a seller has on sale: nobody answers for it any more. Doing so twice does no harm.
    async fn withdraw_all_of(&self, seller: AccountId, origin: &Origin) -> Result<(), Error> {
        let mut after = None;
        loop {
            let listings = self.store.listings_of(seller, Page { after, limit: PAGE }).await?;
            let Some(last) = listings.last() else { return Ok(()) };
            after = Some(last.ticket.id);
            for listing in listings.iter().filter(|listing| listing.ticket.status == TicketStatus::OnSale) {
                let command = WithdrawTicket::new(listing.ticket.id, seller);
                match self.withdraw_ticket(command, origin.clone()).await {
                    Ok(()) | Err(Error::Ticket(TicketRefusal::CalledOff)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
}

fn handle_error(error: Error) -> HandleError {
    match error.kind() {
        ErrorKind::Unavailable => HandleError::Unavailable(error.into()),
        ErrorKind::Invalid
        | ErrorKind::NotSignedIn
        | ErrorKind::CardDeclined
        | ErrorKind::Forbidden
        | ErrorKind::NotFound
        | ErrorKind::Refused
        | ErrorKind::Stale
        | ErrorKind::Paused
        | ErrorKind::Broken => HandleError::Failed(error.into()),
    }
}
