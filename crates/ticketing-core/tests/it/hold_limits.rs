//! One account cannot keep places off sale: neither at once, nor again and again, nor at several batchers or processes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use ticketing_core::domain::hold_limits::{HoldLimits, HoldPause, HoldRefusal};
use ticketing_core::domain::ids::{AccountId, OrderId, TicketId};
use ticketing_core::domain::money::Quantity;
use ticketing_core::domain::order::Order;
use ticketing_core::domain::sales_total::SalesTotal;
use ticketing_core::domain::stock::{OrderRequest, Stock};
use ticketing_core::domain::ticket::{Offer, Ticket};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::order_store::{OrderNeeds, OrderRecord, OrderRecords, OrderStore, OverdueCursor};
use ticketing_core::ports::store::{CommitToken, Page, StoreError, UnitOfWork};
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::orders::batcher::{BatcherConfig, Decision, OrderAction, OrderBatchers, OrderCommand};
use ticketing_core::wire::Origin;
use ticketing_memory::FaultPlan;
use uuid::Uuid;

use crate::market::{Engines, HOLD, account, key, offer};

const LIMITS: HoldLimits = HoldLimits {
    places_of_ticket: Some(4),
    open_orders: Some(3),
    places: Some(8),
    pause: Some(HoldPause { free: 3, first: Duration::from_secs(60), within: Duration::from_secs(3600) }),
};
const OF_TICKET: HoldLimits = HoldLimits { places_of_ticket: Some(4), ..HoldLimits::OFF };
const ORDERS: HoldLimits = HoldLimits { open_orders: Some(3), ..HoldLimits::OFF };
const BEN: u128 = 2;

fn limited(limits: HoldLimits) -> Engines {
    let mut engines = Engines::new();
    engines.limits = limits;
    engines
}

fn code(answer: &Result<Order, Error>) -> &'static str {
    answer.as_ref().map_or_else(Error::code, |_| "held")
}

#[tokio::test]
async fn places_and_orders_of_one_buyer_are_limited_and_nobody_elses() {
    let mut process = limited(LIMITS).start(&FaultPlan::none());
    let [first, second, third] = [process.sell(1, 50).await, process.sell(1, 50).await, process.sell(1, 50).await]
        .map(|sold| sold.unwrap().ticket.id);
    process.settle().await.unwrap();

    let steps = [(first, 5), (first, 3), (first, 2), (second, 4), (third, 2), (third, 1), (third, 1)];
    let mut answers = Vec::new();
    for (ticket, places) in steps {
        answers.push(code(&process.order(BEN, ticket, places).await));
    }

    let too_many = ["too_many_places", "held", "too_many_places", "held", "too_many_places", "held"];
    assert_eq!(answers, [&too_many[..], &["too_many_open_orders"]].concat());
    assert!(process.order(3, first, 4).await.is_ok(), "another buyer has their own limits");
}

#[tokio::test]
async fn a_repeated_request_is_answered_where_a_new_one_is_refused() {
    let mut process = limited(HoldLimits { open_orders: Some(1), ..HoldLimits::OFF }).start(&FaultPlan::none());
    let ticket = process.sell(1, 50).await.unwrap().ticket.id;
    process.settle().await.unwrap();
    let first = process.order_as(BEN, Some(key("k-1")), ticket, 1).await.unwrap();

    let again = process.order_as(BEN, Some(key("k-1")), ticket, 1).await.unwrap();

    assert_eq!(again, first);
    assert_eq!(code(&process.order_as(BEN, Some(key("k-2")), ticket, 1).await), "too_many_open_orders");
}

#[tokio::test]
async fn holds_that_nobody_pays_make_the_next_one_wait_longer_and_longer() {
    let mut process = limited(LIMITS).start(&FaultPlan::none());
    let ticket = process.sell(1, 50).await.unwrap().ticket.id;
    process.settle().await.unwrap();
    let clock = process.engines.clock.clone();
    for unpaid in 0..3 {
        let order = process.order(BEN, ticket, 1).await.unwrap();
        if unpaid == 0 {
            process.cancel(BEN, order.id).await.unwrap();
        } else {
            clock.advance(HOLD);
            process.settle().await.unwrap();
        }
    }

    let paused = |seconds| Some(Error::Hold(HoldRefusal::Paused { wait: Duration::from_secs(seconds) }).to_string());
    let refused = process.order(BEN, ticket, 1).await;
    assert_eq!((code(&refused), refused.err().map(|error| error.to_string())), ("hold_paused", paused(60)));
    assert!(process.order(3, ticket, 1).await.is_ok(), "only the one who did not pay waits");
    clock.advance(Duration::from_secs(60));
    let order = process.order(BEN, ticket, 1).await.unwrap();
    process.cancel(BEN, order.id).await.unwrap();
    assert_eq!(process.order(BEN, ticket, 1).await.err().map(|error| error.to_string()), paused(120));
    clock.advance(Duration::from_secs(3600));
    assert!(process.order(BEN, ticket, 1).await.is_ok(), "after an hour all is forgiven");
}

#[tokio::test]
async fn holds_that_ended_while_a_clock_ran_ahead_count_once_their_time_has_come() {
    let mut process = limited(LIMITS).start(&FaultPlan::none());
    let ticket = process.sell(1, 50).await.unwrap().ticket.id;
    process.settle().await.unwrap();
    let in_two_hours = process.engines.env.now().after(Duration::from_secs(7200));
    let ahead = process.engines.at(in_two_hours).start(&FaultPlan::none());
    for _ in 0..3 {
        let order = ahead.order(BEN, ticket, 1).await.unwrap();
        ahead.cancel(BEN, order.id).await.unwrap();
    }
    assert_eq!(code(&ahead.order(BEN, ticket, 1).await), "hold_paused");

    let order = process.order(BEN, ticket, 1).await;

    assert_eq!(code(&order), "held", "{order:?}");
    process.engines.clock.set(in_two_hours);
    assert_eq!(code(&process.order(BEN, ticket, 1).await), "hold_paused");
}

#[tokio::test]
async fn an_order_that_is_paid_counts_against_nobody() {
    let mut process = limited(HoldLimits { open_orders: Some(1), ..LIMITS }).start(&FaultPlan::none());
    let ticket = process.sell(1, 50).await.unwrap().ticket.id;
    process.settle().await.unwrap();

    for _ in 0..6 {
        let order = process.order(BEN, ticket, 4).await.unwrap();
        process.settle().await.unwrap();
        process.pay(BEN, order.id, "tok_visa").await.unwrap();
        process.settle().await.unwrap();
    }
}

#[tokio::test]
async fn a_seller_limits_what_one_buyer_has_of_a_ticket_paid_or_not() {
    let mut process = limited(OF_TICKET).start(&FaultPlan::none());
    let mut command = process.engines.create(1, 50);
    command.offer = Offer { max_per_buyer: Some(Quantity::new(6).unwrap()), ..command.offer };
    let ticket = process.tickets.create_ticket(command, process.origin()).await.unwrap().ticket.id;
    process.settle().await.unwrap();

    let bought = process.order(BEN, ticket, 5).await.unwrap();
    process.settle().await.unwrap();
    process.pay(BEN, bought.id, "tok_visa").await.unwrap();
    process.settle().await.unwrap();

    assert_eq!(code(&process.order(BEN, ticket, 2).await), "too_many_places");
    assert_eq!(code(&process.order(BEN, ticket, 1).await), "held");
    assert_eq!(code(&process.order(BEN, ticket, 1).await), "too_many_places");
}

#[tokio::test]
async fn a_limit_that_comes_with_the_order_in_one_batch_counts_what_was_bought() {
    let office = Office::open(HoldLimits::OFF, 1).await;
    let mut ticket = office.ticket(1);
    office.take_over(&ticket).await;
    let order = office.order(&ticket, 3).await.unwrap();
    let paid = OrderAction::Complete(order.id, ticketing_core::domain::ids::PaymentId::new(Uuid::from_u128(7)));
    office.decide(&ticket, paid).await.unwrap();

    ticket.version = 2;
    ticket.offer.max_per_buyer = Some(Quantity::new(3).unwrap());
    let (followed, refused) = futures::join!(office.take_over(&ticket), office.order(&ticket, 1));

    assert_eq!((followed, code(&refused)), ((), "too_many_places"));
}

#[tokio::test]
async fn orders_at_several_batchers_at_once_are_limited_together() {
    let office = Office::open(ORDERS, 1).await;
    let tickets: Vec<Ticket> = (1..=16).map(|n| office.ticket(n)).collect();
    for ticket in &tickets {
        office.take_over(ticket).await;
    }

    let answers = join_all(tickets.iter().map(|ticket| office.order(ticket, 1))).await;

    let held = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(held, 3, "{:?}", answers.iter().map(code).collect::<Vec<_>>());
}

#[tokio::test]
async fn orders_at_several_processes_at_once_never_pass_the_limit_of_a_ticket() {
    let office = Office::open(OF_TICKET, 3).await;
    let ticket = office.ticket(1);
    office.take_over(&ticket).await;

    let answers = join_all((0..24).map(|_| office.order(&ticket, 1))).await;

    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 4);
    assert_eq!(office.engines.all_orders().await.len(), 4);
}

/// Order batchers of several processes over a store whose reads take a while.
struct Office {
    engines: Engines,
    processes: Vec<OrderBatchers>,
    next: std::sync::atomic::AtomicUsize,
}

impl Office {
    async fn open(limits: HoldLimits, processes: usize) -> Self {
        let engines = Engines::new();
        let store: Arc<dyn OrderStore> = Arc::new(Slow(Arc::new(engines.orders.clone())));
        let config = BatcherConfig { hold_for: HOLD, limits, ..BatcherConfig::default() };
        let open = |_| {
            let (batchers, loops) = OrderBatchers::open(&store, &engines.env, config);
            loops.into_iter().for_each(|batcher| drop(tokio::spawn(batcher.run())));
            batchers
        };
        let processes = (0..processes).map(open).collect();
        Self { engines, processes, next: Default::default() }
    }

    fn ticket(&self, n: u128) -> Ticket {
        let id = TicketId::new(Uuid::from_u128(n));
        Ticket::create(id, account(1), offer(50, 1200), Timestamp::EPOCH).expect("a good offer").0
    }

    async fn take_over(&self, ticket: &Ticket) {
        self.decide(ticket, OrderAction::Follow(ticket.clone())).await.expect("a stock follows its ticket");
    }

    async fn order(&self, ticket: &Ticket, places: u32) -> Result<Order, Error> {
        let id = OrderId::new(self.engines.env.uuid(self.engines.env.now()));
        let quantity = Quantity::new(places).expect("a good quantity");
        let request = OrderRequest { id, buyer: account(BEN), quantity, price_seen: None, facts_seen: None, key: None };
        match self.decide(ticket, OrderAction::Place(request)).await? {
            Decision::Order(order) => Ok(order),
            Decision::Followed => panic!("an order was asked for"),
        }
    }

    /// At each process in turn.
    async fn decide(&self, ticket: &Ticket, action: OrderAction) -> Result<Decision, Error> {
        let next = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let batchers = self.processes.iter().cycle().nth(next % self.processes.len()).expect("there is a process");
        batchers.decide(OrderCommand { ticket: ticket.id, action, origin: Origin::new(Uuid::nil()) }).await
    }
}

/// Lets others go on between what it read and its answer.
#[derive(Debug)]
struct Slow(Arc<dyn OrderStore>);

#[async_trait]
impl OrderStore for Slow {
    async fn load(&self, needs: &OrderNeeds) -> Result<OrderRecords, StoreError> {
        let found = self.0.load(needs).await;
        for _ in 0..16 {
            tokio::task::yield_now().await;
        }
        found
    }

    async fn orders_of(&self, buyer: AccountId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        self.0.orders_of(buyer, page).await
    }

    async fn orders_for(&self, ticket: TicketId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        self.0.orders_for(ticket, page).await
    }

    async fn sales_totals(&self, ticket: TicketId) -> Result<Vec<SalesTotal>, StoreError> {
        self.0.sales_totals(ticket).await
    }

    async fn overdue(&self, deadline: Timestamp, page: Page<OverdueCursor>) -> Result<Vec<Order>, StoreError> {
        self.0.overdue(deadline, page).await
    }

    async fn called_off(&self, page: Page<TicketId>) -> Result<Vec<Stock>, StoreError> {
        self.0.called_off(page).await
    }

    async fn commit(&self, work: UnitOfWork<OrderRecord>) -> Result<CommitToken, StoreError> {
        self.0.commit(work).await
    }
}
