//! Keeps pages of the catalogue for all processes, and reports to ticket feeds.

mod catalogue;
mod circuit_breaker;
mod page;

use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::order::IdempotencyKey;
use ticketing_core::domain::seller::Seller;
use ticketing_core::domain::ticket::Listing;
use ticketing_core::ports::store::{CommitToken, Page, StoreError, Stored, UnitOfWork};
use ticketing_core::ports::ticket_feed::PendingChanges;
use ticketing_core::ports::ticket_store::{TicketQuery, TicketRecord, TicketStore};

use crate::client::RedisClient;

use catalogue::{Catalogue, Found};

/// Puts Redis before another ticket store: pages of searches are kept there, and commits are published.
///
/// A clone is a handle to the same store. All processes that write to the inner store must do it
/// through this one, with the same Redis.
///
/// # Pages
///
/// The catalogue has a generation, and a page belongs to the one that was seen
/// before the inner store was asked. Each commit of listings begins the next
/// generation before it returns, so a search that begins after a commit finds
/// that commit or something newer, in whichever process.
///
/// Where the commit could not say so, because its process died on the way or
/// Redis was away, an older page may be found for two seconds after it was read
/// from the inner store; then it is gone.
///
/// While Redis is away or slow, searches go to the inner store. They wait for
/// Redis half a second at most, and only one a second tries. What
/// cannot be read there counts as absent. Redis holds a thousand pages at most,
/// of 256 KiB at most, however many are asked for.
///
/// # Ticket feed
///
/// After a commit the state of its tickets is published for
/// [`RedisTicketFeed`](crate::RedisTicketFeed). No commit fails for it.
/// While Redis hangs, a commit takes longer by the response timeout.
///
/// # Examples
///
/// ```no_run
/// use std::sync::Arc;
/// use ticketing_core::domain::time::Timestamp;
/// use ticketing_core::ports::ticket_store::{TicketQuery, TicketStore};
/// use ticketing_redis::{RedisClient, RedisConfig, RedisTicketStore};
///
/// # async fn example(inner: Arc<dyn TicketStore>) -> Result<(), Box<dyn std::error::Error>> {
/// let client = RedisClient::connect(&RedisConfig::default()).await?;
/// let tickets = RedisTicketStore::new(&client, inner);
/// let newest = tickets.search(&TicketQuery::all(Timestamp::EPOCH, 50)).await?;
/// # let _ = newest; Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct RedisTicketStore {
    inner: Arc<dyn TicketStore>,
    catalogue: Arc<Catalogue>,
}

impl RedisTicketStore {
    /// Puts the Redis of the marketplace that the client's prefix names before a store.
    #[must_use]
    pub fn new(client: &RedisClient, inner: Arc<dyn TicketStore>) -> Self {
        Self { inner, catalogue: Arc::new(Catalogue::new(client)) }
    }

    async fn commit_and_tell(self, work: UnitOfWork<TicketRecord>) -> Result<CommitToken, StoreError> {
        let changes = PendingChanges::of(&work);
        let outcome = self.inner.commit(work).await;
        // A crash here leaves pages of before to be found until they expire, and watchers to look for themselves.
        if let Some(changes) = changes.and_then(|changes| changes.ended(&outcome)) {
            self.catalogue.end(&changes).await;
        }
        outcome
    }
}

#[async_trait]
impl TicketStore for RedisTicketStore {
    async fn listings(&self, ids: &[TicketId]) -> Result<Vec<Stored<Listing>>, StoreError> {
        self.inner.listings(ids).await
    }

    async fn listing_under(&self, seller: AccountId, key: &IdempotencyKey) -> Result<Option<Listing>, StoreError> {
        self.inner.listing_under(seller, key).await
    }

    async fn seller(&self, account: AccountId) -> Result<Option<Stored<Seller>>, StoreError> {
        self.inner.seller(account).await
    }

    async fn search(&self, query: &TicketQuery) -> Result<Vec<Listing>, StoreError> {
        let place = match self.catalogue.look_up(query).await {
            Found::Page(listings) => return Ok(listings),
            Found::Place(place) => Some(place),
            Found::Nothing => None,
        };
        let listings = self.inner.search(query).await?;
        if let Some(place) = place {
            self.catalogue.keep(place, &listings).await;
        }
        Ok(listings)
    }

    async fn listings_of(&self, seller: AccountId, page: Page<TicketId>) -> Result<Vec<Listing>, StoreError> {
        self.inner.listings_of(seller, page).await
    }

    async fn commit(&self, work: UnitOfWork<TicketRecord>) -> Result<CommitToken, StoreError> {
        // In its own task: others must learn of the commit even if the caller stops waiting.
        let committed = tokio::spawn(self.clone().commit_and_tell(work)).await;
        committed.unwrap_or_else(|ended| Err(StoreError::Unavailable(Box::new(ended))))
    }
}
