//! The tickets service: what is on sale.

mod call_off_ticket;
mod create_ticket;
mod follow_accounts;
mod follow_orders;
mod joint_reads;
mod other_offers;
mod reschedule_ticket;
mod tickets_of;
mod update_ticket;
mod withdraw_ticket;

use std::sync::Arc;

use tracing::Instrument;

use crate::domain::event::Event;
use crate::domain::ids::{AccountId, TicketId};
use crate::domain::seller::Seller;
use crate::domain::ticket::{Listing, TicketRefusal};
use crate::domain::time::Timestamp;
use crate::messaging::spans;
use crate::ports::store::{Stored, UnitOfWork};
use crate::ports::ticket_store::TicketStore;
use crate::wire::Origin;

use super::error::Error;
use crate::ports::clock::ClockAndIds;

use super::retry_on_conflict;

pub use call_off_ticket::CallOffTicket;
pub use create_ticket::CreateTicket;
pub use follow_accounts::TicketsFollow;
pub use follow_orders::TicketsFollowOrders;
pub(crate) use joint_reads::JointReads;
pub use reschedule_ticket::RescheduleTicket;
pub use update_ticket::UpdateTicket;
pub use withdraw_ticket::WithdrawTicket;

/// What the tickets service works with. A clone is the same service.
///
/// [`ServiceContext::tickets`](crate::assembly::ServiceContext::tickets) puts it together.
#[derive(Debug, Clone)]
pub struct Tickets {
    /// Keeps listings and sellers.
    pub store: Arc<dyn TicketStore>,
    /// Time and chance.
    pub env: ClockAndIds,
}

impl Tickets {
    /// A listing by its name.
    ///
    /// # Errors
    ///
    /// [`Error::TicketNotFound`] if there is none, or a failure of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// market.order(buyer, opera.id).await?;
    /// market.settle().await?;
    ///
    /// let listing = market.tickets().ticket(opera.id).await?;
    /// assert_eq!((listing.sales.held, listing.available()), (1, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ticket(&self, id: TicketId) -> Result<Listing, Error> {
        Ok(self.stored(id).await?.record)
    }

    async fn stored(&self, id: TicketId) -> Result<Stored<Listing>, Error> {
        self.store.listings(&[id]).await?.pop().ok_or(Error::TicketNotFound)
    }

    /// Who sells, as far as that is known.
    async fn seller(&self, account: AccountId) -> Result<Seller, Error> {
        let known = self.store.seller(account).await?;
        Ok(known.map_or_else(|| account.into(), |stored| stored.record))
    }

    /// Gives a listing the name that its seller has now.
    async fn name_seller_of(&self, ticket: TicketId, origin: &Origin) -> Result<Listing, Error> {
        retry_on_conflict(|| async {
            let stored = self.stored(ticket).await?;
            // Order matters: a process that takes over another name after this look changes the listing after it too,
            // and one of the two commits conflicts. Looked up before the listing, an old name could replace a newer one.
            let seller = self.seller(stored.record.ticket.seller).await?;
            let Some((listing, event)) = stored.record.clone().name_seller(seller.name.as_ref()) else {
                return Ok(stored.record);
            };
            let event = self.env.seal(&event, self.env.now(), origin);
            let work = UnitOfWork::default().with(stored.replace(listing.clone())).telling(event);
            let span = spans::commit(&work);
            self.store.commit(work).instrument(span).await?;
            Ok(listing)
        })
        .await
    }

    /// Loads, decides and commits; again, where somebody else was quicker.
    async fn change(
        &self,
        target: &Target,
        origin: &Origin,
        decide: impl Fn(Listing, Seen, Timestamp) -> Result<Decision, TicketRefusal> + Send + Sync,
    ) -> Result<Listing, Error> {
        let span = spans::command("change ticket", origin);
        retry_on_conflict(|| async {
            let stored = self.stored(target.ticket).await?;
            let current = stored.record.ticket.version;
            let seen = target.seen(current).ok_or(Error::Stale { current })?;
            let now = self.env.now();
            let (listing, event) = match decide(stored.record.clone(), seen, now).map_err(Error::Ticket)? {
                Decision::Change(change) => *change,
                Decision::Done => return Ok(stored.record),
                Decision::Stale => return Err(Error::Stale { current }),
            };
            let work =
                UnitOfWork::default().with(stored.replace(listing.clone())).telling(self.env.seal(&event, now, origin));
            let span = spans::commit(&work);
            self.store.commit(work).instrument(span).await?;
            Ok(listing)
        })
        .instrument(span)
        .await
    }
}

/// Which ticket a change is meant for, in which of its versions; in any if absent.
struct Target {
    ticket: TicketId,
    expected: Option<Vec<u64>>,
}

/// Which version of a ticket a change meets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// One that it is meant for.
    Expected,
    /// The one after that: this very change may have made it, and its answer was lost.
    Next,
}

/// What a change comes to.
enum Decision {
    /// This is committed.
    Change(Box<(Listing, Event)>),
    /// It was made before.
    Done,
    /// Another change was made before.
    Stale,
}

impl Target {
    fn seen(&self, current: u64) -> Option<Seen> {
        let Some(expected) = &self.expected else { return Some(Seen::Expected) };
        if expected.contains(&current) {
            return Some(Seen::Expected);
        }
        expected.iter().any(|version| version.checked_add(1) == Some(current)).then_some(Seen::Next)
    }
}

impl From<(Listing, Event)> for Decision {
    fn from(change: (Listing, Event)) -> Self {
        Self::Change(Box::new(change))
    }
}
