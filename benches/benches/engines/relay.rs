//! The relay out of MongoDB, beside reading and deleting the same rows.

use std::sync::Arc;

use async_trait::async_trait;
use bson::oid::ObjectId;
use bson::{RawDocumentBuf, doc};
use futures::TryStreamExt;
use ticketing_core::messaging::driver::Step;
use ticketing_core::messaging::relay::{Relay, RelayConfig, RelayPorts};
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::store::UnitOfWork;
use ticketing_core::ports::transport::{EventPublisher, PublishError};
use ticketing_core::wire::EventEnvelope;
use ticketing_mongodb::{MongoClient, MongoOrderStore};
use uuid::Uuid;

use crate::connected;
use crate::publish::event;
use crate::sample::env;
use crate::table::{Table, rate};

const EVENTS: usize = 51_200;

/// A transport that has everything at once.
#[derive(Debug)]
struct Nowhere;

#[async_trait]
impl EventPublisher for Nowhere {
    async fn publish(&self, _: &[EventEnvelope]) -> Result<(), PublishError> {
        Ok(())
    }
}

pub(crate) async fn bench(table: &mut Table) {
    for (name, of_one_commit) in [("64 events a commit", 64), ("4 events a commit", 4)] {
        let events = EVENTS.min(of_one_commit * 3_200);
        let (bare, _) = full(events, of_one_commit).await;
        let bare = rate(read_and_delete(&bare, events)).await;
        let (_client, store) = full(events, of_one_commit).await;
        let ours = rate(relayed(&store, events)).await;
        table.add(&format!("relay to nowhere, {name} / read and delete"), [ours, bare], Some(0.7));
    }
}

async fn full(events: usize, of_one_commit: usize) -> (MongoClient, MongoOrderStore) {
    let (client, env) = (connected().await, env());
    let store = MongoOrderStore::open(&client).await.expect("the store opens");
    for _ in 0..events / of_one_commit {
        let told = (0..of_one_commit).map(|_| event(&env)).collect();
        store.commit(UnitOfWork { events: told, ..UnitOfWork::default() }).await.expect("a commit");
    }
    (client, store)
}

/// The least that anybody does who takes the same rows: reads 500 events' worth of them, and deletes them.
async fn read_and_delete(client: &MongoClient, events: usize) -> usize {
    let rows = client.database("orders").collection::<RawDocumentBuf>("outbox");
    loop {
        let some = rows.find(doc! {}).sort(doc! { "at": 1 }).limit(500).batch_size(500);
        let read: Vec<RawDocumentBuf> = some.await.expect("rows").try_collect().await.expect("rows");
        if read.is_empty() {
            return events;
        }
        let ids: Vec<ObjectId> = read.iter().filter_map(|row| row.get_object_id("_id").ok()).collect();
        rows.delete_many(doc! { "_id": { "$in": ids } }).await.expect("rows are deleted");
    }
}

async fn relayed(store: &MongoOrderStore, events: usize) -> usize {
    let ports = RelayPorts { outbox: Arc::new(store.outbox()), publisher: Arc::new(Nowhere) };
    let mut relay = Relay::new("orders", ports, Uuid::from_u128(7), RelayConfig::default());
    let mut moved = 0;
    while moved < events {
        moved += relay.step().await.expect("a step");
    }
    moved
}
