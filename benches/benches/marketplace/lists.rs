//! A page of a list must cost the same however long the list is.

use criterion::Criterion;
use ticketing_core::domain::ticket::Listing;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::store::{UnitOfWork, Write};
use ticketing_core::ports::ticket_store::{TicketQuery, TicketSort, TicketStore};
use ticketing_memory::MemoryTicketStore;
use tokio::runtime::Runtime;

use crate::ratios::{Goal, Ratios};
use crate::sample::{env, ticket};

pub(crate) fn bench(criterion: &mut Criterion, ratios: &mut Ratios) {
    let env = env();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    let mut group = criterion.benchmark_group("list");
    for (name, tickets) in [("of-a-thousand", 1_000), ("of-a-million", 1_000_000)] {
        let store = runtime.block_on(filled(&env, tickets));
        group
            .bench_function(format!("newest-{name}"), |bencher| bencher.iter(|| page(&runtime, &store, &newest(&env))));
        group.bench_function(format!("cheapest-{name}"), |bencher| {
            bencher.iter(|| page(&runtime, &store, &cheapest(&env)))
        });
    }
    group.finish();
    let most = Goal::TimeAtMost(1.5);
    ratios.compare(
        "list: newest 50 of a million / a thousand",
        ["list/newest-of-a-million", "list/newest-of-a-thousand"],
        most,
    );
    ratios.compare(
        "list: cheapest 50 of a million / a thousand",
        ["list/cheapest-of-a-million", "list/cheapest-of-a-thousand"],
        most,
    );
}

async fn filled(env: &ClockAndIds, tickets: u64) -> MemoryTicketStore {
    let store = MemoryTicketStore::new(env.clock.clone());
    for start in (0..tickets).step_by(1000) {
        let writes =
            (start..start + 1000).map(|n| Write::insert(Listing::new(ticket(env, 10, 100 + n * 7919 % 100_000))));
        let work = UnitOfWork { writes: writes.collect(), events: Vec::new() };
        store.commit(work).await.expect("the listings are new");
    }
    store
}

fn newest(env: &ClockAndIds) -> TicketQuery {
    TicketQuery::all(env.now(), 50)
}

fn cheapest(env: &ClockAndIds) -> TicketQuery {
    let currency = Some("EUR".parse().expect("a currency"));
    TicketQuery { sort: TicketSort::Cheapest, currency, ..newest(env) }
}

fn page(runtime: &Runtime, store: &MemoryTicketStore, query: &TicketQuery) -> usize {
    let found = runtime.block_on(store.search(query)).expect("the store is up");
    assert_eq!(found.len(), 50, "the page is full");
    found.len()
}
