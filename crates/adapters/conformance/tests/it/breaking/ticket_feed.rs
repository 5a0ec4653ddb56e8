//! Ticket feeds that report too little, too much, or something else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ticketing_conformance::ticket_feed::{TICKET_FEED, TicketFeedFixture};
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::order::IdempotencyKey;
use ticketing_core::domain::seller::Seller;
use ticketing_core::domain::ticket::{Listing, Sales};
use ticketing_core::ports::store::{CommitToken, Page, StoreError, Stored, UnitOfWork};
use ticketing_core::ports::ticket_feed::{FeedItem, PendingChanges, TicketFeed};
use ticketing_core::ports::ticket_store::{EventOffers, TicketRecord, TicketStore};
use ticketing_core::wire::{TicketChanges, TicketState};
use ticketing_memory::{Fault, FaultPlan, ManualClock, MemoryTicketFeeds, MemoryTicketStore, Operation};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::assert_notices;

/// A store in memory that a test can make fail.
struct Shop {
    tickets: MemoryTicketStore,
    faults: FaultPlan,
}

impl Default for Shop {
    fn default() -> Self {
        let clock = Arc::new(ManualClock::default());
        let faults = FaultPlan::counting(clock.clone());
        Self { tickets: MemoryTicketStore::new(clock).with_faults(faults.clone()), faults }
    }
}

/// The reference.
#[derive(Default)]
struct Sound {
    shop: Shop,
    feeds: MemoryTicketFeeds,
}

#[async_trait]
impl TicketFeedFixture for Sound {
    fn store(&self) -> Arc<dyn TicketStore> {
        self.feeds.fed_by(Arc::new(self.shop.tickets.clone()))
    }

    async fn open(&self) -> Box<dyn TicketFeed> {
        Box::new(self.feeds.open())
    }

    fn lose_next_response(&self) {
        self.shop.faults.inject(Operation::Commit, Fault::FailAfter);
    }
}

/// What is wrong with an adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    ReportsToOneFeed,
    ForgetsSales,
    HoldsTheNewestBack,
    ReportsSuccessAlone,
    ReportsIfWaitedFor,
    ReportsBeforeTheCommit,
    ReportsWhatIsNotNewer,
    KeepsEverything,
    LosesWithoutAWord,
    LosesWhatItHolds,
}

struct Flawed {
    shop: Shop,
    flaw: Flaw,
    feeds: Arc<Mutex<Vec<UnboundedSender<TicketChanges>>>>,
}

#[async_trait]
impl TicketFeedFixture for Flawed {
    fn store(&self) -> Arc<dyn TicketStore> {
        let Self { shop, flaw, feeds } = self;
        Arc::new(FlawedStore { tickets: shop.tickets.clone(), flaw: *flaw, feeds: Arc::clone(feeds) })
    }

    async fn open(&self) -> Box<dyn TicketFeed> {
        let (sender, items) = unbounded_channel();
        self.feeds.lock().expect("nobody panics while reporting").push(sender);
        Box::new(FlawedFeed { items, flaw: self.flaw, held: None })
    }

    fn lose_next_response(&self) {
        self.shop.faults.inject(Operation::Commit, Fault::FailAfter);
    }
}

#[derive(Debug)]
struct FlawedStore {
    tickets: MemoryTicketStore,
    flaw: Flaw,
    feeds: Arc<Mutex<Vec<UnboundedSender<TicketChanges>>>>,
}

impl FlawedStore {
    fn report(&self, changes: Option<&TicketChanges>) {
        let feeds = self.feeds.lock().expect("nobody panics while reporting");
        let most = if self.flaw == Flaw::ReportsToOneFeed { 1 } else { feeds.len() };
        for feed in feeds.iter().take(most) {
            changes.map(|changes| feed.send(changes.clone()).ok());
        }
    }
}

#[async_trait]
impl TicketStore for FlawedStore {
    async fn listings(&self, ids: &[TicketId]) -> Result<Vec<Stored<Listing>>, StoreError> {
        self.tickets.listings(ids).await
    }

    async fn listing_under(&self, seller: AccountId, key: &IdempotencyKey) -> Result<Option<Listing>, StoreError> {
        self.tickets.listing_under(seller, key).await
    }

    async fn seller(&self, account: AccountId) -> Result<Option<Stored<Seller>>, StoreError> {
        self.tickets.seller(account).await
    }

    async fn offers_of_event(&self, wanted: &EventOffers) -> Result<Vec<Listing>, StoreError> {
        self.tickets.offers_of_event(wanted).await
    }

    async fn listings_of(&self, seller: AccountId, page: Page<TicketId>) -> Result<Vec<Listing>, StoreError> {
        self.tickets.listings_of(seller, page).await
    }

    async fn commit(&self, work: UnitOfWork<TicketRecord>) -> Result<CommitToken, StoreError> {
        let changes = PendingChanges::of(&work).expect("every rule writes listings");
        if self.flaw == Flaw::ReportsBeforeTheCommit {
            self.report(changes.ended(&Ok(CommitToken(0))).as_ref());
            return self.tickets.commit(work).await;
        }
        let outcome = self.tickets.commit(work).await;
        if self.flaw == Flaw::ReportsIfWaitedFor {
            tokio::task::yield_now().await;
        }
        if outcome.is_ok() || self.flaw != Flaw::ReportsSuccessAlone {
            self.report(changes.ended(&outcome).as_ref());
        }
        outcome
    }

    async fn follow_sales(
        &self,
        newest: &HashMap<TicketId, Sales>,
    ) -> Result<Vec<(TicketId, TicketState)>, StoreError> {
        let outcome = self.tickets.follow_sales(newest).await;
        let changes = PendingChanges::of_sales(newest);
        self.report(
            match (self.flaw, &outcome) {
                (Flaw::ReportsWhatIsNotNewer, Ok(_)) => Some(changes.in_doubt()),
                (Flaw::ReportsSuccessAlone, Err(_)) => None,
                _ => changes.followed(&outcome),
            }
            .as_ref(),
        );
        outcome
    }
}

#[derive(Debug)]
struct FlawedFeed {
    items: UnboundedReceiver<TicketChanges>,
    flaw: Flaw,
    held: Option<TicketChanges>,
}

#[async_trait]
impl TicketFeed for FlawedFeed {
    async fn next(&mut self) -> FeedItem {
        while self.flaw == Flaw::LosesWithoutAWord && self.items.len() > 16 {
            self.items.try_recv().expect("there are some");
        }
        let mut changes = self.items.recv().await.expect("the fixture holds the sender");
        match self.flaw {
            Flaw::LosesWhatItHolds => tokio::task::yield_now().await,
            Flaw::ForgetsSales => changes = forgetting_sales(&changes),
            Flaw::HoldsTheNewestBack => {
                changes = self.held.replace(changes).unwrap_or_else(|| TicketChanges::encode([]));
            }
            _ => {}
        }
        FeedItem::Changed(changes)
    }
}

fn forgetting_sales(changes: &TicketChanges) -> TicketChanges {
    let bare = |state| TicketState { sales: Sales::default(), ..state };
    TicketChanges::encode(changes.iter().map(|change| (change.ticket, change.state().map(bare))))
}

async fn assert_flawed(rule: &str, flaw: Flaw) {
    let flawed = Flawed { shop: Shop::default(), flaw, feeds: Arc::default() };
    assert_notices(&TICKET_FEED, rule, &Sound::default(), &flawed).await;
}

#[tokio::test]
async fn a_second_feed_that_reports_nothing() {
    assert_flawed("a_commit_reaches_every_open_feed", Flaw::ReportsToOneFeed).await;
}

#[tokio::test]
async fn a_state_without_sales() {
    assert_flawed("a_commit_reaches_every_open_feed", Flaw::ForgetsSales).await;
}

#[tokio::test]
async fn a_newest_state_that_waits_for_a_newer_one() {
    assert_flawed("the_newest_state_is_reported", Flaw::HoldsTheNewestBack).await;
}

#[tokio::test]
async fn a_lost_response_that_nobody_is_told_of() {
    assert_flawed("a_commit_in_doubt_is_reported_without_a_state", Flaw::ReportsSuccessAlone).await;
}

#[tokio::test]
async fn a_report_that_ends_with_its_caller() {
    assert_flawed("a_cancelled_commit_is_reported", Flaw::ReportsIfWaitedFor).await;
}

#[tokio::test]
async fn a_report_of_what_was_refused() {
    assert_flawed("a_refused_commit_is_not_reported", Flaw::ReportsBeforeTheCommit).await;
}

#[tokio::test]
async fn a_report_of_sales_that_is_missing_or_too_much() {
    for flaw in [Flaw::ReportsWhatIsNotNewer, Flaw::ReportsSuccessAlone] {
        assert_flawed("followed_sales_are_reported", flaw).await;
    }
}

#[tokio::test]
async fn a_backlog_without_end() {
    assert_flawed("a_slow_feed_reports_what_it_missed", Flaw::KeepsEverything).await;
}

#[tokio::test]
async fn a_loss_without_a_word() {
    assert_flawed("a_slow_feed_reports_what_it_missed", Flaw::LosesWithoutAWord).await;
}

#[tokio::test]
async fn an_item_that_is_lost_with_its_future() {
    assert_flawed("a_cancelled_next_of_a_feed_loses_nothing", Flaw::LosesWhatItHolds).await;
}
