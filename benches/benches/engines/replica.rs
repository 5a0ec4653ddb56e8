//! A replica that follows orders over MongoDB, beside a bare batched upsert of what is newer.

use bson::{Binary, Document, RawArrayBuf, Uuid as BsonUuid, doc, rawdoc};
use mongodb::Database;
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
use ticketing_mongodb::MongoTicketStore;
use uuid::Uuid;

use crate::connected;
use crate::sample::{env, request, ticket};
use crate::table::{Table, rate};

const ROUNDS: usize = 150;

pub(crate) async fn bench(table: &mut Table) {
    for batch in [64, 256] {
        let bare = bare_upserts(batch).await;
        let ours = following(batch).await;
        table.add(&format!("replica, {batch} events a batch / bare upserts"), [ours, bare], Some(0.6));
    }
}

/// One transaction a batch: an `update` command whose statements upsert what is newer.
async fn bare_upserts(batch: usize) -> f64 {
    let database = connected().await.database("bare");
    let ids: Vec<BsonUuid> = (0..batch).map(|_| BsonUuid::new()).collect();
    let documents = ids.iter().map(|id| doc! { "_id": *id, "version": 0_i64, "title": "An evening at the opera" });
    database.collection::<Document>("replicas").insert_many(documents).await.expect("the replicas are new");
    rate(async {
        for version in 1..=ROUNDS {
            upsert(&database, &ids, i64::try_from(version).expect("few rounds")).await;
        }
        batch * ROUNDS
    })
    .await
}

async fn upsert(database: &Database, ids: &[BsonUuid], version: i64) {
    let mut updates = RawArrayBuf::new();
    for id in ids {
        updates.push(rawdoc! {
            "q": { "_id": Binary::from(*id), "version": { "$lt": version } },
            "u": { "$set": { "version": version, "held": 1, "sold": 2 } },
            "upsert": true,
        });
    }
    let mut session = database.client().start_session().await.expect("a session");
    session.start_transaction().await.expect("a transaction");
    let command = rawdoc! { "update": "replicas", "updates": updates };
    database.run_raw_command(command).session(&mut session).await.expect("the replicas are updated");
    session.commit_transaction().await.expect("a commit");
}

async fn following(batch: usize) -> f64 {
    let (client, env) = (connected().await, env());
    let store: Arc<dyn TicketStore> = Arc::new(MongoTicketStore::open(&client).await.expect("the store opens"));
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
        (0..ROUNDS).map(|_| stocks.iter_mut().map(|s| ordered(&env, s)).collect()).collect();
    rate(async {
        for events in &rounds {
            handler.handle(events).await.expect("the replicas follow");
        }
        batch * ROUNDS
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
