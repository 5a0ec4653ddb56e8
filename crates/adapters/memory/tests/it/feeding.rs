//! Ticket feeds of one process, and commits that their callers leave.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use ticketing_conformance::sample;
use ticketing_conformance::ticket_feed::TicketFeedFixture;
use ticketing_core::domain::ticket::Listing;
use ticketing_core::ports::store::{UnitOfWork, Write};
use ticketing_core::ports::ticket_feed::{FeedItem, TicketFeed};
use ticketing_core::ports::ticket_store::{TicketRecord, TicketStore};
use ticketing_core::wire::TicketChanges;
use ticketing_memory::{Fault, FaultPlan, ManualClock, MemoryTicketFeeds, MemoryTicketStore, Operation};

/// A store that can be made to fail, and its feeds.
pub(crate) struct Shop {
    tickets: MemoryTicketStore,
    faults: FaultPlan,
    feeds: MemoryTicketFeeds,
}

impl Default for Shop {
    fn default() -> Self {
        let clock = Arc::new(ManualClock::default());
        let faults = FaultPlan::counting(clock.clone());
        let tickets = MemoryTicketStore::new(clock).with_faults(faults.clone());
        Self { tickets, faults, feeds: MemoryTicketFeeds::new() }
    }
}

#[async_trait]
impl TicketFeedFixture for Shop {
    fn store(&self) -> Arc<dyn TicketStore> {
        self.feeds.fed_by(Arc::new(self.tickets.clone()))
    }

    async fn open(&self) -> Box<dyn TicketFeed> {
        Box::new(self.feeds.open())
    }

    fn lose_next_response(&self) {
        self.faults.inject(Operation::Commit, Fault::FailAfter);
    }
}

fn selling(listing: &Listing) -> UnitOfWork<TicketRecord> {
    UnitOfWork::default().with(Write::insert(listing.clone()))
}

#[tokio::test]
async fn a_commit_that_its_caller_leaves_halfway_is_in_doubt() {
    let shop = Shop::default();
    let (store, mut feed, opera) = (shop.store(), shop.feeds.open(), sample::listing());
    shop.faults.inject(Operation::Commit, Fault::Delay(Duration::from_secs(1)));

    assert!(store.commit(selling(&opera)).now_or_never().is_none());

    let in_doubt = TicketChanges::encode([(opera.ticket.id, None)]);
    assert_eq!(feed.next().now_or_never(), Some(FeedItem::Changed(in_doubt)));
    assert_eq!(feed.next().now_or_never(), None);
}

#[tokio::test]
async fn a_feed_without_stores_waits() {
    let shop = Shop::default();
    let mut feed = shop.feeds.open();
    drop(shop);

    assert_eq!(feed.next().now_or_never(), None);
}
