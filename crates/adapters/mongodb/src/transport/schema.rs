//! The collections of the database.

use std::time::Duration;

use bson::{Document, doc};
use mongodb::Database;
use mongodb::error::{Error, ErrorKind};
use ticketing_core::domain::event::Topic;

use crate::client::{Indexes, MongoClient};
use crate::document::{expiring, index};
use crate::error::{MongoError, is_duplicate};

use super::partition::PARTITIONS;

/// Names the database.
pub(super) const SERVICE: &str = "events";
/// Rows, named by topic, partition and position.
pub(super) const LOG: &str = "log";
/// One document for each topic, which orders those who publish.
pub(super) const HEADS: &str = "heads";
/// How far each group came in each partition, and who holds it.
pub(super) const PLACES: &str = "places";
/// Who is a member of a group, and until when without another sign of life.
pub(super) const MEMBERS: &str = "members";
const SETTINGS: &str = "settings";

/// The index by which old rows are removed.
const RETAINED: &str = "retained";

/// A group that nobody joined for so long is forgotten.
const ABANDONED_AFTER: Duration = Duration::from_hours(30 * 24);

/// Opens the database, and makes what is missing.
pub(super) async fn open(client: &MongoClient) -> Result<Database, MongoError> {
    let of_members = vec![
        index("of_a_group", doc! { "group": 1, "until": 1 }),
        expiring("lapsed", doc! { "until": 1 }, Duration::from_mins(1)),
    ];
    let of_places = vec![expiring("abandoned", doc! { "alive": 1 }, ABANDONED_AFTER)];
    let collections = [(LOG, vec![]), (HEADS, vec![]), (PLACES, of_places), (SETTINGS, vec![]), (MEMBERS, of_members)];
    let collections = collections.map(|(collection, indexes)| Indexes { collection, indexes });
    let database = client.prepared(SERVICE, collections.into()).await?;
    check_partitions(&database).await?;
    for topic in Topic::ALL {
        let none: Document = (0..PARTITIONS).map(|number| (number.to_string(), 0_i64.into())).collect();
        insert(&database, HEADS, doc! { "_id": topic.name(), "ends": none }).await?;
    }
    retain(&database, client.config.retention).await?;
    Ok(database)
}

async fn check_partitions(database: &Database) -> Result<(), MongoError> {
    insert(database, SETTINGS, doc! { "_id": LOG, "partitions": PARTITIONS }).await?;
    let settings = database.collection::<Document>(SETTINGS).find_one(doc! { "_id": LOG }).await?;
    let found = settings.and_then(|settings| settings.get_i32("partitions").ok()).unwrap_or_default();
    if found == PARTITIONS { Ok(()) } else { Err(MongoError::Partitions { found, expected: PARTITIONS }) }
}

/// Inserts a document, unless there is one of this name.
async fn insert(database: &Database, collection: &str, document: Document) -> Result<(), Error> {
    match database.collection::<Document>(collection).insert_one(document).await {
        Err(error) if !is_duplicate(&error) => Err(error),
        _ => Ok(()),
    }
}

/// Has the server remove rows that are older than this.
async fn retain(database: &Database, retention: Option<Duration>) -> Result<(), Error> {
    let log = database.collection::<Document>(LOG);
    let is_there = log.list_index_names().await?.iter().any(|name| name == RETAINED);
    match (retention, is_there) {
        (None, false) => Ok(()),
        (None, true) => match log.drop_index(RETAINED).await {
            Err(error) if !is_missing(&error) => Err(error),
            _ => Ok(()),
        },
        (Some(retention), false) => log.create_index(expiring(RETAINED, doc! { "at": 1 }, retention)).await.map(drop),
        (Some(retention), true) => {
            let seconds = i64::try_from(retention.as_secs()).unwrap_or(i64::from(i32::MAX));
            let index = doc! { "name": RETAINED, "expireAfterSeconds": seconds };
            database.run_command(doc! { "collMod": LOG, "index": index }).await.map(drop)
        }
    }
}

/// Whether another process removed the index a moment ago.
fn is_missing(error: &Error) -> bool {
    const INDEX_NOT_FOUND: i32 = 27;
    matches!(&*error.kind, ErrorKind::Command(command) if command.code == INDEX_NOT_FOUND)
}
