//! Deciding and committing one order, beside writing the same bytes into a map.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use criterion::{BatchSize, Criterion};
use serde::Serialize;
use ticketing_core::domain::event::Event;
use ticketing_core::domain::ids::EventId;
use ticketing_core::domain::order::Order;
use ticketing_core::domain::stock::Stock;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::order_store::{OrderRecord, OrderStore};
use ticketing_core::ports::store::{CommitToken, Revision, Stored, UnitOfWork, Write};
use ticketing_core::wire::{Origin, seal};
use ticketing_memory::MemoryOrderStore;
use uuid::Uuid;

use crate::ratios::{Goal, Ratios};
use crate::sample::{env, request, ticket};

const HOLD: Duration = Duration::from_secs(900);

pub(crate) fn bench(criterion: &mut Criterion, ratios: &mut Ratios) {
    let env = env();
    let mut group = criterion.benchmark_group("order");
    group.bench_function("decide-and-commit", |bencher| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
        let store = MemoryOrderStore::new(env.clock.clone());
        let stocks = || runtime.block_on(insert_stock(&store, &env));
        bencher.iter_batched(stocks, |stock| runtime.block_on(place(&store, &env, stock)), BatchSize::SmallInput);
    });
    group.bench_function("same-bytes-into-a-map", |bencher| {
        let map = Mutex::new(HashMap::new());
        let stocks = || Stored {
            record: Stock::of(&ticket(&env, 10, 1200)),
            revision: Revision::after(None, CommitToken::NONE),
        };
        bencher.iter_batched(stocks, |stock| encode_into(&map, &env, &stock), BatchSize::SmallInput);
    });
    group.finish();
    let names = ["order/decide-and-commit", "order/same-bytes-into-a-map"];
    ratios.compare("order: decide and commit, one by one", names, Goal::RateAtLeast(0.3));
}

async fn insert_stock(store: &MemoryOrderStore, env: &ClockAndIds) -> Stored<Stock> {
    let stock = Stock::of(&ticket(env, 10, 1200));
    let work = UnitOfWork::default().with(Write::insert(stock.clone()));
    let token = store.commit(work).await.expect("the stock is new");
    Stored { record: stock, revision: Revision::after(None, token) }
}

/// One order as a batcher commits it: a decision, two records and an event.
async fn place(store: &MemoryOrderStore, env: &ClockAndIds, stock: Stored<Stock>) {
    let now = env.now();
    let (next, order, event) = hold(env, stock.record.clone());
    let envelope = seal(&event, EventId::new(env.uuid(now)), now, &Origin::new(Uuid::nil()));
    let work: UnitOfWork<OrderRecord> =
        UnitOfWork::default().with(stock.replace(next)).with(Write::insert(order)).telling(envelope);
    store.commit(work).await.expect("nobody else writes");
}

fn hold(env: &ClockAndIds, stock: Stock) -> (Stock, Order, Event) {
    let now = env.now();
    stock.hold(request(env, now, 2), now, now.after(HOLD)).expect("there are places")
}

/// What the three documents hold, as plainly as they can be written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Plain<'a> {
    id: Uuid,
    buyer_id: Uuid,
    ticket_id: Uuid,
    title: &'a str,
    amount: u64,
    currency: &'a str,
    quantity: u32,
    status: &'a str,
    pay_by: &'a str,
    placed_at: &'a str,
    held: u32,
    sold: u32,
    version: u64,
}

/// The same three documents as JSON, into a map under their names; no rule, no revision, no event order.
fn encode_into(map: &Mutex<HashMap<(Uuid, u8), Vec<u8>>>, env: &ClockAndIds, stock: &Stored<Stock>) {
    let now = env.now().to_string();
    let plain = Plain {
        id: env.uuid(env.now()),
        buyer_id: Uuid::from_u128(2),
        ticket_id: stock.record.ticket.uuid(),
        title: &stock.record.event.title,
        amount: 1200,
        currency: "EUR",
        quantity: 1,
        status: "awaitingPayment",
        pay_by: &now,
        placed_at: &now,
        held: 1,
        sold: 0,
        version: 1,
    };
    let mut map = map.lock().expect("nobody panicked");
    for document in 0..3 {
        let bytes = serde_json::to_vec(&plain).expect("a struct is always JSON");
        map.insert((plain.id, document), bytes);
    }
}
