//! Rows that are gone before a group came to them, and places that are of no use.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bson::{Document, RawDocumentBuf};
use futures::TryStreamExt;
use mongodb::ClientSession;
use mongodb::error::Result as MongoResult;
use mongodb::options::{ReadConcern, SessionOptions};
use ticketing_core::ports::store::StoreError;

use crate::client::detached;
use crate::error::store_error;

use super::Bus;
use super::ends::{self, Ends};
use super::partition::Partition;
use super::places::Place;
use super::reader::Asked;

impl Bus {
    /// Where a group goes on in partitions that a member took: where it was, unless the log ends before.
    pub(super) async fn starts(&self, group: &str, places: &[Place]) -> Result<Vec<u64>, StoreError> {
        let ends = self.look().await.map_err(store_error)?;
        let start = |place: &Place| {
            let end = ends.get(&place.partition).copied().unwrap_or_default();
            if place.next <= end + 1 {
                return place.next;
            }
            let (topic, partition, next) = (place.partition.topic, place.partition.number, place.next);
            tracing::error!(
                group,
                topic,
                partition,
                next,
                end,
                "the log of {topic} ends before the place of {group}: it goes on with the oldest event that is kept"
            );
            1
        };
        Ok(places.iter().map(start).collect())
    }

    /// Where to go on in partitions that had rows to read and gave none: behind what is gone, all at one moment.
    pub(super) async fn skips(self: &Arc<Self>, asked: &[Asked]) -> Result<BTreeMap<Partition, u64>, StoreError> {
        let (bus, asked) = (Arc::clone(self), asked.to_vec());
        detached(async move {
            let mut options = SessionOptions::default();
            options.snapshot = Some(true);
            let mut session = bus.database.client().start_session().with_options(options).await?;
            let ends = snapshot_of_ends(&bus, &mut session).await?;
            let mut skips = BTreeMap::new();
            for Asked { partition, from, .. } in asked {
                let end = ends.get(&partition).copied().unwrap_or_default();
                let none = first(&bus, partition.rows(from, u64::MAX >> 1), &mut session).await?.is_none();
                if none && from <= end {
                    skips.insert(partition, end + 1);
                }
            }
            Ok(skips)
        })
        .await
    }

    /// Counts and reports what a group did not get.
    pub(super) fn tell_missed(&self, group: &str, partition: Partition, missed: u64) {
        if missed == 0 {
            return;
        }
        self.missed.fetch_add(missed, Ordering::Relaxed);
        let Partition { topic, number: partition } = partition;
        tracing::error!(
            group,
            topic,
            partition,
            missed,
            "{missed} events of {topic} are gone that {group} had not settled, since they were older than what is kept: it goes on with the oldest that is kept"
        );
    }
}

async fn snapshot_of_ends(bus: &Bus, session: &mut ClientSession) -> MongoResult<Ends> {
    let heads = ends::collection(&bus.database);
    // The session asks for the moment alone; the level would be the collection's.
    let find = heads.find(ends::every_head()).read_concern(ReadConcern::snapshot());
    let mut cursor = find.session(&mut *session).await?;
    let heads: Vec<Document> = cursor.stream(session).try_collect().await?;
    Ok(heads.iter().flat_map(ends::read).collect())
}

async fn first(bus: &Bus, rows: Document, session: &mut ClientSession) -> MongoResult<Option<RawDocumentBuf>> {
    bus.log.find_one(rows).read_concern(ReadConcern::snapshot()).session(session).await
}
