//! A page of a list must cost the same however long the list is.

use std::sync::Arc;

use criterion::Criterion;
use ticketing_core::domain::event_facts::EventFacts;
use ticketing_core::domain::search::event_to_find;
use ticketing_core::domain::ticket::Listing;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::store::{Page, StoreError, UnitOfWork, Write};
use ticketing_core::ports::ticket_store::{EventOffers, TicketStore};
use ticketing_memory::MemoryTicketStore;

use crate::ratios::{Goal, Ratios};
use crate::sample::{account, env, ticket};

pub(crate) fn bench(criterion: &mut Criterion, ratios: &mut Ratios) {
    let env = env();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    let mut group = criterion.benchmark_group("list");
    for (name, tickets) in [("of-a-thousand", 1_000), ("of-a-million", 1_000_000)] {
        let store = runtime.block_on(filled(&env, tickets));
        group.bench_function(format!("newest-{name}"), |bencher| {
            bencher.iter(|| full(runtime.block_on(store.listings_of(account(1), Page::first(50)))))
        });
        group.bench_function(format!("cheapest-{name}"), |bencher| {
            bencher.iter(|| full(runtime.block_on(store.offers_of_event(&cheapest(&env)))))
        });
    }
    group.finish();
    let most = Goal::TimeAtMost(1.5);
    ratios.compare(
        "list: newest 50 of a seller of a million / a thousand",
        ["list/newest-of-a-million", "list/newest-of-a-thousand"],
        most,
    );
    ratios.compare(
        "list: cheapest 50 of an event of a million / a thousand",
        ["list/cheapest-of-a-million", "list/cheapest-of-a-thousand"],
        most,
    );
}

/// All of one seller and one event.
async fn filled(env: &ClockAndIds, tickets: u64) -> MemoryTicketStore {
    let (store, event) = (MemoryTicketStore::new(env.clock.clone()), Arc::new(opera()));
    let listing = |n| {
        let mut ticket = ticket(env, 10, 100 + n * 7919 % 100_000);
        ticket.offer.details.event = Arc::clone(&event);
        Write::insert(Listing::new(ticket))
    };
    for start in (0..tickets).step_by(1000) {
        let work = UnitOfWork { writes: (start..start + 1000).map(listing).collect(), events: Vec::new() };
        store.commit(work).await.expect("the listings are new");
    }
    store
}

fn opera() -> EventFacts {
    EventFacts { title: "Opera".into(), starts_at: Some(Timestamp::from_millis(i64::MAX)), ..EventFacts::default() }
}

fn cheapest(env: &ClockAndIds) -> EventOffers {
    let event = event_to_find(&opera()).expect("it has a start");
    EventOffers { event, currency: "EUR".parse().expect("a currency"), now: env.now(), limit: 50 }
}

fn full(page: Result<Vec<Listing>, StoreError>) -> usize {
    let found = page.expect("the store is up");
    assert_eq!(found.len(), 50, "the page is full");
    found.len()
}
