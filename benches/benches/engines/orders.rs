//! Orders through the batchers over MongoDB, beside one bare transaction an order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bson::{Document, Uuid as BsonUuid, doc};
use futures::future::join_all;
use mongodb::{Collection, Database};
use ticketing_core::usecase::orders::batcher::BatcherConfig;
use ticketing_mongodb::MongoOrderStore;

use crate::batchers::{self, Buying};
use crate::connected;
use crate::table::{Table, rate};

const BARE: usize = 6_000;
const OURS: usize = 40_000;
const BUYERS: usize = 256;
const TICKETS: usize = 1_000;

pub(crate) async fn bench(table: &mut Table) {
    let bare = rate(bare_transactions(32)).await;
    table.add("orders of different tickets, 256 buyers", [through_batchers(TICKETS).await, bare], Some(2.0));
    let bare = rate(bare_transactions(32)).await;
    table.add("places of one ticket, held and given back, 256 buyers", [through_batchers(1).await, bare], Some(2.0));
}

/// One transaction an order: the stock by its revision, the order, and a row of the outbox.
async fn bare_transactions(at_once: usize) -> usize {
    let database = connected().await.database("bare");
    let stocks: Vec<BsonUuid> = (0..TICKETS).map(|_| BsonUuid::new()).collect();
    let documents = stocks.iter().map(|id| doc! { "_id": *id, "rev": 0_i64, "held": 0_i64, "title": "Opera" });
    database.collection::<Document>("stocks").insert_many(documents).await.expect("the stocks are new");
    for collection in ["orders", "outbox"] {
        database.create_collection(collection).await.expect("the collection is new");
    }
    let (next, stocks) = (Arc::new(AtomicUsize::new(0)), Arc::new(stocks));
    let workers = (0..at_once).map(|_| {
        let (database, next, stocks) = (database.clone(), Arc::clone(&next), Arc::clone(&stocks));
        tokio::spawn(async move {
            loop {
                let nth = next.fetch_add(1, Ordering::Relaxed);
                if nth >= BARE {
                    return;
                }
                one_order(&database, *stocks.get(nth % TICKETS).expect("a remainder")).await;
            }
        })
    });
    join_all(workers).await;
    BARE
}

async fn one_order(database: &Database, stock: BsonUuid) {
    let collection = |name| -> Collection<Document> { database.collection(name) };
    loop {
        let mut session = database.client().start_session().await.expect("a session");
        session.start_transaction().await.expect("a transaction");
        let (by_id, held) = (doc! { "_id": stock }, doc! { "$inc": { "rev": 1, "held": 1 } });
        let order = doc! { "_id": BsonUuid::new(), "ticket": stock, "status": "awaiting_payment", "quantity": 1 };
        let row = doc! { "_id": BsonUuid::new(), "kind": "order.created", "data": "x".repeat(400) };
        let written = async {
            collection("stocks").update_one(by_id, held).session(&mut session).await?;
            collection("orders").insert_one(order).session(&mut session).await?;
            collection("outbox").insert_one(row).session(&mut session).await?;
            session.commit_transaction().await
        };
        match written.await {
            Ok(()) => return,
            Err(error) if error.contains_label("TransientTransactionError") => {
                session.abort_transaction().await.expect("it is aborted");
            }
            Err(error) => unreachable!("an order is written: {error}"),
        }
    }
}

async fn through_batchers(tickets: usize) -> f64 {
    let client = connected().await;
    let store = Arc::new(MongoOrderStore::open(&client).await.expect("the store opens"));
    let batchers = BatcherConfig::default().batchers;
    batchers::rate_of(store, Buying { batchers, buyers: BUYERS, tickets, orders: OURS }).await
}
