//! Reading the log from its beginning, outside of any group.

use async_trait::async_trait;
use rusqlite::Connection;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::log::{EventLog, LogProgress};
use ticketing_core::ports::transport::{Arrival, TransportError};

use crate::error::Failure;
use crate::file::SqliteFile;

use super::SqliteBroker;
use super::message::{self, Kept};

/// So many messages are handed over at once.
const BATCH: usize = 512;

/// What the log keeps of some topics, up to where it ended when it was opened.
#[derive(Debug)]
pub struct SqliteLog {
    file: SqliteFile,
    topics: Vec<Topic>,
    /// The next position, and behind the last one.
    next: i64,
    end: i64,
    progress: LogProgress,
}

impl SqliteBroker {
    /// Opens the log of some topics.
    ///
    /// # Errors
    ///
    /// [`TransportError::Unavailable`].
    pub async fn log(&self, topics: &[Topic]) -> Result<SqliteLog, TransportError> {
        let (file, topics) = (self.file().clone(), topics.to_vec());
        let of = topics.clone();
        let (end, total) = file.read(move |connection| measure(connection, &of)).await?;
        Ok(SqliteLog { file, topics, next: 0, end, progress: LogProgress { read: 0, total } })
    }
}

#[async_trait]
impl EventLog for SqliteLog {
    async fn next(&mut self) -> Result<Vec<Arrival>, TransportError> {
        let (topics, next, end) = (self.topics.clone(), self.next, self.end);
        let kept = self.file.read(move |connection| read(connection, &topics, next, end)).await?;
        match kept.last() {
            Some(last) => {
                self.next = last.position + 1;
                self.progress.read += kept.len() as u64;
            }
            // What is kept no longer was passed over.
            None => self.progress.read = self.progress.total,
        }
        Ok(kept.into_iter().map(|kept| kept.arrival).collect())
    }

    fn progress(&self) -> LogProgress {
        self.progress
    }
}

/// Behind the last position, and how many messages there are.
fn measure(connection: &Connection, topics: &[Topic]) -> Result<(i64, u64), Failure> {
    let end = connection.query_row("SELECT coalesce(max(position), 0) + 1 FROM log", [], |row| row.get(0))?;
    let mut count = connection.prepare_cached("SELECT count(*) FROM log WHERE topic = ?1")?;
    let mut total = 0;
    for topic in topics {
        total += count.query_row([topic.name()], |row| row.get::<_, i64>(0))?.unsigned_abs();
    }
    Ok((end, total))
}

fn read(connection: &Connection, topics: &[Topic], next: i64, end: i64) -> Result<Vec<Kept>, Failure> {
    let sql = "SELECT position, topic, key, headers, body FROM log WHERE position >= ?1 AND position < ?2
         ORDER BY position";
    let mut select = connection.prepare_cached(sql)?;
    let mut rows = select.query((next, end))?;
    let mut kept = Vec::new();
    while kept.len() < BATCH
        && let Some(row) = rows.next()?
    {
        let is_asked_for =
            super::topic(row.get_ref(1)?.as_str().unwrap_or_default()).is_some_and(|topic| topics.contains(&topic));
        if is_asked_for {
            kept.push(message::read(row)?);
        }
    }
    Ok(kept)
}
