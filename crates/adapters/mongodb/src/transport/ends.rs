//! Where the log ends: how many rows each partition ever had.

use std::collections::BTreeMap;

use bson::{Document, doc};
use futures::TryStreamExt;
use mongodb::error::Result as MongoResult;
use mongodb::{Collection, Database};
use ticketing_core::domain::event::Topic;

use super::Bus;
use super::partition::{PARTITIONS, Partition};
use super::schema::HEADS;

/// The last position of each partition; one that has nothing is absent.
pub(super) type Ends = BTreeMap<Partition, u64>;

/// Reads the head of a topic.
pub(super) fn read(head: &Document) -> Ends {
    let topic = head.get_str("_id").unwrap_or_default();
    let Ok(ends) = head.get_document("ends") else { return Ends::new() };
    let end = |number: i32| {
        let end = ends.get_i64(number.to_string()).ok()?;
        Some((Partition::named(topic, number)?, u64::try_from(end).ok()?))
    };
    (0..PARTITIONS).filter_map(end).collect()
}

/// Where the log ends now.
pub(super) async fn find(database: &Database) -> MongoResult<Ends> {
    let heads: Vec<Document> = collection(database).find(every_head()).await?.try_collect().await?;
    Ok(heads.iter().flat_map(read).collect())
}

pub(super) fn every_head() -> Document {
    doc! { "_id": { "$in": Topic::ALL.map(Topic::name).to_vec() } }
}

pub(super) fn collection(database: &Database) -> Collection<Document> {
    database.collection(HEADS)
}

impl Bus {
    /// Where the log ends, with all that was acknowledged; members hear of what is new.
    pub(super) async fn look(&self) -> MongoResult<Ends> {
        let found = self.elections.read(&self.database, || find(&self.database)).await?;
        self.note_ends(&found);
        Ok(found)
    }

    /// Notes how far the log goes at least.
    pub(super) fn note_ends(&self, found: &Ends) {
        self.ends.send_if_modified(|known| {
            let mut is_new = false;
            for (partition, end) in found {
                let known = known.entry(*partition).or_default();
                is_new |= *known < *end;
                *known = (*known).max(*end);
            }
            is_new
        });
    }
}
