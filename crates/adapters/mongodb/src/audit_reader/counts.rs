//! What waits in a database, counted by the server.

use bson::{Bson, Document, doc};
use futures::TryStreamExt;
use mongodb::Database;
use serde::Deserialize;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::store::StoreError;
use ticketing_core::ports::unreadable::Unreadable;

use crate::client::detached;
use crate::document::{Wrong, unsigned};
use crate::outbox::row;
use crate::parking;

/// How many, and since when.
#[derive(Debug, Default)]
pub(super) struct Count {
    pub(super) records: u64,
    pub(super) oldest: Option<Timestamp>,
}

/// As the server counts; `oldest` is in milliseconds since 1970.
#[derive(Debug, Deserialize)]
struct CountDocument {
    records: i64,
    oldest: Option<i64>,
}

/// Events in the outbox of a service. All of its rows are read, and there are few unless a relay is down.
pub(super) async fn unpublished(database: &Database) -> Result<Count, StoreError> {
    let group = doc! {
        "_id": null,
        // A row whose events cannot be counted is something that waits.
        "records": { "$sum": { "$toLong": { "$cond": [{ "$isArray": "$events" }, { "$size": "$events" }, 1] } } },
        "oldest": { "$min": millis(doc! { "$min": "$events.time" }) },
    };
    count(database, row::COLLECTION, group).await
}

/// Deliveries that a service set aside.
pub(super) async fn parked(database: &Database) -> Result<Count, StoreError> {
    let group = doc! {
        "_id": null,
        "records": { "$sum": { "$toLong": 1 } },
        "oldest": { "$min": millis("$parked_at") },
    };
    count(database, parking::COLLECTION, group).await
}

/// Milliseconds since 1970, or nothing where there is no time.
fn millis(time: impl Into<Bson>) -> Document {
    doc! { "$convert": { "input": time.into(), "to": "long", "onError": null, "onNull": null } }
}

async fn count(database: &Database, collection: &'static str, group: Document) -> Result<Count, StoreError> {
    let rows = database.collection::<Document>(collection);
    let counting = async move {
        let counted = rows.aggregate([doc! { "$group": group }]).with_type::<CountDocument>().await?;
        counted.try_collect::<Vec<_>>().await
    };
    // Where there is nothing, there is no group either.
    let Some(counted) = detached(counting).await?.pop() else { return Ok(Count::default()) };
    let wrong = |what: Wrong| Unreadable { collection, id: "in a count".to_owned(), what: what.to_owned() };
    let records = unsigned(counted.records).map_err(wrong)?;
    Ok(Count { records, oldest: counted.oldest.map(Timestamp::from_millis) })
}
