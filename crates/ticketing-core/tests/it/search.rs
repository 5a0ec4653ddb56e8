//! The search follows tickets and orders: it catches up after a crash at any step, loses nothing and shows nothing
//! that is not.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::assembly::{Loops, SearchPorts, Settings};
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::search::{
    Facets, Filters, Found, Places, Question, SearchChange, SearchPage, SearchSort, Watermark,
};
use ticketing_core::domain::ticket::Sales;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::messaging::consumer::{Consumer, ConsumerConfig, ConsumerPorts, EventHandler};
use ticketing_core::messaging::driver::Step;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::search_index::{SearchError, SearchIndex};
use ticketing_core::ports::store::RecordKey;
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::search::{Search, SearchFollows, fill_index};
use ticketing_core::usecase::tickets::{CreateTicket, WithdrawTicket};
use ticketing_memory::{FaultPlan, MemorySearchIndex, MemorySearchIndexes};

use crate::market::{Engines, account, offer};

/// An index whose process dies at a step: before a batch is applied, or after it and before anybody hears of it.
#[derive(Debug)]
struct Dying {
    index: MemorySearchIndex,
    steps_left: AtomicUsize,
}

impl Dying {
    fn step(&self) -> Result<(), SearchError> {
        let left = self.steps_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        left.map(drop).map_err(|_| SearchError::Unavailable("the process died".into()))
    }
}

#[async_trait]
impl SearchIndex for Dying {
    async fn apply(&self, changes: Vec<SearchChange>, upto: Watermark) -> Result<usize, SearchError> {
        self.step()?;
        let applied = self.index.apply(changes, upto).await;
        self.step()?;
        applied
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

/// Four tickets: one as it was, one half sold, one sold out, one withdrawn.
async fn busy() -> Engines {
    let engines = Engines::new();
    let mut market = engines.start(&FaultPlan::none());
    let sell = async || market.sell(7, 2).await.expect("a ticket").ticket.id;
    let [_, half_sold, sold_out, withdrawn] = [sell().await, sell().await, sell().await, sell().await];
    market.settle().await.expect("no faults");
    market.order(1, half_sold, 1).await.expect("a place");
    market.order(1, sold_out, 1).await.expect("a place");
    market.settle().await.expect("no faults");
    market.order(2, sold_out, 1).await.expect("a place");
    let command = WithdrawTicket::new(withdrawn, account(7));
    market.tickets.withdraw_ticket(command, market.origin()).await.expect("it is on sale");
    market.settle().await.expect("no faults");
    engines
}

fn ports(engines: &Engines) -> ConsumerPorts {
    ConsumerPorts {
        subscriber: Arc::new(engines.broker.subscriber()),
        parking: Arc::new(engines.parking.clone()),
        clock: Arc::clone(&engines.env.clock),
        ids: Arc::clone(&engines.env.ids),
    }
}

/// A process that feeds an index until nothing is left, or until it dies.
async fn feed(engines: &Engines, index: Arc<dyn SearchIndex>) -> Result<(), String> {
    let dies = |error: &dyn std::error::Error| error.to_string();
    let feeder = SearchFollows::open(index, &engines.env).await.map_err(|error| dies(&error))?;
    let config = ConsumerConfig { batch: 2, ..ConsumerConfig::default() };
    let mut consumer = Consumer::new(Arc::new(feeder), ports(engines), config).expect("a name that no service has");
    consumer.subscribe().await.expect("the broker answers");
    let counts = consumer.counts();
    loop {
        let before = counts.retried();
        let done = consumer.step().await.map_err(|error| dies(&*error))?;
        if counts.retried() > before {
            // It would try again by itself: a process that died does not.
            return Err("the process died".to_owned());
        }
        if done == 0 {
            Box::new(consumer).finish().await;
            return Ok(());
        }
    }
}

/// How many places an index says are left, by ticket.
async fn shown(index: &dyn SearchIndex, now: Timestamp) -> BTreeMap<TicketId, u32> {
    let mut left = BTreeMap::new();
    for places in [0, 1, 2] {
        let filters = Filters { places: Places::Left(places), ..Filters::default() };
        let question = Question::parse("", filters, SearchSort::Newest, now).expect("a question");
        let found = index.search(&question, SearchPage::First { limit: 10 }).await.expect("an answer");
        left.extend(found.hits.iter().map(|hit| (hit.ticket, places)));
    }
    left
}

/// What the store says.
async fn on_sale(engines: &Engines) -> BTreeMap<TicketId, u32> {
    let filled = MemorySearchIndex::default();
    fill_index(&engines.audit_reader(), &filled, uuid::Uuid::nil()).await.expect("all is readable");
    shown(&filled, engines.clock.now()).await
}

#[tokio::test]
async fn what_is_followed_is_what_the_store_has() {
    let engines = busy().await;
    let index = MemorySearchIndex::default();

    feed(&engines, Arc::new(index.clone())).await.unwrap();

    let shown = shown(&index, engines.clock.now()).await;
    assert_eq!(shown.values().copied().collect::<Vec<_>>(), [2, 1, 0]);
    assert_eq!(shown, on_sale(&engines).await);
}

#[tokio::test]
async fn following_survives_a_crash_at_every_step() {
    for steps in 0.. {
        let engines = busy().await;
        let index = MemorySearchIndex::default();
        let dying = Dying { index: index.clone(), steps_left: AtomicUsize::new(steps) };
        let died = feed(&engines, Arc::new(dying)).await.is_err();
        feed(&engines, Arc::new(index.clone())).await.unwrap();

        assert_eq!(shown(&index, engines.clock.now()).await, on_sale(&engines).await, "it died after {steps} steps");
        if !died {
            assert!(steps > 4, "there are many steps");
            return;
        }
    }
}

#[tokio::test]
async fn an_index_that_lost_everything_begins_with_the_oldest_event() {
    let engines = busy().await;
    let (first, second) = (MemorySearchIndex::default(), MemorySearchIndex::default());
    feed(&engines, Arc::new(first.clone())).await.unwrap();

    feed(&engines, Arc::new(second.clone())).await.unwrap();

    let now = engines.clock.now();
    assert_eq!(shown(&second, now).await, shown(&first, now).await);
}

#[tokio::test]
async fn an_index_goes_on_in_the_group_it_had() {
    let engines = busy().await;
    let index: Arc<dyn SearchIndex> = Arc::new(MemorySearchIndex::default());
    assert!(SearchFollows::open(Arc::clone(&index), &engines.env).await.unwrap().begins());
    feed(&engines, Arc::clone(&index)).await.unwrap();

    let first = SearchFollows::open(Arc::clone(&index), &engines.env).await.unwrap();
    let second = SearchFollows::open(index, &engines.env).await.unwrap();
    assert_eq!((second.name(), second.begins()), (first.name(), false));
}

#[tokio::test]
async fn filling_an_index_makes_nothing_older() {
    let engines = busy().await;
    let index = MemorySearchIndex::default();
    feed(&engines, Arc::new(index.clone())).await.unwrap();
    let (before, upto) = (shown(&index, engines.clock.now()).await, index.watermark().await.unwrap());

    fill_index(&engines.audit_reader(), &index, uuid::Uuid::nil()).await.unwrap();

    assert_eq!(shown(&index, engines.clock.now()).await, before);
    assert_eq!(index.watermark().await.unwrap(), upto);
}

/// The search of a process over an index, in a group that is always called the same.
async fn search_over(engines: &Engines, index: Arc<dyn SearchIndex>) -> (Search, Loops) {
    let context = engines.service_context(Settings::default());
    let (tickets, loops) = context.tickets(engines.ticket_ports()).expect("engines in memory fit together");
    drop(loops);
    let feeder = SearchFollows::in_group(index, SearchFollows::GROUP, &engines.env).await.expect("an answer");
    let (owners, parking) = (engines.audit_reader(), Arc::new(engines.parking.clone()));
    let ports =
        SearchPorts { feeder, owners: Some(Arc::new(owners)), indexes: Some(Arc::new(MemorySearchIndexes)), parking };
    context.search(ports, &tickets).expect("engines in memory fit together")
}

async fn found(search: &Search, question: &Question) -> (Vec<TicketId>, u64) {
    let found = search.find_tickets(question, SearchPage::First { limit: 10 }).await.expect("an answer");
    (found.tickets.iter().map(|listing| listing.ticket.id).collect(), found.count)
}

#[tokio::test]
async fn what_the_store_no_longer_has_on_sale_is_not_shown() {
    let engines = busy().await;
    let (search, mut loops) = search_over(&engines, Arc::new(MemorySearchIndex::default())).await;
    loops.settle().await.unwrap();
    let everything = Question::all(engines.clock.now());
    let (before, count) = found(&search, &everything).await;
    let market = engines.start(&FaultPlan::none());
    let gone = before[1];
    market.tickets.withdraw_ticket(WithdrawTicket::new(gone, account(7)), market.origin()).await.unwrap();

    assert_eq!(found(&search, &everything).await, (vec![before[0], before[2]], count), "the index has not heard of it");
}

#[tokio::test]
async fn a_ticket_that_cannot_be_read_hides_no_other() {
    let engines = busy().await;
    let (search, mut loops) = search_over(&engines, Arc::new(MemorySearchIndex::default())).await;
    loops.settle().await.unwrap();
    let everything = Question::all(engines.clock.now());
    let (before, count) = found(&search, &everything).await;
    for unreadable in [0, 2] {
        assert!(engines.tickets.spoil(&RecordKey::Listing(before[unreadable])));
    }

    assert_eq!(found(&search, &everything).await, (vec![before[1]], count));
    let market = engines.start(&FaultPlan::none());
    assert!(matches!(market.tickets.ticket(before[0]).await, Err(Error::Broken(_))), "its own id tells");
}

#[tokio::test]
async fn what_the_filters_leave_out_since_it_changed_is_not_shown() {
    let engines = busy().await;
    let (search, mut loops) = search_over(&engines, Arc::new(MemorySearchIndex::default())).await;
    loops.settle().await.unwrap();
    let filters = Filters { places: Places::Left(1), ..Filters::default() };
    let question = Question::parse("", filters, SearchSort::Newest, engines.clock.now()).unwrap();
    let (left, _) = found(&search, &question).await;
    let mut market = engines.start(&FaultPlan::none());
    market.order(3, left[0], 1).await.unwrap();
    // The process before has its leases until then.
    engines.clock.advance(Duration::from_secs(61));
    market.settle().await.unwrap();

    assert_eq!(
        found(&search, &question).await.0,
        left[1..],
        "its last place is held, and the index has not heard of it"
    );
}

#[tokio::test]
async fn tickets_are_in_the_order_of_the_hits_and_pages_lead_both_ways() {
    let engines = Engines::new();
    let mut market = engines.start(&FaultPlan::none());
    for amount in [300, 100, 500, 200] {
        let command = CreateTicket::new(account(7), offer(1, amount));
        market.tickets.create_ticket(command, market.origin()).await.expect("a ticket");
    }
    market.settle().await.unwrap();
    let (search, mut loops) = search_over(&engines, Arc::new(MemorySearchIndex::default())).await;
    loops.settle().await.unwrap();
    let sort = SearchSort::Cheapest("EUR".parse().unwrap());
    let question = Question::parse("opera", Filters::default(), sort, engines.clock.now()).unwrap();
    let page = async |page| {
        let found = search.find_tickets(&question, page).await.expect("an answer");
        let prices: Vec<u64> = found.tickets.iter().map(|listing| listing.ticket.offer.price.money().amount).collect();
        (prices, found)
    };

    let (first, found) = page(SearchPage::First { limit: 3 }).await;
    assert_eq!((first, found.count, found.previous), (vec![100, 200, 300], 4, None));
    let cursor = found.next.expect("one more");
    let (second, found) = page(SearchPage::After { cursor, limit: 3 }).await;
    assert_eq!((second, found.next), (vec![500], None));
    let cursor = found.previous.expect("three before it");
    assert_eq!(page(SearchPage::Before { cursor, limit: 2 }).await.0, [200, 300]);
}

#[tokio::test]
async fn an_index_that_was_lost_is_filled_whenever_its_process_dies() {
    for steps in 0.. {
        let engines = busy().await;
        let (_, mut loops) = search_over(&engines, Arc::new(MemorySearchIndex::default())).await;
        loops.settle().await.expect("its group has settled every event");
        let index = MemorySearchIndex::default();
        let dying = Dying { index: index.clone(), steps_left: AtomicUsize::new(steps) };
        let (search, mut loops) = search_over(&engines, Arc::new(dying)).await;
        assert!(!search.is_filled());
        let died = loops.settle().await.is_err();
        assert_eq!(search.is_filled(), !died, "after {steps} steps");

        let (search, mut loops) = search_over(&engines, Arc::new(index.clone())).await;
        loops.settle().await.unwrap();

        assert!(search.is_filled());
        assert_eq!(shown(&index, engines.clock.now()).await, on_sale(&engines).await, "it died after {steps} steps");
        if !died {
            assert!(steps > 2, "there are some steps");
            return;
        }
    }
}
