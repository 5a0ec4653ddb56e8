//! Keeps what somebody typed into a form, for a short while.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::drafts::{DraftError, DraftStore};

use crate::error::Failure;
use crate::file::SqliteFile;

/// Keeps drafts in the file. A clone is a handle to the same drafts.
///
/// Of more than [`SqliteDrafts::MOST`] those go that would end first.
#[derive(Debug, Clone)]
pub struct SqliteDrafts(SqliteFile);

impl SqliteDrafts {
    /// The most drafts that are kept.
    pub const MOST: u32 = 1024;

    pub(crate) fn of(file: &SqliteFile) -> Self {
        Self(file.clone())
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, Timestamp) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, DraftError> {
        let now = self.0.clock.now();
        self.0.write(move |connection| work(connection, now)).await.map_err(unavailable)
    }
}

#[async_trait]
impl DraftStore for SqliteDrafts {
    async fn keep(&self, slot: &str, draft: Vec<u8>, lasts: Duration) -> Result<(), DraftError> {
        let slot = slot.to_owned();
        self.write(move |connection, now| Draft { content: &draft, lasts }.keep(connection, &slot, now)).await
    }

    async fn keep_in_free(&self, slots: &[String], draft: &[u8], lasts: Duration) -> Result<Option<usize>, DraftError> {
        let (slots, draft) = (slots.to_vec(), draft.to_vec());
        let keep = move |connection: &Connection, now| {
            for (at, slot) in slots.iter().enumerate() {
                if find(connection, slot, now)?.is_none() {
                    Draft { content: &draft, lasts }.keep(connection, slot, now)?;
                    return Ok(Some(at));
                }
            }
            Ok(None)
        };
        self.write(keep).await
    }

    async fn find(&self, slot: &str) -> Result<Option<Vec<u8>>, DraftError> {
        let (slot, now) = (slot.to_owned(), self.0.clock.now());
        self.0.read(move |connection| find(connection, &slot, now)).await.map_err(unavailable)
    }
}

fn unavailable(failure: Failure) -> DraftError {
    DraftError(failure.into_source())
}

struct Draft<'a> {
    content: &'a [u8],
    lasts: Duration,
}

impl Draft<'_> {
    fn keep(&self, connection: &Connection, slot: &str, now: Timestamp) -> Result<(), Failure> {
        let sql = "INSERT OR REPLACE INTO drafts (slot, content, ends_at) VALUES (?1, ?2, ?3)";
        connection.prepare_cached(sql)?.execute((slot, self.content, now.after(self.lasts).millis()))?;
        connection.prepare_cached("DELETE FROM drafts WHERE ends_at <= ?1")?.execute([now.millis()])?;
        let sql = "DELETE FROM drafts WHERE slot IN (
            SELECT slot FROM drafts WHERE slot <> ?1 ORDER BY ends_at DESC LIMIT -1 OFFSET ?2)";
        connection.prepare_cached(sql)?.execute((slot, SqliteDrafts::MOST - 1))?;
        Ok(())
    }
}

fn find(connection: &Connection, slot: &str, now: Timestamp) -> Result<Option<Vec<u8>>, Failure> {
    let sql = "SELECT content FROM drafts WHERE slot = ?1 AND ends_at > ?2";
    Ok(connection.prepare_cached(sql)?.query_row((slot, now.millis()), |row| row.get(0)).optional()?)
}
