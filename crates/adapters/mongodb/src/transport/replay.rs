//! Reading the log from its beginning, outside of any group.

use std::fmt;

use async_trait::async_trait;
use bson::{Document, RawDocumentBuf, doc};
use mongodb::{Collection, Database};
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::log::{EventLog, LogProgress};
use ticketing_core::ports::store::StoreError;
use ticketing_core::ports::transport::{Arrival, TransportError};

use crate::client::{MongoClient, detached};
use crate::elections::Elections;

use super::batch;
use super::ends::{self, Ends};
use super::message::Kept;
use super::partition::Partition;
use super::schema::{LOG, SERVICE};
use super::unavailable;

/// What the log keeps of some topics, up to where it ended when it was opened: one partition after the other.
///
/// # Examples
///
/// ```no_run
/// use ticketing_core::domain::event::Topic;
/// use ticketing_core::ports::log::EventLog;
/// use ticketing_mongodb::{MongoClient, MongoConfig, MongoLog};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let config = MongoConfig::new("mongodb://localhost:27017/?replicaSet=rs0");
/// let client = MongoClient::connect(&config).await?;
/// let mut log = MongoLog::open(&client, &[Topic::Tickets, Topic::Orders]).await?;
/// while let Some(last) = log.next().await?.last() {
///     println!("{:?}, up to {}", log.progress(), last.key());
/// }
/// # Ok(())
/// # }
/// ```
pub struct MongoLog {
    rows: Rows,
    /// What is left to read; the first are the next.
    left: Vec<Left>,
    progress: LogProgress,
}

/// Where rows are read.
#[derive(Clone)]
struct Rows {
    database: Database,
    elections: Elections,
}

/// What is left of a partition.
#[derive(Debug, Clone, Copy)]
struct Left {
    partition: Partition,
    from: u64,
    to: u64,
}

impl MongoLog {
    /// Fixes the end of some topics. Nothing is written: a log that nobody made is empty, and what is kept for how long
    /// stays as it is.
    ///
    /// # Errors
    ///
    /// [`TransportError::Unavailable`].
    pub async fn open(client: &MongoClient, topics: &[Topic]) -> Result<Self, TransportError> {
        let rows = Rows { database: client.database(SERVICE), elections: client.elections.clone() };
        let (of, topics) = (rows.clone(), topics.to_vec());
        let measured = detached(async move {
            let ends = of.elections.read(&of.database, || ends::find(&of.database)).await?;
            let left = left(&ends, &topics);
            let total = if left.is_empty() { 0 } else { of.log().count_documents(ranges(&left)).await? };
            Ok((left, total))
        });
        let (left, total) = measured.await.map_err(unavailable)?;
        Ok(Self { rows, left, progress: LogProgress { read: 0, total } })
    }
}

/// All of some topics, in the order in which it lies.
fn left(ends: &Ends, topics: &[Topic]) -> Vec<Left> {
    let is_asked_for = |partition: &Partition| topics.iter().any(|topic| topic.name() == partition.topic);
    let all = ends.iter().filter(|(partition, end)| **end > 0 && is_asked_for(partition));
    all.map(|(partition, end)| Left { partition: *partition, from: 1, to: *end }).collect()
}

fn ranges(left: &[Left]) -> Document {
    let ranges: Vec<Document> = left.iter().map(|left| left.partition.rows(left.from, left.to)).collect();
    doc! { "$or": ranges }
}

#[async_trait]
impl EventLog for MongoLog {
    async fn next(&mut self) -> Result<Vec<Arrival>, TransportError> {
        if self.left.is_empty() {
            return Ok(Vec::new());
        }
        let kept = self.rows.read(ranges(&self.left)).await.map_err(unavailable)?;
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

impl Rows {
    fn log(&self) -> Collection<RawDocumentBuf> {
        self.database.collection(LOG)
    }

    async fn read(&self, filter: Document) -> Result<Vec<Kept>, StoreError> {
        let rows = self.clone();
        let found = detached(async move {
            let log = rows.log();
            let read = || batch::next(&log, filter.clone());
            rows.elections.read(&rows.database, read).await
        });
        Ok(found.await?.rows)
    }
}

impl fmt::Debug for MongoLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoLog").field("progress", &self.progress).finish_non_exhaustive()
    }
}
