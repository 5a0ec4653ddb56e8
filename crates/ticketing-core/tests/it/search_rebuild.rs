//! An index is built again beside the one in use: whatever happens meanwhile, one of them is whole and in use.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::assembly::{Loops, SearchPorts, Settings};
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::search::{Facets, Found, Question, SearchChange, SearchPage, Watermark};
use ticketing_core::domain::ticket::{Sales, Ticket};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::audit_reader::AuditReader;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::search_index::{SearchError, SearchIndex, SearchIndexes};
use ticketing_core::ports::store::Page;
use ticketing_core::usecase::search::{RebuildStatus, Search, SearchFollows};
use ticketing_memory::{FaultPlan, MemorySearchIndex};

use crate::market::Engines;

/// An index that takes so many batches and then fails.
#[derive(Debug, Clone)]
struct Failing {
    index: MemorySearchIndex,
    batches_left: Arc<AtomicUsize>,
    failure: fn() -> SearchError,
}

fn is_away() -> SearchError {
    SearchError::Unavailable("the disk is full".into())
}

fn is_damaged() -> SearchError {
    SearchError::Corrupt("a byte is wrong".into())
}

impl Failing {
    fn after(batches: usize, failure: fn() -> SearchError) -> Self {
        Self { index: MemorySearchIndex::default(), batches_left: Arc::new(AtomicUsize::new(batches)), failure }
    }
}

#[async_trait]
impl SearchIndex for Failing {
    async fn apply(&self, changes: Vec<SearchChange>, upto: Watermark) -> Result<usize, SearchError> {
        let left = self.batches_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        left.map_err(|_| (self.failure)())?;
        self.index.apply(changes, upto).await
    }

    async fn search(&self, question: &Question, page: SearchPage) -> Result<Found, SearchError> {
        self.index.search(question, page).await
    }

    async fn facets(&self, question: &Question) -> Result<Facets, SearchError> {
        self.index.facets(question).await
    }

    async fn suggest(&self, typed: &str, now: Timestamp) -> Result<Vec<String>, SearchError> {
        self.index.suggest(typed, now).await
    }

    async fn watermark(&self) -> Result<Option<Watermark>, SearchError> {
        self.index.watermark().await
    }

    async fn sales(&self, tickets: &[TicketId]) -> Result<HashMap<TicketId, Sales>, SearchError> {
        self.index.sales(tickets).await
    }
}

/// Begins indexes that fail after so many batches, and after them sound ones.
#[derive(Debug)]
struct Begins {
    flawed: AtomicUsize,
    batches: usize,
}

impl Begins {
    fn sound() -> Arc<Self> {
        Arc::new(Self { flawed: AtomicUsize::new(0), batches: 0 })
    }

    fn one_that_fails_after(batches: usize) -> Arc<Self> {
        Arc::new(Self { flawed: AtomicUsize::new(1), batches })
    }
}

#[async_trait]
impl SearchIndexes for Begins {
    async fn begin(&self) -> Result<Arc<dyn SearchIndex>, SearchError> {
        let is_sound =
            self.flawed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err();
        let index = if is_sound { Failing::after(usize::MAX, is_away) } else { Failing::after(self.batches, is_away) };
        Ok(Arc::new(index))
    }

    async fn adopt(&self) -> Result<(), SearchError> {
        Ok(())
    }
}

async fn search_over(engines: &Engines, index: impl SearchIndex, indexes: Arc<Begins>) -> (Search, Loops) {
    let context = engines.service_context(Settings::default());
    let (tickets, loops) = context.tickets(engines.ticket_ports()).expect("engines in memory fit together");
    drop(loops);
    let feeder = SearchFollows::in_group(Arc::new(index), SearchFollows::GROUP, &engines.env).await.expect("an answer");
    let (owners, parking) = (Some(Arc::new(engines.audit_reader()) as _), Arc::new(engines.parking.clone()));
    let (search, mut loops) =
        context.search(SearchPorts { feeder, owners, indexes: Some(indexes), parking }, &tickets).expect("they fit");
    loops.settle().await.expect("it is filled");
    (search, loops)
}

/// What is found, with how many places are left as the index in use knows it.
async fn known(search: &Search, now: Timestamp) -> Vec<(TicketId, Sales)> {
    let found = search.index.search(&Question::all(now), SearchPage::First { limit: 100 }).await.expect("an answer");
    let ids: Vec<TicketId> = found.hits.iter().map(|hit| hit.ticket).collect();
    let sales = search.index.sales(&ids).await.expect("an answer");
    let mut known: Vec<_> = ids.iter().map(|id| (*id, sales.get(id).copied().unwrap_or_default())).collect();
    known.sort_by_key(|(id, _)| *id);
    known
}

async fn stored(engines: &Engines) -> Vec<(TicketId, Sales)> {
    let listings = engines.audit_reader().listings(Page::first(100)).await.expect("an answer").records;
    listings.iter().map(|listing| (listing.ticket.id, listing.sales)).collect()
}

async fn some_tickets(engines: &Engines) -> [TicketId; 3] {
    let mut market = engines.start(&FaultPlan::none());
    let sell = async || market.sell(7, 5).await.expect("a ticket").ticket.id;
    let tickets = [sell().await, sell().await, sell().await];
    market.settle().await.expect("no faults");
    market.order(1, tickets[0], 2).await.expect("places");
    market.settle().await.expect("no faults");
    tickets
}

/// Another process orders and is settled: the one before has its leases for a minute.
async fn order(engines: &Engines, ticket: TicketId) {
    let mut market = engines.start(&FaultPlan::none());
    market.order(2, ticket, 1).await.expect("a place");
    engines.clock.advance(Duration::from_secs(61));
    market.settle().await.expect("no faults");
}

#[tokio::test]
async fn what_is_wrong_in_an_index_is_gone_once_it_is_built_again() {
    let engines = Engines::new();
    let tickets = some_tickets(&engines).await;
    let index = MemorySearchIndex::default();
    let (search, mut loops) = search_over(&engines, index.clone(), Begins::sound()).await;
    let bogus = SearchChange::Sales { ticket: tickets[1], sales: Sales { held: 5, sold: 0, version: 0 } };
    let elsewhere = Engines::new();
    let elsewhere = elsewhere.start(&FaultPlan::none()).sell(7, 1).await.expect("a ticket").ticket;
    let ghost = Ticket { id: TicketId::from_u128(u128::MAX), ..elsewhere };
    let known_before = index.watermark().await.unwrap().expect("it was filled");
    index.apply(vec![bogus, SearchChange::Facts(Box::new(ghost))], known_before).await.unwrap();
    assert_ne!(known(&search, engines.clock.now()).await, stored(&engines).await, "it knows what is not");

    search.rebuild().unwrap();
    search.rebuild().unwrap();
    loops.settle().await.unwrap();

    assert_eq!(search.rebuild_status(), RebuildStatus::Done { told: 3 }, "two who ask at once get one");
    assert_eq!(known(&search, engines.clock.now()).await, stored(&engines).await);
}

#[tokio::test]
async fn an_index_that_is_built_again_hears_what_happens_meanwhile_and_after() {
    let engines = Engines::new();
    let tickets = some_tickets(&engines).await;
    let (search, mut loops) = search_over(&engines, MemorySearchIndex::default(), Begins::sound()).await;
    // The index was told of sales that the store has yet to hear of, so the rebuild waits for them.
    let known_before = search.index.watermark().await.unwrap().expect("it was filled");
    let early = SearchChange::Sales { ticket: tickets[0], sales: Sales { held: 3, sold: 0, version: 2 } };
    search.index.apply(vec![early], known_before).await.unwrap();
    search.rebuild().unwrap();
    loops.settle().await.unwrap();
    assert_eq!(search.rebuild_status(), RebuildStatus::Building { told: 3 });

    order(&engines, tickets[2]).await;
    order(&engines, tickets[0]).await;
    loops.settle().await.unwrap();
    assert_eq!(search.rebuild_status(), RebuildStatus::Done { told: 3 });
    assert_eq!(known(&search, engines.clock.now()).await, stored(&engines).await);

    order(&engines, tickets[1]).await;
    loops.settle().await.unwrap();
    assert_eq!(known(&search, engines.clock.now()).await, stored(&engines).await);
}

#[tokio::test]
async fn sales_that_the_store_never_hears_of_hold_a_rebuild_up_for_a_minute() {
    let engines = Engines::new();
    let tickets = some_tickets(&engines).await;
    let (search, mut loops) = search_over(&engines, MemorySearchIndex::default(), Begins::sound()).await;
    let known_before = search.index.watermark().await.unwrap().expect("it was filled");
    let of_a_store_that_went_back = Sales { held: 5, sold: 0, version: 900 };
    let change = SearchChange::Sales { ticket: tickets[0], sales: of_a_store_that_went_back };
    search.index.apply(vec![change], known_before).await.unwrap();
    search.rebuild().unwrap();
    loops.settle().await.unwrap();
    assert_eq!(search.rebuild_status(), RebuildStatus::Building { told: 3 });

    engines.clock.advance(Duration::from_secs(61));
    loops.settle().await.unwrap();
    assert_eq!(search.rebuild_status(), RebuildStatus::Done { told: 3 });
    assert_eq!(known(&search, engines.clock.now()).await, stored(&engines).await);
}

#[tokio::test]
async fn an_index_that_cannot_be_built_leaves_the_one_in_use_as_it_was() {
    for batches in 0.. {
        let engines = Engines::new();
        let tickets = some_tickets(&engines).await;
        let begins = Begins::one_that_fails_after(batches);
        let (search, mut loops) = search_over(&engines, MemorySearchIndex::default(), begins).await;
        search.rebuild().unwrap();
        loops.settle().await.unwrap();
        let status = search.rebuild_status();
        let RebuildStatus::Failed { cause } = &status else {
            assert_eq!(
                (batches, status),
                (2, RebuildStatus::Done { told: 3 }),
                "the tickets, and that there are no more"
            );
            return;
        };
        assert!(cause.contains("the disk is full"), "{cause}");
        order(&engines, tickets[1]).await;
        loops.settle().await.unwrap();
        assert_eq!(known(&search, engines.clock.now()).await, stored(&engines).await, "after {batches} batches");

        search.rebuild().unwrap();
        loops.settle().await.unwrap();
        assert_eq!(search.rebuild_status(), RebuildStatus::Done { told: 3 });
        assert_eq!(known(&search, engines.clock.now()).await, stored(&engines).await);
    }
}

#[tokio::test]
async fn an_index_that_misses_an_event_while_it_is_built_is_given_up() {
    let engines = Engines::new();
    let tickets = some_tickets(&engines).await;
    let begins = Begins::one_that_fails_after(2);
    let (search, mut loops) = search_over(&engines, MemorySearchIndex::default(), begins).await;
    let known_before = search.index.watermark().await.unwrap().expect("it was filled");
    let early = SearchChange::Sales { ticket: tickets[0], sales: Sales { held: 3, sold: 0, version: 2 } };
    search.index.apply(vec![early], known_before).await.unwrap();
    search.rebuild().unwrap();
    loops.settle().await.unwrap();
    assert_eq!(search.rebuild_status(), RebuildStatus::Building { told: 3 }, "it waits for the store");

    order(&engines, tickets[0]).await;
    loops.settle().await.unwrap();
    assert!(matches!(search.rebuild_status(), RebuildStatus::Failed { .. }), "{:?}", search.rebuild_status());
    assert_eq!(known(&search, engines.clock.now()).await, stored(&engines).await);
}

#[tokio::test]
async fn an_index_that_is_damaged_while_it_is_in_use_is_built_again() {
    let engines = Engines::new();
    let tickets = some_tickets(&engines).await;
    let index = Failing::after(usize::MAX, is_damaged);
    let (search, mut loops) = search_over(&engines, index.clone(), Begins::sound()).await;
    index.batches_left.store(0, Ordering::Relaxed);
    order(&engines, tickets[1]).await;

    let first = loops.settle().await;
    assert!(first.is_err(), "an event waits until the index is whole");
    loops.settle().await.unwrap();

    assert_eq!(search.rebuild_status(), RebuildStatus::Done { told: 3 });
    assert_eq!(known(&search, engines.clock.now()).await, stored(&engines).await);
}
