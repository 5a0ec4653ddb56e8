//! What most members of MongoDB agree on.

use bson::{Document, doc};
use futures::TryStreamExt;
use mongodb::options::ReadConcern;
use mongodb::{Client, Database};
use serde::de::DeserializeOwned;

use crate::Error;
use crate::services::PREFIX;

use super::{Books, Waiting};

const SERVICES: [&str; 7] = ["accounts", "tickets", "orders", "payments", "admissions", "notifications", "expiration"];

pub(super) async fn read(client: &Client) -> Result<Books, Error> {
    let database = |service: &str| client.database(&format!("{PREFIX}_{service}"));
    let (orders, payments) = (database("orders"), database("payments"));
    let mut waiting = Vec::new();
    for service in SERVICES {
        waiting.push(waiting_in(service, &database(service)).await?);
    }
    Ok(Books {
        stocks: all(&orders, "stocks").await?,
        orders: all(&orders, "orders").await?,
        listings: all(&database("tickets"), "listings").await?,
        payables: all(&payments, "payables").await?,
        payments: all(&payments, "payments").await?,
        attempts: all(&database("gateway"), "attempts").await?,
        letters: all(&database("notifications"), "letters").await?,
        waiting,
        ..Books::default()
    })
}

async fn all<D: DeserializeOwned + Send + Sync + Unpin>(
    database: &Database,
    collection: &str,
) -> Result<Vec<D>, Error> {
    let documents = database.collection::<D>(collection);
    let found = documents.find(doc! {}).read_concern(ReadConcern::majority()).batch_size(10_000);
    Ok(found.await?.try_collect().await?)
}

async fn waiting_in(service: &'static str, database: &Database) -> Result<Waiting, Error> {
    let rows: Vec<Document> = all(database, "outbox").await?;
    let events = rows.iter().map(|row| row.get_array("events").map_or(1, Vec::len) as u64);
    Ok(Waiting { service, unpublished: events.sum(), parked: all(database, "parked").await? })
}
