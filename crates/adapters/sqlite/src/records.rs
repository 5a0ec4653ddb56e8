//! Everything that the file keeps, record by record, to be moved; and what is still on its way in it.

mod kinds;

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use ticketing_core::domain::ids::SessionId;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::moving::{KeptRecord, RecordKind};
use ticketing_core::ports::identity::Session;
use ticketing_core::ports::store::{Page, StoreError};
use uuid::Uuid;

use crate::document::{blob, limit};
use crate::error::{Failure, SqliteError};
use crate::readers::Readers;
use crate::{schema, sessions};

use kinds::Reading;

/// Reads all records of a file, beside the process that has it open.
///
/// # Examples
///
/// ```
/// use ticketing_core::moving::RecordKind;
/// use ticketing_core::ports::store::Page;
/// # use std::sync::Arc;
/// # use ticketing_core::ports::clock::Clock;
/// # use ticketing_memory::SystemClock;
/// use ticketing_sqlite::{SqliteConfig, SqliteFile, SqliteRecords};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = std::env::temp_dir().join(format!("ticketing-doc-{}", uuid::Uuid::from_u128(rand::random())));
/// # std::fs::create_dir(&directory)?;
/// # let path = directory.join("market.db");
/// let file = SqliteFile::open(&SqliteConfig::new(&path), Arc::new(SystemClock::new())).await?;
/// let records = SqliteRecords::open(&path, SystemClock::new().now()).await?;
/// assert!(records.page(RecordKind::Accounts, Page::first(100)).await?.is_empty(), "nobody signed up yet");
/// # drop(file);
/// # std::fs::remove_dir_all(directory)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct SqliteRecords {
    readers: Readers,
    /// Letters that ended before then are over.
    letters_from: Timestamp,
}

/// A letter of which nothing is left to happen is over a day before engines begin to remove it.
const LETTERS: Duration = Duration::from_hours(29 * 24);

/// Events that a group has not settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsettled {
    /// The group.
    pub group: String,
    /// Their topic.
    pub topic: String,
    /// How many; none if the group has settled all of them.
    pub events: u64,
}

impl SqliteRecords {
    /// Opens a file of this release to read it, without letters that ended 29 days before `now`: engines remove those by
    /// themselves.
    ///
    /// # Errors
    ///
    /// [`SqliteError`] if it is not there, cannot be read, or is of another release.
    pub async fn open(path: &Path, now: Timestamp) -> Result<Self, SqliteError> {
        let (path, named) = (path.to_owned(), path.to_owned());
        let opened = tokio::task::spawn_blocking(move || {
            schema::check(&path)?;
            Readers::open(&path, 1).map_err(|error| SqliteError::of(&path, error))
        });
        let opened = opened.await;
        let opened = opened.unwrap_or_else(|error| Err(SqliteError::Other { path: named, source: error.into() }));
        Ok(Self { readers: opened?, letters_from: now.before(LETTERS) })
    }

    /// A page of the records of a kind, in the order of their ids.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] names a record that cannot be read.
    pub async fn page(&self, kind: RecordKind, page: Page<Uuid>) -> Result<Vec<KeptRecord>, StoreError> {
        let letters_from = self.letters_from;
        Ok(self.readers.read(move |connection| kinds::page(&Reading { connection, page, letters_from }, kind)).await?)
    }

    /// A page of the sessions that can be read, in the order of their ids.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    pub async fn sessions(&self, page: Page<SessionId>) -> Result<Vec<Session>, StoreError> {
        Ok(self.readers.read(move |connection| sessions_of(connection, page)).await?)
    }

    /// What each group has not settled of each topic that it follows, without groups that nobody has joined for `idle`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    pub async fn unsettled(&self, idle: Option<Duration>) -> Result<Vec<Unsettled>, StoreError> {
        let idle = idle.map_or(i64::MAX, |idle| i64::try_from(idle.as_millis()).unwrap_or(i64::MAX));
        Ok(self.readers.read(move |connection| unsettled(connection, idle)).await?)
    }

    /// How many committed events no relay has marked.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    pub async fn unpublished(&self) -> Result<u64, StoreError> {
        let count = |connection: &Connection| {
            let count: i64 = connection.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0))?;
            Ok(count.unsigned_abs())
        };
        Ok(self.readers.read(count).await?)
    }

    /// Closes the connection to the file.
    pub async fn close(&self) {
        self.readers.close().await;
    }
}

fn sessions_of(connection: &Connection, page: Page<SessionId>) -> Result<Vec<Session>, Failure> {
    let sql = "SELECT id, account, record FROM sessions WHERE id > ?1 ORDER BY id LIMIT ?2";
    let after = page.after.map_or(Uuid::nil(), SessionId::uuid);
    let mut select = connection.prepare_cached(sql)?;
    let found = select.query_map((blob(after), limit(page.limit)), sessions::read)?;
    Ok(found.filter_map(Result::transpose).collect::<Result<_, _>>()?)
}

fn unsettled(connection: &Connection, idle: i64) -> Result<Vec<Unsettled>, Failure> {
    let sql = "SELECT consumer, topic,
             (SELECT count(*) FROM log WHERE log.topic = places.topic AND log.position >= places.next)
         FROM places WHERE idle < ?1 ORDER BY consumer, topic";
    let mut select = connection.prepare_cached(sql)?;
    let found = select.query_map([idle], |row| {
        Ok(Unsettled { group: row.get(0)?, topic: row.get(1)?, events: row.get::<_, i64>(2)?.unsigned_abs() })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}
