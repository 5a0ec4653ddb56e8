//! Rules of [`TicketFeed`], and of the stores that report to it.
#![expect(clippy::missing_panics_doc, reason = "rules panic by design")]

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt;
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::ticket::{Listing, Sales};
use ticketing_core::ports::store::{StoreError, UnitOfWork, Write};
use ticketing_core::ports::ticket_feed::{FeedItem, TicketFeed};
use ticketing_core::ports::ticket_store::{TicketRecord, TicketStore};
use ticketing_core::wire::{TicketChanges, TicketState};

use crate::outcome::{Outcome, broken};
use crate::report::Family;
use crate::sample;
use crate::time::{polled, soon};

/// Every rule of this module.
pub const TICKET_FEED: Family<dyn TicketFeedFixture> = crate::ticket_feed!(@ [family]);

/// An empty ticket store that reports its commits, and no feed yet.
#[async_trait]
pub trait TicketFeedFixture: Send + Sync {
    /// The store as one more process has it; always over the same listings.
    fn store(&self) -> Arc<dyn TicketStore>;

    /// Opens a feed, in one more process.
    async fn open(&self) -> Box<dyn TicketFeed>;

    /// The next commit happens, and its caller gets an error: the store is unavailable.
    fn lose_next_response(&self);
}

/// The tickets of one item, each with its state.
type Changes = Vec<(TicketId, Option<TicketState>)>;

async fn open(fixture: &dyn TicketFeedFixture) -> Box<dyn TicketFeed> {
    soon("a feed opens", fixture.open()).await
}

async fn next(done: &str, feed: &mut dyn TicketFeed) -> FeedItem {
    soon(&format!("{done}, and an open feed reports it"), feed.next()).await
}

fn changes(item: &FeedItem) -> Changes {
    match item {
        FeedItem::Changed(changes) => changes.iter().map(|change| (change.ticket, change.state())).collect(),
        FeedItem::Missed => broken("items were missed by a feed that is read"),
    }
}

/// What a feed reports up to a listing that is committed last.
async fn reported(fixture: &dyn TicketFeedFixture, feed: &mut dyn TicketFeed) -> Changes {
    let last = sample::listing();
    insert(fixture, &[&last]).await;
    let mut all = Changes::new();
    loop {
        let item = changes(&next("a last listing was committed", feed).await);
        if item == [committed(&last)] {
            return all;
        }
        all.extend(item);
    }
}

fn committed(listing: &Listing) -> (TicketId, Option<TicketState>) {
    (listing.ticket.id, Some(listing.into()))
}

fn inserting(listings: &[&Listing]) -> UnitOfWork<TicketRecord> {
    let writes = listings.iter().map(|listing| Write::insert((*listing).clone()));
    UnitOfWork { writes: writes.collect(), events: Vec::new() }
}

async fn insert(fixture: &dyn TicketFeedFixture, listings: &[&Listing]) {
    soon("a commit ends", fixture.store().commit(inserting(listings))).await.expect("new listings are committed");
}

/// Counts one more sale of a listing, as whichever process.
async fn sell(fixture: &dyn TicketFeedFixture, ticket: TicketId) -> Listing {
    let store = fixture.store();
    loop {
        let stored = soon("a listing is read", store.listings(&[ticket])).await.expect("the store answers").pop();
        let stored = stored.expect("the listing is there");
        let Sales { sold, version, .. } = stored.record.sales;
        let sales = Sales { held: 0, sold: sold + 1, version: version + 1 };
        let next = Listing { sales, ..stored.record.clone() };
        let work = UnitOfWork::default().with(stored.replace(next.clone()));
        match soon("a commit ends", store.commit(work)).await {
            Ok(_) => return next,
            Err(StoreError::Conflict(_)) => {}
            Err(error) => broken(&format!("a commit fails: {error:?}")),
        }
    }
}

/// Every feed that is open reports each commit as a whole, in whichever process, with the states that were committed.
pub async fn a_commit_reaches_every_open_feed(fixture: &dyn TicketFeedFixture) -> Outcome {
    let mut feeds = [open(fixture).await, open(fixture).await];
    let [opera, voucher] = [sample::listing(), sample::bare_listing("Voucher")];
    insert(fixture, &[&opera, &voucher]).await;
    let sold = sell(fixture, opera.ticket.id).await;
    let mut late = open(fixture).await;

    for feed in &mut feeds {
        let item = changes(&next("two listings were committed together", &mut **feed).await);
        assert_eq!(item, [committed(&opera), committed(&voucher)], "of one commit");
        let item = changes(&next("one of them was sold", &mut **feed).await);
        assert_eq!(item, [committed(&sold)], "of the next commit");
    }
    feeds.into_iter().for_each(drop);
    assert_eq!(reported(fixture, &mut *late).await, [], "a feed reports what was committed before it was opened");
    Outcome::Kept
}

/// While several processes change a ticket, every state that is reported was committed, and the newest is reported.
pub async fn the_newest_state_is_reported(fixture: &dyn TicketFeedFixture) -> Outcome {
    const WRITERS: usize = 4;
    const SALES: usize = 8;
    let opera = sample::listing();
    insert(fixture, &[&opera]).await;
    let mut feed = open(fixture).await;
    let writers = (0..WRITERS).map(|_| async {
        let mut sold = Vec::new();
        for _ in 0..SALES {
            sold.push(sell(fixture, opera.ticket.id).await);
        }
        sold
    });
    let sold = futures::future::join_all(writers).await.into_iter().flatten();
    let sold: HashMap<u64, Listing> = sold.map(|listing| (listing.sales.version, listing)).collect();
    let newest = u64::try_from(WRITERS * SALES).expect("a small number");

    loop {
        for (ticket, state) in changes(&next("a ticket was sold 32 times", &mut *feed).await) {
            let version = state.expect("no commit was in doubt").sales.version;
            let listing = sold.get(&version).unwrap_or_else(|| broken("a state is reported that nobody committed"));
            assert_eq!((ticket, state), committed(listing), "the state of that version");
            if version == newest {
                return Outcome::Kept;
            }
        }
    }
}

/// A commit that its caller knows nothing about is reported, without a state.
pub async fn a_commit_in_doubt_is_reported_without_a_state(fixture: &dyn TicketFeedFixture) -> Outcome {
    let mut feed = open(fixture).await;
    let (store, opera) = (fixture.store(), sample::listing());
    fixture.lose_next_response();
    match soon("a commit ends", store.commit(inserting(&[&opera]))).await {
        Err(StoreError::Unavailable(_)) => {}
        ended => broken(&format!("the response was lost, and the commit ends with {ended:?}")),
    }

    assert_eq!(reported(fixture, &mut *feed).await, [(opera.ticket.id, None)], "of a commit in doubt");
    Outcome::Kept
}

/// A commit that happens is reported, at whichever point its caller stopped waiting.
pub async fn a_cancelled_commit_is_reported(fixture: &dyn TicketFeedFixture) -> Outcome {
    let mut feed = open(fixture).await;
    let store = fixture.store();
    for polls in 0..32 {
        let opera = sample::listing();
        let done = polled(polls, store.commit(inserting(&[&opera]))).await;
        let stored = soon("a listing is read", store.listings(&[opera.ticket.id])).await.expect("the store answers");

        let reported = reported(fixture, &mut *feed).await;
        let is_reported = reported.iter().any(|(ticket, _)| *ticket == opera.ticket.id);
        assert!(is_reported || stored.is_empty(), "a commit is not reported that was dropped after {polls} polls");
        if done.is_some() {
            break;
        }
    }
    Outcome::Kept
}

/// A commit that conflicts changes nothing, and is not reported.
pub async fn a_refused_commit_is_not_reported(fixture: &dyn TicketFeedFixture) -> Outcome {
    let opera = sample::listing();
    insert(fixture, &[&opera]).await;
    let mut feed = open(fixture).await;
    match soon("a commit ends", fixture.store().commit(inserting(&[&opera]))).await {
        Err(StoreError::Conflict(_)) => {}
        ended => broken(&format!("a listing that exists is inserted with {ended:?}")),
    }

    assert_eq!(reported(fixture, &mut *feed).await, [], "a commit that was refused is reported");
    Outcome::Kept
}

/// Sales that were followed are reported with the states that they left, sales that are not newer are not, and of those in
/// doubt it is reported which tickets they are.
pub async fn followed_sales_are_reported(fixture: &dyn TicketFeedFixture) -> Outcome {
    let [mut opera, voucher] = [sample::listing(), sample::bare_listing("Voucher")];
    insert(fixture, &[&opera, &voucher]).await;
    let (mut feed, store) = (open(fixture).await, fixture.store());
    let of = |sales| HashMap::from([(opera.ticket.id, sales)]);
    let [first, second] = [1, 2].map(|version| of(Sales { held: 2, sold: 1, version }));
    opera.sales = Sales { held: 2, sold: 1, version: 1 };

    for expected in [vec![committed(&opera)], Vec::new()] {
        soon("sales are followed", store.follow_sales(&first)).await.expect("the store answers");
        assert_eq!(reported(fixture, &mut *feed).await, expected, "of sales that were followed, and followed again");
    }
    fixture.lose_next_response();
    match soon("sales are followed", store.follow_sales(&second)).await {
        Err(StoreError::Unavailable(_)) => {}
        ended => broken(&format!("the response was lost, and sales were followed with {ended:?}")),
    }
    assert_eq!(reported(fixture, &mut *feed).await, [(opera.ticket.id, None)], "of sales in doubt");
    Outcome::Kept
}

/// A feed that is hardly read keeps a bounded number of items and reports that it lost some; then it goes on.
pub async fn a_slow_feed_reports_what_it_missed(fixture: &dyn TicketFeedFixture) -> Outcome {
    const ROUNDS: usize = 50;
    const COMMITS: usize = 200;
    let opera = sample::listing();
    insert(fixture, &[&opera]).await;
    let mut feed = open(fixture).await;
    for _ in 0..ROUNDS {
        for _ in 0..COMMITS {
            sell(fixture, opera.ticket.id).await;
        }
        if next("a ticket was sold 200 times", &mut *feed).await == FeedItem::Missed {
            let newest = sell(fixture, opera.ticket.id).await;
            let newest = FeedItem::Changed(TicketChanges::encode([committed(&newest)]));
            while next("items were missed, and a ticket was sold", &mut *feed).await != newest {}
            return Outcome::Kept;
        }
    }
    broken(&format!("a feed holds {} items, or lost some without a word", ROUNDS * COMMITS))
}

/// A `next` that is dropped, however far it came, takes nothing with it.
pub async fn a_cancelled_next_of_a_feed_loses_nothing(fixture: &dyn TicketFeedFixture) -> Outcome {
    let mut feed = open(fixture).await;
    for polls in 0..8 {
        let opera = sample::listing();
        let early = feed.next().now_or_never();
        assert_eq!(early, None, "nothing was committed, and something is reported");
        insert(fixture, &[&opera]).await;
        let item = match polled(polls, feed.next()).await {
            Some(item) => item,
            None => next("a listing was committed after a `next` that was dropped", &mut *feed).await,
        };

        assert_eq!(changes(&item), [committed(&opera)], "after a `next` that was dropped after {polls} polls");
    }
    Outcome::Kept
}
