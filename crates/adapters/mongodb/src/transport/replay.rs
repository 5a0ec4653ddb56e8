//! Reading the log from its beginning, outside of any group.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bson::{Document, RawDocumentBuf, doc};
use futures::TryStreamExt;
use mongodb::error::Result as MongoResult;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::log::{EventLog, LogProgress};
use ticketing_core::ports::store::StoreError;
use ticketing_core::ports::transport::{Arrival, TransportError};

use crate::client::detached;

use super::ends::Ends;
use super::message::Kept;
use super::partition::Partition;
use super::{Bus, MongoBroker, unavailable};

/// So many messages are handed over at once.
const BATCH: usize = 512;

/// What the log keeps of some topics, up to where it ended when it was opened: one partition after the other.
pub struct MongoLog {
    bus: Arc<Bus>,
    /// What is left to read; the first are the next.
    left: Vec<Left>,
    progress: LogProgress,
}

/// What is left of a partition.
#[derive(Debug, Clone, Copy)]
struct Left {
    partition: Partition,
    from: u64,
    to: u64,
}

impl MongoBroker {
    /// Opens the log of some topics.
    ///
    /// # Errors
    ///
    /// [`TransportError::Unavailable`].
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use ticketing_core::domain::event::Topic;
    /// use ticketing_core::ports::log::EventLog;
    /// use ticketing_mongodb::{MongoBroker, MongoClient, MongoConfig};
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let config = MongoConfig::new("mongodb://localhost:27017/?replicaSet=rs0");
    /// let broker = MongoBroker::open(&MongoClient::connect(&config).await?).await?;
    /// let mut log = broker.log(&[Topic::Tickets, Topic::Orders]).await?;
    /// while let Some(last) = log.next().await?.last() {
    ///     println!("{:?}, up to {}", log.progress(), last.key());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn log(&self, topics: &[Topic]) -> Result<MongoLog, TransportError> {
        let (bus, topics) = (Arc::clone(&self.0), topics.to_vec());
        let measured = detached(async move {
            let left = left(&bus.look().await?, &topics);
            let total = if left.is_empty() { 0 } else { bus.log.count_documents(rows(&left)).await? };
            Ok((left, total))
        });
        let (left, total) = measured.await.map_err(unavailable)?;
        Ok(MongoLog { bus: Arc::clone(&self.0), left, progress: LogProgress { read: 0, total } })
    }
}

/// All of some topics, in the order in which it lies.
fn left(ends: &Ends, topics: &[Topic]) -> Vec<Left> {
    let is_asked_for = |partition: &Partition| topics.iter().any(|topic| topic.name() == partition.topic);
    let all = ends.iter().filter(|(partition, end)| **end > 0 && is_asked_for(partition));
    all.map(|(partition, end)| Left { partition: *partition, from: 1, to: *end }).collect()
}

fn rows(left: &[Left]) -> Document {
    let ranges: Vec<Document> = left.iter().map(|left| left.partition.rows(left.from, left.to)).collect();
    doc! { "$or": ranges }
}

#[async_trait]
impl EventLog for MongoLog {
    async fn next(&mut self) -> Result<Vec<Arrival>, TransportError> {
        if self.left.is_empty() {
            return Ok(Vec::new());
        }
        let kept = read(&self.bus, rows(&self.left)).await.map_err(unavailable)?;
        match kept.last() {
            Some(last) => {
                self.left.retain(|left| left.partition >= last.partition);
                if let Some(first) = self.left.first_mut() {
                    first.from = last.position + 1;
                }
                self.left.retain(|left| left.from <= left.to);
                self.progress.read += kept.len() as u64;
            }
            None => {
                // What is kept no longer was passed over.
                self.left.clear();
                self.progress.read = self.progress.total;
            }
        }
        Ok(kept.into_iter().map(|kept| kept.arrival).collect())
    }

    fn progress(&self) -> LogProgress {
        self.progress
    }
}

async fn read(bus: &Arc<Bus>, filter: Document) -> Result<Vec<Kept>, StoreError> {
    let bus = Arc::clone(bus);
    let rows = detached(async move {
        let read = || find(&bus, filter.clone());
        bus.elections.read(&bus.database, read).await
    });
    Ok(rows.await?.into_iter().filter_map(Kept::read).collect())
}

async fn find(bus: &Bus, filter: Document) -> MongoResult<Vec<RawDocumentBuf>> {
    let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
    bus.log.find(filter).sort(doc! { "_id": 1 }).limit(limit).await?.try_collect().await
}

impl fmt::Debug for MongoLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoLog").field("progress", &self.progress).finish_non_exhaustive()
    }
}
