//! Reports the commits of another ticket store to ticket feeds.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::Mutex;
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::order::IdempotencyKey;
use ticketing_core::domain::seller::Seller;
use ticketing_core::domain::ticket::{Listing, Sales};
use ticketing_core::ports::error_chain;
use ticketing_core::ports::store::{CommitToken, Page, StoreError, Stored, UnitOfWork};
use ticketing_core::ports::ticket_feed::PendingChanges;
use ticketing_core::ports::ticket_store::{EventOffers, TicketRecord, TicketStore};
use ticketing_core::wire::{TicketChanges, TicketState};
use tokio::task::JoinError;

use crate::client::RedisClient;
use crate::ticket_feed;

/// Publishes what another ticket store commits, for [`RedisTicketFeed`](crate::RedisTicketFeed).
///
/// A clone is a handle to the same store. Everything is read from the inner store. After a commit the state of its
/// tickets is published; no commit fails for it, and while Redis hangs, a commit takes longer by the response timeout.
/// What cannot be published is logged once a minute at most.
///
/// # Examples
///
/// ```no_run
/// use std::sync::Arc;
/// use ticketing_core::ports::ticket_feed::{FeedItem, TicketFeed};
/// use ticketing_core::ports::ticket_store::TicketStore;
/// use ticketing_redis::{RedisClient, RedisConfig, RedisTicketFeed, RedisTicketStore};
/// # use ticketing_core::ports::store::UnitOfWork;
/// # use ticketing_core::ports::ticket_store::TicketRecord;
///
/// # async fn example(inner: Arc<dyn TicketStore>, work: UnitOfWork<TicketRecord>) -> Result<(), Box<dyn std::error::Error>> {
/// let client = RedisClient::connect(&RedisConfig::default()).await?;
/// let tickets = RedisTicketStore::new(&client, inner);
/// let mut feed = RedisTicketFeed::open(&client).await?;
///
/// tickets.commit(work).await?;
/// assert!(matches!(feed.next().await, FeedItem::Changed(_)));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct RedisTicketStore {
    inner: Arc<dyn TicketStore>,
    client: RedisClient,
    channel: Arc<str>,
    warned_at: Arc<Mutex<Option<Instant>>>,
}

/// The least time between two warnings.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(60);

impl RedisTicketStore {
    /// Puts the Redis of the marketplace that the client's prefix names before a store.
    #[must_use]
    pub fn new(client: &RedisClient, inner: Arc<dyn TicketStore>) -> Self {
        let channel = ticket_feed::channel(client).into();
        Self { inner, client: client.clone(), channel, warned_at: Arc::default() }
    }

    async fn commit_and_publish(self, work: UnitOfWork<TicketRecord>) -> Result<CommitToken, StoreError> {
        let changes = PendingChanges::of(&work);
        let outcome = self.inner.commit(work).await;
        self.publish(changes.and_then(|changes| changes.ended(&outcome))).await;
        outcome
    }

    async fn follow_and_publish(
        self,
        newest: HashMap<TicketId, Sales>,
    ) -> Result<Vec<(TicketId, TicketState)>, StoreError> {
        let outcome = self.inner.follow_sales(&newest).await;
        self.publish(PendingChanges::of_sales(&newest).followed(&outcome)).await;
        outcome
    }

    // No circuit breaker: a feed that stays connected would never hear of what was not sent.
    async fn publish(&self, changes: Option<TicketChanges>) {
        // A crash here leaves watchers to look for themselves.
        let Some(changes) = changes else { return };
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(&*self.channel).arg(changes.as_ref());
        let Err(error) = self.client.ask::<redis::Value>(&publish).await else { return };
        let mut warned_at = self.warned_at.lock();
        if warned_at.is_none_or(|at| at.elapsed() >= BETWEEN_WARNINGS) {
            *warned_at = Some(Instant::now());
            let cause = error_chain(&error);
            tracing::warn!(cause, "a changed ticket was not published, and live updates may be late: {cause}");
        }
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

    async fn offers_of_event(&self, wanted: &EventOffers) -> Result<Vec<Listing>, StoreError> {
        self.inner.offers_of_event(wanted).await
    }

    async fn listings_of(&self, seller: AccountId, page: Page<TicketId>) -> Result<Vec<Listing>, StoreError> {
        self.inner.listings_of(seller, page).await
    }

    async fn commit(&self, work: UnitOfWork<TicketRecord>) -> Result<CommitToken, StoreError> {
        // In its own task: others must learn of the commit even if the caller stops waiting.
        ended(tokio::spawn(self.clone().commit_and_publish(work)).await)
    }

    async fn follow_sales(
        &self,
        newest: &HashMap<TicketId, Sales>,
    ) -> Result<Vec<(TicketId, TicketState)>, StoreError> {
        ended(tokio::spawn(self.clone().follow_and_publish(newest.clone())).await)
    }
}

fn ended<T>(committed: Result<Result<T, StoreError>, JoinError>) -> Result<T, StoreError> {
    committed.unwrap_or_else(|ended| Err(StoreError::Unavailable(Box::new(ended))))
}
