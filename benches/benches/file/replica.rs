//! A replica that follows orders in a file, beside bare transactions that update the same rows.

use std::sync::Arc;

use rusqlite::{Connection, params};
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
use crate::table::{Table, rate};
use crate::{Scratch, bare};

const ROUNDS: u32 = 200;

pub(crate) async fn bench(table: &mut Table) {
    for batch in [64, 256] {
        let bare = bare_updates(batch).await;
        let ours = following(batch).await;
        table.add(&format!("replica, {batch} events a batch / bare updates"), [ours, bare], Some(0.6));
    }
}

/// One transaction a batch, which replaces what is older.
async fn bare_updates(batch: usize) -> f64 {
    let scratch = Scratch::new();
    let mut connection = scratch.bare().await;
    let ids: Vec<Uuid> = (0..batch).map(|_| Uuid::new_v4()).collect();
    insert_all(&mut connection, &ids);
    rate(async { tokio::task::block_in_place(|| update_all(&mut connection, &ids)) }).await
}

fn insert_all(connection: &mut Connection, ids: &[Uuid]) {
    let transaction = connection.transaction().expect("a transaction");
    for id in ids {
        let sql = "INSERT INTO listings (id, rev, token, record, seller, on_sale, soonest, closes, amount, tokens)
             VALUES (?1, 1, 7, ?2, ?1, 1, 0, 0, 1200, 'wopera')";
        bare::run(&transaction, sql, params![id.as_bytes(), bare::text(bare::LISTING)]);
    }
    transaction.commit().expect("a commit");
}

fn update_all(connection: &mut Connection, ids: &[Uuid]) -> usize {
    for version in 2..2 + i64::from(ROUNDS) {
        let transaction = connection.transaction().expect("a transaction");
        for id in ids {
            let sql = "UPDATE listings SET rev = ?2, record = ?3 WHERE id = ?1 AND rev < ?2";
            bare::run(&transaction, sql, params![id.as_bytes(), version, bare::text(bare::LISTING)]);
        }
        transaction.commit().expect("a commit");
    }
    ids.len() * ROUNDS as usize
}

async fn following(batch: usize) -> f64 {
    let (scratch, env) = (Scratch::new(), env());
    let engines = scratch.open().await;
    let store: Arc<dyn TicketStore> = Arc::new(engines.tickets.clone());
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
        (0..ROUNDS).map(|_| stocks.iter_mut().map(|stock| ordered(&env, stock)).collect()).collect();
    let followed = rate(async {
        for events in &rounds {
            handler.handle(events).await.expect("the replicas follow");
        }
        batch * ROUNDS as usize
    })
    .await;
    engines.file.close().await;
    followed
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
