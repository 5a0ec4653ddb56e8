//! Orders through the batchers over a store that takes two milliseconds a commit, so that batching shows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::future::join_all;
use ticketing_core::domain::hold_limits::HoldLimits;
use ticketing_core::domain::ids::{AccountId, OrderId, TicketId};
use ticketing_core::domain::order::Order;
use ticketing_core::domain::sales_total::SalesTotal;
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::order_store::{OrderNeeds, OrderRecord, OrderRecords, OrderStore, OverdueCursor};
use ticketing_core::ports::store::{CommitToken, Page, StoreError, UnitOfWork, Write};
use ticketing_core::usecase::orders::batcher::{BatcherConfig, OrderAction, OrderBatchers, OrderCommand};
use ticketing_core::wire::Origin;
use ticketing_memory::MemoryOrderStore;
use uuid::Uuid;

use crate::sample::{env, request, ticket};

const DECISIONS: usize = 10_000;
const COMMIT: Duration = Duration::from_millis(2);

/// A store whose commits take as long as those of a database on disk.
#[derive(Debug)]
struct Slow(MemoryOrderStore);

#[async_trait]
impl OrderStore for Slow {
    async fn load(&self, needs: &OrderNeeds) -> Result<OrderRecords, StoreError> {
        self.0.load(needs).await
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
        tokio::time::sleep(COMMIT).await;
        self.0.commit(work).await
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its results")]
pub(crate) fn print() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("a runtime starts");
    println!(
        "\n{DECISIONS} decisions through the batchers, 2 ms a commit (one decision a commit: at most 500/s a batcher)"
    );
    println!("{:<10} {:>8} {:>12}", "tickets", "buyers", "decisions/s");
    for (name, tickets) in [("one", 1), ("distinct", 1000)] {
        for buyers in [1, 16, 256] {
            let rate = runtime.block_on(rate(tickets, buyers));
            println!("{name:<10} {buyers:>8} {rate:>12.0}");
        }
    }
}

async fn rate(tickets: usize, buyers: usize) -> f64 {
    let env = env();
    let store: Arc<dyn OrderStore> = Arc::new(Slow(MemoryOrderStore::new(env.clock.clone())));
    let tickets = Arc::new(on_sale(&store, &env, tickets).await);
    let (batchers, run) =
        OrderBatchers::open(&store, &env, BatcherConfig { limits: HoldLimits::OFF, ..BatcherConfig::default() });
    for batcher in run {
        tokio::spawn(batcher.run());
    }
    let started = Instant::now();
    let each = DECISIONS / buyers;
    let crowd = (0..buyers).map(|number| {
        let buyer = Buyer { number, commands: each };
        tokio::spawn(buy(batchers.clone(), env.clone(), Arc::clone(&tickets), buyer))
    });
    join_all(crowd).await;
    (each * buyers) as f64 / started.elapsed().as_secs_f64()
}

struct Buyer {
    number: usize,
    commands: usize,
}

/// Decides a buyer's commands: each order is placed and cancelled, so that a thousand places never run out.
async fn buy(batchers: OrderBatchers, env: ClockAndIds, tickets: Arc<Vec<TicketId>>, buyer: Buyer) {
    let Buyer { number, commands } = buyer;
    for n in 0..commands / 2 {
        let ticket =
            *tickets.get((number * commands + n) % tickets.len()).expect("a remainder is less than its divisor");
        let request = request(&env, env.now(), 2 + number as u128);
        let order = request.id;
        for action in [OrderAction::Place(request), OrderAction::Cancel(order)] {
            let command = OrderCommand { ticket, action, origin: Origin::new(Uuid::nil()) };
            batchers.decide(command).await.expect("there are places for all");
        }
    }
}

async fn on_sale(store: &Arc<dyn OrderStore>, env: &ClockAndIds, tickets: usize) -> Vec<TicketId> {
    let mut ids = Vec::new();
    let mut work = UnitOfWork::default();
    for _ in 0..tickets {
        let stock = Stock::of(&ticket(env, 1000, 1200));
        ids.push(stock.ticket);
        work = work.with(Write::insert(stock));
    }
    store.commit(work).await.expect("the stocks are new");
    ids
}
