//! What sellers are called: tickets follow it, orders keep it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::future::join_all;
use ticketing_core::domain::account::{DisplayName, PublicAccount};
use ticketing_core::domain::event::Event;
use ticketing_core::domain::ids::{AccountId, EventId, TicketId};
use ticketing_core::domain::order::IdempotencyKey;
use ticketing_core::domain::seller::Seller;
use ticketing_core::domain::ticket::{Listing, Sales, TicketStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::messaging::consumer::{EventHandler, Incoming};
use ticketing_core::ports::store::{CommitToken, Page, RecordKey, StoreError, Stored, UnitOfWork};
use ticketing_core::ports::ticket_store::{EventOffers, TicketRecord, TicketStore};
use ticketing_core::ports::transport::EventPublisher;
use ticketing_core::usecase::tickets::{CallOffTicket, Tickets, TicketsFollow, UpdateTicket};
use ticketing_core::wire::{self, TicketState};
use ticketing_memory::{FaultPlan, MemoryTicketStore};

use crate::invariants::Told;
use crate::market::{Engines, Process, account, offer};

const SALLY: u128 = 1;
const BUYER: u128 = 2;

fn name(text: &str) -> Option<DisplayName> {
    DisplayName::parse(text).expect("a name")
}

fn sally(called: &str, version: u64) -> PublicAccount {
    PublicAccount {
        id: account(SALLY),
        registered_at: Timestamp::EPOCH,
        display_name: name(called),
        confirmed_at: None,
        deleted_at: None,
        version,
    }
}

fn incoming(engines: &Engines, event: Event) -> Incoming {
    let (now, origin) = (engines.env.now(), engines.start(&FaultPlan::none()).origin());
    let envelope = wire::seal(&event, EventId::new(engines.env.uuid(now)), now, &origin);
    Incoming { event, envelope }
}

fn renamed(engines: &Engines, called: &str, version: u64) -> Incoming {
    incoming(engines, Event::AccountRenamed(sally(called, version)))
}

fn deleted(engines: &Engines, version: u64) -> Incoming {
    let deleted_at = Some(Timestamp::EPOCH);
    incoming(engines, Event::AccountDeleted(PublicAccount { deleted_at, ..sally("", version) }))
}

async fn follow(tickets: &Tickets, news: Incoming) {
    TicketsFollow(tickets.clone()).handle(&[news]).await.expect("no faults");
}

async fn called(tickets: &Tickets, ticket: TicketId) -> (Option<DisplayName>, u64) {
    let ticket = tickets.ticket(ticket).await.expect("it is there").ticket;
    (ticket.seller_name, ticket.version)
}

async fn kept(engines: &Engines) -> Option<Seller> {
    engines.tickets.seller(account(SALLY)).await.expect("an answer").map(|stored| stored.record)
}

#[tokio::test]
async fn tickets_follow_the_name_of_their_seller_and_orders_keep_it() {
    let engines = Engines::new();
    let mut market = engines.start(&FaultPlan::none());
    let unnamed = market.sell(SALLY, 5).await.unwrap().ticket;
    follow(&market.tickets, renamed(&engines, "Sally", 2)).await;
    let named = market.sell(SALLY, 5).await.unwrap().ticket;
    market.settle().await.unwrap();

    assert_eq!((unnamed.seller_name, called(&market.tickets, unnamed.id).await), (None, (name("Sally"), 2)));
    assert_eq!((&named.seller_name, named.version), (&name("Sally"), 1));
    let early = market.order(BUYER, named.id, 1).await.unwrap();
    market.pay(BUYER, early.id, "tok_visa").await.unwrap_err();
    follow(&market.tickets, renamed(&engines, "Sally & Sons", 3)).await;
    market.settle().await.unwrap();
    let late = market.order(BUYER, named.id, 1).await.unwrap();
    market.pay(BUYER, early.id, "tok_visa").await.unwrap();
    market.settle().await.unwrap();

    for (order, seller) in [(early, "Sally"), (late, "Sally & Sons")] {
        assert_eq!(order.ticket.seller_name, name(seller));
        assert_eq!(market.orders.order(order.id, account(BUYER)).await.unwrap().ticket.seller_name, name(seller));
    }
}

#[tokio::test]
async fn an_edit_keeps_the_name() {
    let engines = Engines::new();
    let market = engines.start(&FaultPlan::none());
    follow(&market.tickets, renamed(&engines, "Sally", 2)).await;
    let ticket = market.sell(SALLY, 5).await.unwrap().ticket;

    let update = UpdateTicket::new(ticket.id, account(SALLY), offer(9, 900));
    market.tickets.update_ticket(update, market.origin()).await.unwrap();

    assert_eq!(called(&market.tickets, ticket.id).await, (name("Sally"), 2));
}

#[tokio::test]
async fn an_event_that_comes_again_or_late_changes_nothing() {
    let engines = Engines::new();
    let market = engines.start(&FaultPlan::none());
    let ticket = market.sell(SALLY, 5).await.unwrap().ticket.id;

    for (news, expected) in [
        (renamed(&engines, "Sally", 4), (name("Sally"), 2)),
        (renamed(&engines, "Sally", 4), (name("Sally"), 2)),
        (renamed(&engines, "Eve", 3), (name("Sally"), 2)),
        (incoming(&engines, Event::AccountPasswordChanged(sally("Sally", 5))), (name("Sally"), 2)),
        (renamed(&engines, "", 6), (None, 3)),
        (renamed(&engines, "Sally", 4), (None, 3)),
    ] {
        follow(&market.tickets, news).await;
        assert_eq!(called(&market.tickets, ticket).await, expected);
    }
    assert_eq!(kept(&engines).await, Some(Seller::of(&sally("", 6))));
}

#[tokio::test]
async fn nothing_is_kept_of_an_account_that_never_had_a_name() {
    let engines = Engines::new();
    let market = engines.start(&FaultPlan::none());
    let ticket = market.sell(SALLY, 5).await.unwrap().ticket.id;

    follow(&market.tickets, incoming(&engines, Event::AccountRegistered(sally("", 1)))).await;
    follow(&market.tickets, deleted(&engines, 2)).await;

    assert_eq!(kept(&engines).await, None);
    let listing = market.tickets.ticket(ticket).await.unwrap();
    assert_eq!(listing.ticket.status, TicketStatus::Withdrawn);
}

#[tokio::test]
async fn a_deletion_takes_the_name_off_every_ticket_and_an_order_keeps_it() {
    let engines = Engines::new();
    let mut market = engines.start(&FaultPlan::none());
    follow(&market.tickets, renamed(&engines, "Sally", 2)).await;
    let [on_sale, called_off] = [market.sell(SALLY, 5).await.unwrap(), market.sell(SALLY, 5).await.unwrap()];
    market.settle().await.unwrap();
    let order = market.order(BUYER, on_sale.ticket.id, 1).await.unwrap();
    let command = CallOffTicket::new(called_off.ticket.id, account(SALLY));
    market.tickets.call_off_ticket(command, market.origin()).await.unwrap();

    for _ in 0..2 {
        follow(&market.tickets, deleted(&engines, 3)).await;
        follow(&market.tickets, renamed(&engines, "Sally", 2)).await;
        market.settle().await.unwrap();
    }

    for (listing, status) in [(on_sale, TicketStatus::Withdrawn), (called_off, TicketStatus::CalledOff)] {
        let ticket = market.tickets.ticket(listing.ticket.id).await.unwrap().ticket;
        assert_eq!((ticket.seller_name, ticket.status), (None, status));
    }
    assert_eq!(market.orders.order(order.id, account(BUYER)).await.unwrap().ticket.seller_name, name("Sally"));
    assert_eq!(kept(&engines).await, Some(Seller::of(&sally("", 3))));
}

#[tokio::test]
async fn every_page_of_a_seller_gets_the_name_though_others_follow_it_too() {
    let engines = Engines::new();
    let processes = [engines.start(&FaultPlan::none()), engines.start(&FaultPlan::none())];
    for _ in 0..130 {
        processes[0].sell(SALLY, 1).await.unwrap();
    }

    let events = [("Sally", 2), ("Sally & Sons", 3), ("Sally", 2), ("Sally & Sons", 3)];
    let followed = events.iter().zip(processes.iter().cycle());
    join_all(
        followed.map(|((called, version), process)| follow(&process.tickets, renamed(&engines, called, *version))),
    )
    .await;

    let listings = engines.tickets.listings_of(account(SALLY), Page::first(200)).await.unwrap();
    assert_eq!(listings.len(), 130);
    assert!(listings.iter().all(|listing| listing.ticket.seller_name == name("Sally & Sons")));
}

/// What happens meanwhile.
#[derive(Debug)]
enum Meanwhile {
    /// Another process follows this.
    News(Box<Incoming>),
    /// What is kept of the seller becomes unreadable.
    Damage,
}

/// Something happens just before one of its calls, as it may at any time.
#[derive(Debug)]
struct Interrupted {
    store: Arc<dyn TicketStore>,
    calls: AtomicUsize,
    at: usize,
    other: Tickets,
    memory: MemoryTicketStore,
    meanwhile: Meanwhile,
}

impl Interrupted {
    fn new(process: &Process, at: usize, meanwhile: Meanwhile) -> Arc<Self> {
        let (store, other) = (Arc::clone(&process.tickets.store), process.tickets.clone());
        let memory = process.engines.tickets.clone();
        Arc::new(Self { store, calls: AtomicUsize::new(0), at, other, memory, meanwhile })
    }

    async fn interrupt(&self) {
        if self.calls.fetch_add(1, Ordering::Relaxed) == self.at {
            match &self.meanwhile {
                Meanwhile::News(news) => follow(&self.other, Incoming::clone(news)).await,
                Meanwhile::Damage => assert!(self.memory.spoil(&RecordKey::Seller(account(SALLY)))),
            }
        }
    }

    fn is_over(&self) -> bool {
        self.calls.load(Ordering::Relaxed) <= self.at
    }
}

#[async_trait]
impl TicketStore for Interrupted {
    async fn listings(&self, ids: &[TicketId]) -> Result<Vec<Stored<Listing>>, StoreError> {
        self.interrupt().await;
        self.store.listings(ids).await
    }

    async fn listing_under(&self, seller: AccountId, key: &IdempotencyKey) -> Result<Option<Listing>, StoreError> {
        self.interrupt().await;
        self.store.listing_under(seller, key).await
    }

    async fn seller(&self, account: AccountId) -> Result<Option<Stored<Seller>>, StoreError> {
        self.interrupt().await;
        self.store.seller(account).await
    }

    async fn offers_of_event(&self, wanted: &EventOffers) -> Result<Vec<Listing>, StoreError> {
        self.store.offers_of_event(wanted).await
    }

    async fn listings_of(&self, seller: AccountId, page: Page<TicketId>) -> Result<Vec<Listing>, StoreError> {
        self.interrupt().await;
        self.store.listings_of(seller, page).await
    }

    async fn commit(&self, work: UnitOfWork<TicketRecord>) -> Result<CommitToken, StoreError> {
        self.interrupt().await;
        self.store.commit(work).await
    }

    async fn follow_sales(
        &self,
        newest: &HashMap<TicketId, Sales>,
    ) -> Result<Vec<(TicketId, TicketState)>, StoreError> {
        self.interrupt().await;
        self.store.follow_sales(newest).await
    }
}

#[tokio::test]
async fn the_newest_name_wins_at_whatever_moment_it_comes() {
    for at in 0.. {
        let engines = Engines::new();
        let market = engines.start(&FaultPlan::none());
        let ticket = market.sell(SALLY, 5).await.unwrap().ticket.id;
        let store = Interrupted::new(&market, at, Meanwhile::News(Box::new(renamed(&engines, "Sally & Sons", 3))));
        let slow = Tickets { store: Arc::clone(&store) as _, ..market.tickets.clone() };

        follow(&slow, renamed(&engines, "Sally", 2)).await;

        if store.is_over() {
            assert!(at > 5, "it was interrupted {at} times");
            return;
        }
        assert_eq!(called(&market.tickets, ticket).await.0, name("Sally & Sons"), "interrupted at {at}");
        assert_eq!(kept(&engines).await, Some(Seller::of(&sally("Sally & Sons", 3))), "interrupted at {at}");
    }
}

#[tokio::test]
async fn a_ticket_is_sold_under_the_newest_name_at_whatever_moment_it_comes() {
    for at in 0.. {
        let engines = Engines::new();
        let market = engines.start(&FaultPlan::none());
        follow(&market.tickets, renamed(&engines, "Sally", 2)).await;
        let store = Interrupted::new(&market, at, Meanwhile::News(Box::new(renamed(&engines, "Sally & Sons", 3))));
        let slow = Tickets { store: Arc::clone(&store) as _, ..market.tickets.clone() };

        let sold = slow.create_ticket(engines.create(SALLY, 5), market.origin()).await.unwrap().ticket;

        if store.is_over() {
            assert!(at >= 3, "it was interrupted {at} times");
            return;
        }
        let (newest, version) = called(&market.tickets, sold.id).await;
        assert_eq!(newest, name("Sally & Sons"), "interrupted at {at}");
        assert_eq!((sold.seller_name, sold.version), (newest, version), "and its seller is answered with it");
    }
}

#[tokio::test]
async fn a_seller_is_told_that_a_ticket_is_on_sale_if_it_is() {
    for at in 0.. {
        let engines = Engines::new();
        let market = engines.start(&FaultPlan::none());
        follow(&market.tickets, renamed(&engines, "Sally", 2)).await;
        let store = Interrupted::new(&market, at, Meanwhile::Damage);
        let slow = Tickets { store: Arc::clone(&store) as _, ..market.tickets.clone() };

        let told = slow.create_ticket(engines.create(SALLY, 5), market.origin()).await;

        let offered = engines.tickets.listings_of(account(SALLY), Page::first(9)).await.unwrap();
        assert_eq!(told.ok().into_iter().collect::<Vec<_>>(), offered, "damaged at {at}");
        if store.is_over() {
            return;
        }
    }
}

#[tokio::test]
async fn following_a_name_survives_a_crash_anywhere() {
    let scenario = async |faults: fn(&Engines, u64) -> FaultPlan, step: u64| {
        let engines = Engines::new();
        let mut market = engines.start(&FaultPlan::none());
        let mut told = Told { tickets: Vec::new(), orders: Vec::new(), paid: Vec::new() };
        for _ in 0..3 {
            told.tickets.push(market.sell(SALLY, 3).await.expect("a ticket").ticket.id);
        }
        market.settle().await.expect("no faults");
        let news = renamed(&engines, "Sally", 2).envelope;
        engines.broker.publisher().publish(&[news]).await.expect("the broker is up");
        let plan = faults(&engines, step);
        // A crash on the way is what this is about.
        drop(engines.start(&plan).settle().await);
        (engines, plan, told)
    };
    let (_, counting, _) = scenario(|engines, _| FaultPlan::counting(Arc::new(engines.clock.clone())), 0).await;
    assert!(counting.steps() > 5, "the scenario does something");

    for step in 0..counting.steps() {
        let crash = |engines: &Engines, step| FaultPlan::crash_at(Arc::new(engines.clock.clone()), step);
        let (engines, _, told) = scenario(crash, step).await;
        let mut next = engines.start(&FaultPlan::none());
        next.recover().await;
        engines.check_at_rest(&told).await;
        for ticket in told.tickets {
            assert_eq!(called(&next.tickets, ticket).await, (name("Sally"), 2), "crashed at {step}");
        }
    }
}
