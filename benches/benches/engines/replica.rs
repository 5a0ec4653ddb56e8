//! A replica that follows orders over MongoDB, beside a bare batched upsert of what is newer.

use std::sync::Arc;

use bson::{Binary, Document, RawArrayBuf, Uuid as BsonUuid, doc, rawdoc};
use mongodb::Database;
use ticketing_mongodb::MongoTicketStore;

use crate::table::{Table, rate};
use crate::{connected, following};

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
    let client = connected().await;
    let store = Arc::new(MongoTicketStore::open(&client).await.expect("the store opens"));
    following::rate_of(store, batch, ROUNDS).await
}
