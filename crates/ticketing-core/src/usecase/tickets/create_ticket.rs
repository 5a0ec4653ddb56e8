//! Puts a ticket on sale.

use tracing::Instrument;

use crate::domain::ids::{AccountId, TicketId};
use crate::domain::order::IdempotencyKey;
use crate::domain::ticket::{CreationRequest, Listing, Offer, Ticket};
use crate::messaging::spans;
use crate::ports::error_chain;
use crate::ports::store::{UnitOfWork, Write};
use crate::usecase::error::Error;
use crate::usecase::retry_on_conflict;
use crate::wire::Origin;

use super::Tickets;

/// Asks to put a ticket on sale.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CreateTicket {
    /// Who sells.
    pub seller: AccountId,
    /// What.
    pub offer: Offer,
    /// What the seller calls this request, so that asking twice offers once.
    pub key: Option<IdempotencyKey>,
}

impl CreateTicket {
    /// Offers this, each time it is asked.
    #[must_use]
    pub const fn new(seller: AccountId, offer: Offer) -> Self {
        Self { seller, offer, key: None }
    }

    /// Under this key, so that asking twice offers once. `None` is none.
    #[must_use]
    pub fn key(self, key: impl Into<Option<IdempotencyKey>>) -> Self {
        Self { key: key.into(), ..self }
    }
}

impl Tickets {
    /// Puts a ticket on sale.
    ///
    /// The same request under the same key is answered with the ticket that it made before, as it is now.
    ///
    /// The ticket has the display name of its seller. One that changes at the same moment is put right at once; if the
    /// process ends before that, it is put right with the next one.
    ///
    /// # Errors
    ///
    /// [`Error::Ticket`] if the event would begin in the past or its currency is no longer in use,
    /// [`Error::KeyReused`], or [`Error::Unavailable`]; after that, asking again with the same key is safe.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the whole ticket or none.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    /// use ticketing_core::domain::order::IdempotencyKey;
    /// use ticketing_core::usecase::tickets::CreateTicket;
    /// # use ticketing_core::domain::ticket::{Offer, OfferInput};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let input = OfferInput { title: "Opera", amount: 4500, currency: "EUR", quantity: 2, ..OfferInput::default() };
    /// # let offer = Offer::parse(input)?;
    /// let key: IdempotencyKey = "form-7".parse()?;
    /// let command = CreateTicket::new(seller, offer).key(key);
    /// let created = market.tickets().create_ticket(command.clone(), market.origin()).await?;
    /// let again = market.tickets().create_ticket(command, market.origin()).await?;
    /// assert_eq!(again.ticket.id, created.ticket.id, "sent twice under one key");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_ticket(&self, command: CreateTicket, origin: Origin) -> Result<Listing, Error> {
        let request = command.key.clone().map(|key| CreationRequest { key, digest: command.offer.digest() });
        let span = spans::command("create ticket", &origin);
        // Of two with the same key, the slower finds what the faster made.
        retry_on_conflict(|| async {
            match self.created_before(command.seller, request.as_ref()).await? {
                Some(listing) => Ok(listing),
                None => self.try_to_create(&command, request.clone(), &origin).await,
            }
        })
        .instrument(span)
        .await
    }

    /// The ticket that this very request made before, if it did.
    async fn created_before(
        &self,
        seller: AccountId,
        request: Option<&CreationRequest>,
    ) -> Result<Option<Listing>, Error> {
        let Some(request) = request else { return Ok(None) };
        match self.store.listing_under(seller, &request.key).await? {
            Some(listing) if listing.request.as_ref() == Some(request) => Ok(Some(listing)),
            Some(_) => Err(Error::KeyReused),
            None => Ok(None),
        }
    }

    async fn try_to_create(
        &self,
        command: &CreateTicket,
        request: Option<CreationRequest>,
        origin: &Origin,
    ) -> Result<Listing, Error> {
        let now = self.env.now();
        let id = TicketId::new(self.env.uuid(now));
        let seller = self.seller(command.seller).await?;
        let (ticket, event) = Ticket::create(id, seller, command.offer.clone(), now).map_err(Error::Ticket)?;
        let listing = Listing { request, ..Listing::new(ticket) };
        let work =
            UnitOfWork::default().with(Write::insert(listing.clone())).telling(self.env.seal(&event, now, origin));
        let span = spans::commit(&work);
        self.store.commit(work).instrument(span).await?;
        Ok(self.with_newest_name(listing, origin).await)
    }

    /// A process that followed another name of the seller meanwhile did not see the listing.
    ///
    /// A crash before this, or a failure of it, leaves the old name until the next one: the ticket is on sale.
    async fn with_newest_name(&self, listing: Listing, origin: &Origin) -> Listing {
        let named = match self.seller(listing.ticket.seller).await {
            Ok(seller) if seller.name == listing.ticket.seller_name => return listing,
            Ok(_) => self.name_seller_of(listing.ticket.id, origin).await,
            Err(error) => Err(error),
        };
        named.unwrap_or_else(|error| {
            let (ticket, cause) = (listing.ticket.id, error_chain(&error));
            tracing::warn!(%ticket, cause, "the name of a seller may be out of date: {cause}");
            listing
        })
    }
}
