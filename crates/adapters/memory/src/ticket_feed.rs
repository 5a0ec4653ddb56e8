//! Reports the commits of a ticket store within one process.

use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::order::IdempotencyKey;
use ticketing_core::domain::seller::Seller;
use ticketing_core::domain::ticket::{Listing, Sales};
use ticketing_core::ports::store::{CommitToken, Page, StoreError, Stored, UnitOfWork};
use ticketing_core::ports::ticket_feed::{FeedItem, PendingChanges, TicketFeed};
use ticketing_core::ports::ticket_store::{EventOffers, TicketRecord, TicketStore};
use ticketing_core::wire::{TicketChanges, TicketState};
use tokio::sync::broadcast::{Receiver, Sender, error::RecvError};

/// This many items wait for a slow reader; then the oldest are dropped.
const BACKLOG: usize = 1024;

/// The open ticket feeds of a process. A clone opens and feeds the same ones.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use ticketing_conformance::sample;
/// use ticketing_core::ports::store::{UnitOfWork, Write};
/// use ticketing_core::ports::ticket_feed::{FeedItem, TicketFeed};
/// use ticketing_memory::{ManualClock, MemoryTicketFeeds, MemoryTicketStore};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let feeds = MemoryTicketFeeds::new();
/// let store = feeds.fed_by(Arc::new(MemoryTicketStore::new(Arc::new(ManualClock::default()))));
/// let mut feed = feeds.open();
/// let opera = sample::listing();
///
/// store.commit(UnitOfWork::default().with(Write::insert(opera.clone()))).await?;
///
/// let FeedItem::Changed(changes) = feed.next().await else { panic!("one item is not too many") };
/// let reported: Vec<_> = changes.iter().map(|change| (change.ticket, change.state())).collect();
/// assert_eq!(reported, [(opera.ticket.id, Some((&opera).into()))]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct MemoryTicketFeeds(Sender<TicketChanges>);

/// Reports what changes in the stores that feed it, until it is dropped.
#[derive(Debug)]
pub struct MemoryTicketFeed(Receiver<TicketChanges>);

impl MemoryTicketFeeds {
    /// No feed yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Sender::new(BACKLOG))
    }

    /// Opens a feed.
    #[must_use]
    pub fn open(&self) -> MemoryTicketFeed {
        MemoryTicketFeed(self.0.subscribe())
    }

    /// The same store; what is committed through it is reported to the open feeds. With none it costs nothing.
    ///
    /// If a caller stops waiting for a commit, its tickets are reported at once, without a state.
    #[must_use]
    pub fn fed_by(&self, store: Arc<dyn TicketStore>) -> Arc<dyn TicketStore> {
        Arc::new(Reporting { store, feeds: self.0.clone() })
    }
}

impl Default for MemoryTicketFeeds {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl TicketFeed for MemoryTicketFeed {
    async fn next(&mut self) -> FeedItem {
        match self.0.recv().await {
            Ok(changes) => FeedItem::Changed(changes),
            Err(RecvError::Lagged(_)) => FeedItem::Missed,
            // No store is left that could commit.
            Err(RecvError::Closed) => pending().await,
        }
    }
}

/// A store whose commits are reported.
#[derive(Debug)]
struct Reporting {
    store: Arc<dyn TicketStore>,
    feeds: Sender<TicketChanges>,
}

/// A commit that has not ended; if it is dropped, nobody knows how it will.
struct Underway<'a> {
    changes: Option<PendingChanges>,
    feeds: &'a Sender<TicketChanges>,
}

impl Underway<'_> {
    fn end(mut self, reported: impl FnOnce(&PendingChanges) -> Option<TicketChanges>) {
        let changes = self.changes.take();
        self.report(changes.as_ref().and_then(reported));
    }

    fn report(&self, changes: Option<TicketChanges>) {
        // It fails only if the last feed was dropped meanwhile.
        changes.map(|changes| self.feeds.send(changes).ok());
    }
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.report(self.changes.as_ref().map(PendingChanges::in_doubt));
    }
}

#[async_trait]
impl TicketStore for Reporting {
    async fn listings(&self, ids: &[TicketId]) -> Result<Vec<Stored<Listing>>, StoreError> {
        self.store.listings(ids).await
    }

    async fn listing_under(&self, seller: AccountId, key: &IdempotencyKey) -> Result<Option<Listing>, StoreError> {
        self.store.listing_under(seller, key).await
    }

    async fn seller(&self, account: AccountId) -> Result<Option<Stored<Seller>>, StoreError> {
        self.store.seller(account).await
    }

    async fn offers_of_event(&self, wanted: &EventOffers) -> Result<Vec<Listing>, StoreError> {
        self.store.offers_of_event(wanted).await
    }

    async fn listings_of(&self, seller: AccountId, page: Page<TicketId>) -> Result<Vec<Listing>, StoreError> {
        self.store.listings_of(seller, page).await
    }

    async fn commit(&self, work: UnitOfWork<TicketRecord>) -> Result<CommitToken, StoreError> {
        if self.feeds.receiver_count() == 0 {
            return self.store.commit(work).await;
        }
        let underway = Underway { changes: PendingChanges::of(&work), feeds: &self.feeds };
        let outcome = self.store.commit(work).await;
        underway.end(|changes| changes.ended(&outcome));
        outcome
    }

    async fn follow_sales(
        &self,
        newest: &HashMap<TicketId, Sales>,
    ) -> Result<Vec<(TicketId, TicketState)>, StoreError> {
        if self.feeds.receiver_count() == 0 {
            return self.store.follow_sales(newest).await;
        }
        let underway = Underway { changes: Some(PendingChanges::of_sales(newest)), feeds: &self.feeds };
        let outcome = self.store.follow_sales(newest).await;
        underway.end(|changes| changes.followed(&outcome));
        outcome
    }
}
