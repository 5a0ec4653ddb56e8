//! Moving events from the outbox to the broker, beside publishing them bare.

use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput};
use ticketing_core::domain::event::Event;
use ticketing_core::domain::ids::EventId;
use ticketing_core::domain::ticket::Listing;
use ticketing_core::messaging::driver::Step;
use ticketing_core::messaging::relay::{Relay, RelayConfig, RelayPorts};
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::store::{UnitOfWork, Write};
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_core::ports::transport::EventPublisher;
use ticketing_core::wire::{EventEnvelope, Origin, seal};
use ticketing_memory::{MemoryBroker, MemoryBrokerConfig, MemoryTicketStore};
use uuid::Uuid;

use crate::ratios::{Goal, Ratios};
use crate::sample::{env, ticket};

const EVENTS: usize = 4096;

pub(crate) fn bench(criterion: &mut Criterion, ratios: &mut Ratios) {
    let env = env();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    let broker = MemoryBroker::new(env.clock.clone(), MemoryBrokerConfig::default());
    let mut group = criterion.benchmark_group("relay");
    group.throughput(Throughput::Elements(EVENTS as u64));
    group.bench_function("outbox-to-broker", |bencher| {
        let full = || runtime.block_on(full_outbox(&env, &broker));
        bencher.iter_batched(full, |mut relay| runtime.block_on(drain(&mut relay)), BatchSize::PerIteration);
    });
    group.bench_function("bare-publish", |bencher| {
        let events = events(&env);
        let publisher = broker.publisher();
        bencher.iter(|| runtime.block_on(publisher.publish(&events)).expect("the broker is up"));
    });
    group.finish();
    ratios.compare("relay: 4,096 events from memory", ["relay/outbox-to-broker", "relay/bare-publish"], Goal::None);
}

fn events(env: &ClockAndIds) -> Vec<EventEnvelope> {
    (0..EVENTS).map(|_| event(env).1).collect()
}

fn event(env: &ClockAndIds) -> (Listing, EventEnvelope) {
    let ticket = ticket(env, 10, 1200);
    let now = env.now();
    let event = Event::TicketCreated(ticket.clone().into());
    (Listing::new(ticket), seal(&event, EventId::new(env.uuid(now)), now, &Origin::new(Uuid::nil())))
}

async fn full_outbox(env: &ClockAndIds, broker: &MemoryBroker) -> Relay {
    let store = MemoryTicketStore::new(env.clock.clone());
    let mut work = UnitOfWork::default();
    for _ in 0..EVENTS {
        let (listing, envelope) = event(env);
        work = work.with(Write::insert(listing)).telling(envelope);
    }
    store.commit(work).await.expect("the listings are new");
    let ports = RelayPorts { outbox: Arc::new(store.outbox()), publisher: Arc::new(broker.publisher()) };
    Relay::new("tickets", ports, env.uuid(env.now()), RelayConfig::default())
}

async fn drain(relay: &mut Relay) {
    let mut moved = 0;
    while moved < EVENTS {
        moved += relay.step().await.expect("nothing fails");
    }
}
