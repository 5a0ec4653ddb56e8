//! What is found in Redis is what the store would answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use ticketing_conformance::sample::{self, NOW};
use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::order::IdempotencyKey;
use ticketing_core::domain::seller::Seller;
use ticketing_core::domain::ticket::{Listing, Sales, Ticket, TicketStatus};
use ticketing_core::ports::store::{CommitToken, Page, StoreError, Stored, UnitOfWork};
use ticketing_core::ports::ticket_store::{Moment, TicketQuery, TicketRecord, TicketSort, TicketStore};
use ticketing_memory::{Fault, MemoryTicketStore, Operation};
use tokio::sync::Semaphore;

use crate::shop::{Shop, all, change, selling};
use crate::world::eventually;

fn queries() -> Vec<TicketQuery> {
    let text = |text: &str| Some(text.to_owned());
    let mut queries = vec![
        TicketQuery { text: text("zauber"), ..all() },
        TicketQuery { text: text("die\n\"zauber\""), ..all() },
        TicketQuery { text: text("nothing has this"), ..all() },
        TicketQuery { category: text("opera"), city: text("münchen"), ..all() },
        TicketQuery { from: Some(Moment::At(NOW)), to: Some(Moment::At(NOW.after(Duration::from_secs(1)))), ..all() },
        TicketQuery { min_price: Some(1), max_price: Some(4250), ..all() },
        TicketQuery { currency: Some("EUR".parse().expect("a currency")), ..all() },
        TicketQuery { currency: Some("JPY".parse().expect("a currency")), ..all() },
        TicketQuery { attributes: attribute("seatRow", "F"), ..all() },
        TicketQuery { attributes: attribute("seatRow", "G"), ..all() },
        TicketQuery { page: Page::first(2), ..all() },
    ];
    queries.extend(
        [TicketSort::Newest, TicketSort::Soonest, TicketSort::Cheapest, TicketSort::Dearest]
            .map(|sort| TicketQuery { sort, ..all() }),
    );
    queries
}

fn attribute(key: &str, value: &str) -> Attributes {
    Attributes::parse([(key, value)]).expect("an attribute")
}

fn sold(sold: u32) -> impl FnOnce(Listing) -> Listing {
    move |listing| Listing { sales: Sales { sold, held: 1, version: u64::from(sold) }, ..listing }
}

fn withdrawn(listing: Listing) -> Listing {
    let ticket = listing.ticket.clone();
    let ticket = Ticket { status: TicketStatus::Withdrawn, version: ticket.version + 1, ..ticket };
    Listing { ticket, ..listing }
}

#[tokio::test]
async fn a_page_that_is_kept_is_the_one_that_the_store_answers() {
    let shop = Shop::open().await;
    let tickets = shop.process();
    for listing in [sample::listing(), sample::bare_listing("Die Brücke"), sample::listing()] {
        tickets.commit(selling(&listing)).await.unwrap();
        change(&tickets, &listing, sold(3)).await.unwrap();
    }

    for query in queries() {
        let first = shop.store.search(&query).await.unwrap();
        assert_eq!(shop.until_kept(&tickets, &query).await, first);
        assert_eq!(shop.until_kept(&shop.process(), &query).await, first, "in another process");
        let Some(last) = first.last() else { continue };
        let next = TicketQuery { page: Page { after: Some(query.sort.cursor(last)), limit: 1 }, ..query };
        assert_eq!(shop.until_kept(&tickets, &next).await, shop.store.search(&next).await.unwrap());
    }
}

#[tokio::test]
async fn a_commit_is_found_by_the_next_search_of_every_process() {
    let shop = Shop::open().await;
    let (here, there) = (shop.process(), shop.process());
    let listing = sample::listing();
    here.commit(selling(&listing)).await.unwrap();
    for places in 1..20 {
        shop.until_kept(&here, &all()).await;

        let listing = change(&there, &listing, sold(places)).await.unwrap();
        assert_eq!(here.search(&all()).await.unwrap(), [listing]);
    }
    shop.until_kept(&here, &all()).await;
    change(&there, &listing, withdrawn).await.unwrap();
    assert_eq!(here.search(&all()).await.unwrap(), []);
}

/// Reads, and then waits until it may tell what it read.
#[derive(Debug)]
struct Slow {
    store: MemoryTicketStore,
    has_read: Semaphore,
    may_tell: Semaphore,
}

#[async_trait]
impl TicketStore for Slow {
    async fn listings(&self, ids: &[TicketId]) -> Result<Vec<Stored<Listing>>, StoreError> {
        self.store.listings(ids).await
    }

    async fn listing_under(&self, seller: AccountId, key: &IdempotencyKey) -> Result<Option<Listing>, StoreError> {
        self.store.listing_under(seller, key).await
    }

    async fn seller(&self, account: AccountId) -> Result<Option<Stored<Seller>>, StoreError> {
        self.store.seller(account).await
    }

    async fn search(&self, query: &TicketQuery) -> Result<Vec<Listing>, StoreError> {
        let found = self.store.search(query).await;
        self.has_read.add_permits(1);
        self.may_tell.acquire().await.expect("it is never closed").forget();
        found
    }

    async fn listings_of(&self, seller: AccountId, page: Page<TicketId>) -> Result<Vec<Listing>, StoreError> {
        self.store.listings_of(seller, page).await
    }

    async fn commit(&self, work: UnitOfWork<TicketRecord>) -> Result<CommitToken, StoreError> {
        self.store.commit(work).await
    }
}

#[tokio::test]
async fn what_a_slow_reader_keeps_after_a_commit_is_never_found() {
    let shop = Shop::open().await;
    let (reader, writer) = (Slow::new(&shop), shop.process());
    let tickets = shop.process_over(reader.clone());
    shop.until_kept(&writer, &TicketQuery { page: Page::first(1), ..all() }).await;
    for limit in 11..20 {
        // A page that nobody asked for yet.
        let query = TicketQuery { page: Page::first(limit), ..all() };
        let slow = tokio::spawn({
            let (tickets, query) = (tickets.clone(), query.clone());
            async move { tickets.search(&query).await }
        });
        reader.has_read.acquire().await.unwrap().forget();
        let listing = sample::listing();
        writer.commit(selling(&listing)).await.unwrap();
        reader.may_tell.add_permits(1);
        assert!(!slow.await.unwrap().unwrap().contains(&listing), "it was read before");

        assert_eq!(writer.search(&query).await.unwrap(), shop.store.search(&query).await.unwrap());
    }
}

impl Slow {
    fn new(shop: &Shop) -> Arc<Self> {
        let [has_read, may_tell] = [0; 2].map(Semaphore::new);
        Arc::new(Self { store: shop.store.clone(), has_read, may_tell })
    }
}

#[tokio::test]
async fn no_search_is_older_than_a_commit_before_it_however_processes_race() {
    const LAST: u32 = 200;
    let shop = Shop::open().await;
    let (listing, told) = (sample::listing(), AtomicU64::new(0));
    let writer = shop.process();
    writer.commit(selling(&listing)).await.unwrap();
    let write = async {
        for places in 1..=LAST {
            change(&writer, &listing, sold(places)).await.unwrap();
            told.store(u64::from(places), Ordering::SeqCst);
            for _ in 0..3 {
                shop.world.client.ping().await.unwrap();
            }
        }
    };
    let read = async || {
        let tickets = shop.process();
        while told.load(Ordering::SeqCst) < u64::from(LAST) {
            let least = told.load(Ordering::SeqCst);
            let found = tickets.search(&all()).await.unwrap();
            let [found] = found.as_slice() else { panic!("{found:?}") };
            assert!(found.sales.version >= least, "{} after {least} was committed", found.sales.version);
        }
    };

    tokio::join!(write, join_all((0..6).map(|_| read())));
    assert!(shop.plan.steps() > 0);
}

#[tokio::test]
async fn a_page_holds_until_an_event_on_it_begins() {
    let shop = Shop::open().await;
    let (tickets, listing) = (shop.process(), sample::listing());
    let begins = listing.ticket.offer.details.event.starts_at.expect("it has a time");
    let timeless = sample::bare_listing("Voucher");
    for listing in [&listing, &timeless] {
        tickets.commit(selling(listing)).await.unwrap();
    }
    let at = |now| TicketQuery { now, ..all() };
    let before = begins.before(Duration::from_millis(1));
    let both = shop.until_kept(&tickets, &at(before)).await;

    assert_eq!(shop.until_kept(&tickets, &at(begins)).await, both);
    assert_eq!(tickets.search(&at(begins.after(Duration::from_millis(1)))).await.unwrap(), [timeless]);
    // A process whose clock is behind.
    assert_eq!(tickets.search(&at(before)).await.unwrap(), both);
}

#[tokio::test]
async fn a_commit_in_doubt_is_found_if_it_happened() {
    let shop = Shop::open().await;
    let (here, there) = (shop.process(), shop.process());
    shop.until_kept(&there, &all()).await;
    let listing = sample::listing();
    shop.plan.inject(Operation::Commit, Fault::FailAfter);

    let answer = here.commit(selling(&listing)).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    assert_eq!(there.search(&all()).await.unwrap(), [listing]);
}

#[tokio::test]
async fn a_commit_that_nobody_told_is_found_soon() {
    let shop = Shop::open().await;
    let (tickets, listing) = (shop.process(), sample::listing());
    assert_eq!(shop.until_kept(&tickets, &all()).await, []);
    shop.store.commit(selling(&listing)).await.unwrap();

    let found = || async { (!tickets.search(&all()).await.unwrap().is_empty()).then_some(()) };
    eventually("the old page expires", found).await;
    for key in shop.world.keys() {
        assert_ne!(shop.world.ask::<i64>(&["TTL", &key]), -1, "{key} never expires");
    }
}

#[tokio::test]
async fn bytes_that_mean_nothing_are_as_good_as_none() {
    let shop = Shop::open().await;
    let (tickets, listing) = (shop.process(), sample::listing());
    tickets.commit(selling(&listing)).await.unwrap();
    for nonsense in ["''", "string.sub(kept, 1, -2)", "string.sub(kept, 2)", "string.rep('7', 100)", "kept .. '7'"] {
        shop.until_kept(&tickets, &all()).await;
        let spoil = format!("local kept = redis.call('GET', KEYS[1]) redis.call('SET', KEYS[1], {nonsense})");
        let keys = shop.world.keys();
        assert_eq!(keys.len(), 2, "a generation and a page");
        for key in keys {
            shop.world.ask::<()>(&["EVAL", &spoil, "1", &key]);
        }

        assert_eq!(tickets.search(&all()).await.unwrap(), std::slice::from_ref(&listing), "{nonsense}");
    }
}

#[tokio::test]
async fn however_much_is_asked_for_redis_keeps_a_bounded_number_of_pages() {
    let shop = Shop::open().await;
    let tickets = shop.process();
    let search = async |price: u64| {
        tickets.search(&TicketQuery { min_price: Some(price), ..all() }).await.unwrap();
    };
    for hundred in 0..30 {
        join_all((0..100).map(|price| search(hundred * 100 + price))).await;
    }

    let kept = shop.world.keys().len();
    assert!((2..=1025).contains(&kept), "{kept} keys");
}
