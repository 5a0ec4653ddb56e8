//! Orders through the desks over a store that takes two milliseconds a commit, so that batching shows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::future::join_all;
use ticketing_core::domain::hold_limits::HoldLimits;
use ticketing_core::domain::ids::{AccountId, OrderId, TicketId};
use ticketing_core::domain::order::Order;
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::flow::desk::{DeskConfig, Desks, Matter, Wish};
use ticketing_core::ports::order_store::{OrderNeeds, OrderRecord, OrderRecords, OrderStore, OverdueCursor};
use ticketing_core::ports::store::{CommitToken, Page, StoreError, UnitOfWork, Write};
use ticketing_core::usecase::World;
use ticketing_core::wire::Origin;
use ticketing_memory::MemoryOrderStore;
use uuid::Uuid;

use crate::sample::{request, ticket, world};

const MATTERS: usize = 10_000;
const COMMIT: Duration = Duration::from_millis(2);

/// A store whose commits take as long as those of a database on disk.
struct Slow(MemoryOrderStore);

#[async_trait]
impl OrderStore for Slow {
    async fn load(&self, needs: &OrderNeeds) -> Result<OrderRecords, StoreError> {
        self.0.load(needs).await
    }

    async fn orders_of(&self, buyer: AccountId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        self.0.orders_of(buyer, page).await
    }

    async fn overdue(&self, deadline: Timestamp, page: Page<OverdueCursor>) -> Result<Vec<Order>, StoreError> {
        self.0.overdue(deadline, page).await
    }

    async fn commit(&self, work: UnitOfWork<OrderRecord>) -> Result<CommitToken, StoreError> {
        tokio::time::sleep(COMMIT).await;
        self.0.commit(work).await
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its results")]
pub(crate) fn print() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("a runtime starts");
    println!("\n{MATTERS} decisions through the desks, 2 ms a commit (one decision a commit: at most 500/s a desk)");
    println!("{:<10} {:>8} {:>12}", "tickets", "buyers", "decisions/s");
    for (name, tickets) in [("one", 1), ("distinct", 1000)] {
        for buyers in [1, 16, 256] {
            let rate = runtime.block_on(rate(tickets, buyers));
            println!("{name:<10} {buyers:>8} {rate:>12.0}");
        }
    }
}

async fn rate(tickets: usize, buyers: usize) -> f64 {
    let world = world();
    let store: Arc<dyn OrderStore> = Arc::new(Slow(MemoryOrderStore::new(world.clock.clone())));
    let tickets = Arc::new(on_sale(&store, &world, tickets).await);
    let (desks, run) = Desks::open(&store, &world, DeskConfig { limits: HoldLimits::OFF, ..DeskConfig::default() });
    for desk in run {
        tokio::spawn(desk.run());
    }
    let started = Instant::now();
    let each = MATTERS / buyers;
    let crowd =
        (0..buyers).map(|buyer| tokio::spawn(buy(desks.clone(), world.clone(), Arc::clone(&tickets), (buyer, each))));
    join_all(crowd).await;
    (each * buyers) as f64 / started.elapsed().as_secs_f64()
}

/// Decides `matters` matters: each order is placed and given back, so that a thousand places suffice for ever.
async fn buy(desks: Desks, world: World, tickets: Arc<Vec<TicketId>>, (buyer, matters): (usize, usize)) {
    for n in 0..matters / 2 {
        let ticket = *tickets.get((buyer * matters + n) % tickets.len()).expect("a remainder is less than its divisor");
        let request = request(&world, world.now(), 2 + buyer as u128);
        let order = request.id;
        for wish in [Wish::Place(request), Wish::Cancel(order)] {
            let matter = Matter { ticket, wish, origin: Origin::new(Uuid::nil()) };
            desks.decide(matter).await.expect("there are places for all");
        }
    }
}

async fn on_sale(store: &Arc<dyn OrderStore>, world: &World, tickets: usize) -> Vec<TicketId> {
    let mut ids = Vec::new();
    let mut work = UnitOfWork::default();
    for _ in 0..tickets {
        let stock = Stock::of(&ticket(world, 1000, 1200));
        ids.push(stock.ticket);
        work = work.with(Write::insert(stock));
    }
    store.commit(work).await.expect("the stocks are new");
    ids
}
