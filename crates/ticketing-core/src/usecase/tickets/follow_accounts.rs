//! Keeps what sellers are called, and takes off sale what a deleted seller offered.

use async_trait::async_trait;
use tracing::Instrument;

use crate::domain::account::PublicAccount;
use crate::domain::event::{Event, Topic};
use crate::domain::ids::AccountId;
use crate::domain::seller::Seller;
use crate::domain::ticket::{TicketRefusal, TicketStatus};
use crate::messaging::consumer::{EventHandler, HandleError, Incoming};
use crate::messaging::spans;
use crate::ports::store::{Page, UnitOfWork, Write};
use crate::usecase::error::{Error, ErrorKind};
use crate::usecase::retry_on_conflict;
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
            self.0.follow_account(incoming).await.map_err(handle_error)?;
        }
        TicketsFollowOrders(self.0.clone()).handle(events).await
    }
}

impl Tickets {
    /// A crash anywhere in between brings the event again, and all of it may be done twice.
    async fn follow_account(&self, incoming: &Incoming) -> Result<(), Error> {
        let Some(account) = incoming.event.account() else { return Ok(()) };
        let origin = Origin::caused_by(&incoming.envelope);
        if self.keep_seller(account).await? {
            self.name_listings_of(account.id, &origin).await?;
        }
        if let Event::AccountDeleted(account) = &incoming.event {
            self.withdraw_all_of(account.id, &origin).await?;
        }
        Ok(())
    }

    /// Takes over what is newer than what is known. Returns whether listings may have another name than this one.
    async fn keep_seller(&self, account: &PublicAccount) -> Result<bool, Error> {
        retry_on_conflict(|| async {
            let known = self.store.seller(account.id).await?;
            let (write, is_renamed) = match known.map(|stored| (stored.record.follow(account), stored)) {
                // Most accounts never choose a name, and sell nothing.
                None if account.display_name.is_none() => return Ok(false),
                None => (Write::insert(Seller::of(account)), true),
                // Told again, perhaps because the process ended before all listings had the name.
                Some((None, stored)) => return Ok(stored.record.version == account.version),
                Some((Some(next), stored)) => (stored.replace(next), stored.record.name != account.display_name),
            };
            let work = UnitOfWork::default().with(write);
            let span = spans::commit(&work);
            self.store.commit(work).instrument(span).await?;
            Ok(is_renamed)
        })
        .await
    }

    /// Gives all listings of a seller the name that the seller has now, whatever their status.
    async fn name_listings_of(&self, account: AccountId, origin: &Origin) -> Result<(), Error> {
        let seller = self.seller(account).await?;
        let mut after = None;
        loop {
            let listings = self.store.listings_of(account, Page { after, limit: PAGE }).await?;
            let Some(last) = listings.last() else { return Ok(()) };
            after = Some(last.ticket.id);
            for listing in listings.iter().filter(|listing| listing.ticket.seller_name != seller.name) {
                self.name_seller_of(listing.ticket.id, origin).await?;
            }
        }
    }

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
