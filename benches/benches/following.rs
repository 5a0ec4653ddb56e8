//! A replica that follows orders as fast as it can, over some store.

use std::sync::Arc;

use ticketing_core::domain::event::Event;
use ticketing_core::domain::ids::EventId;
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::ticket::Listing;
use ticketing_core::messaging::consumer::{EventHandler, Incoming};
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::store::{UnitOfWork, Write};
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_core::usecase::tickets::{Tickets, TicketsFollowOrders};
use ticketing_core::wire::{Origin, seal};
use uuid::Uuid;

use crate::sample::{env, request, ticket};
use crate::table::rate;

/// How many events a second, in so many rounds of one event for each of a batch of tickets.
pub(crate) async fn rate_of(store: Arc<dyn TicketStore>, batch: usize, rounds: usize) -> f64 {
    let env = env();
    let mut stocks: Vec<Stock> = Vec::new();
    let mut work = UnitOfWork::default();
    for _ in 0..batch {
        let ticket = ticket(&env, 1000, 1200);
        stocks.push(Stock::of(&ticket));
        work = work.with(Write::insert(Listing::new(ticket)));
    }
    store.commit(work).await.expect("the listings are new");
    let handler = TicketsFollowOrders(Tickets { store, env: env.clone() });
    let rounds: Vec<Vec<Incoming>> =
        (0..rounds).map(|_| stocks.iter_mut().map(|stock| ordered(&env, stock)).collect()).collect();
    rate(async {
        for events in &rounds {
            handler.handle(events).await.expect("the replicas follow");
        }
        batch * rounds.len()
    })
    .await
}

/// The next order of a stock, as an event.
fn ordered(env: &ClockAndIds, stock: &mut Stock) -> Incoming {
    let now = env.now();
    let held = stock.clone().hold(request(env, now, 2), now, now);
    let (next, _, event): (Stock, _, Event) = held.expect("there are places");
    *stock = next;
    let envelope = seal(&event, EventId::new(env.uuid(now)), now, &Origin::new(Uuid::nil()));
    Incoming { envelope, event }
}
