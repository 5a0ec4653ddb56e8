//! The file: who writes, who reads, and what both share.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, io};

use rusqlite::{Connection, OptionalExtension};
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::unreadable::PassedBy;

use crate::config::SqliteConfig;
use crate::error::{Failure, SqliteError};
use crate::lock::{self, FileLock};
use crate::readers::Readers;
use crate::schema;
use crate::writer::Writer;

/// An open file. A clone is a handle to the same one; it is closed when the last of them, and of all that was opened
/// from it, is dropped.
#[derive(Clone)]
pub struct SqliteFile {
    pub(crate) config: Arc<SqliteConfig>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) unreadable: PassedBy,
    readers: Readers,
    /// For what anybody may ask and may take long: it keeps no other read waiting.
    long_readers: Readers,
    writer: Arc<Writer>,
}

/// Refuses a file of this release.
type Check = fn(&Connection, &Path) -> Result<(), SqliteError>;

/// How many long reads run at once.
const LONG_READS: usize = 2;

impl SqliteFile {
    /// Opens a file; it is created where there is none, and brought up to this release where an earlier one wrote it.
    ///
    /// The clock measures leases, timers, sessions, limits and the age of events.
    ///
    /// # Errors
    ///
    /// [`SqliteError`] is a sentence that says what to change.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use ticketing_memory::SystemClock;
    /// use ticketing_sqlite::{SqliteConfig, SqliteError, SqliteFile};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let directory = std::env::temp_dir().join(format!("ticketing-doc-{}", uuid::Uuid::from_u128(rand::random())));
    /// # std::fs::create_dir(&directory)?;
    /// let config = SqliteConfig::new(directory.join("market.db"));
    /// let file = SqliteFile::open(&config, Arc::new(SystemClock::new())).await?;
    ///
    /// let twice = SqliteFile::open(&config, Arc::new(SystemClock::new())).await;
    /// assert!(matches!(twice, Err(SqliteError::InUse { .. })));
    /// # drop(file);
    /// # std::fs::remove_dir_all(directory)?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open(config: &SqliteConfig, clock: Arc<dyn Clock>) -> Result<Self, SqliteError> {
        Self::open_and(config, clock, |connection, path| match moved_to(connection) {
            Ok(None) => Ok(()),
            Ok(Some(to)) => Err(SqliteError::Moved { path: path.to_owned(), to }),
            Err(error) => Err(SqliteError::of(path, error)),
        })
        .await
    }

    /// The same of a file that is to be moved, or was.
    pub(crate) async fn open_to_move(config: &SqliteConfig, clock: Arc<dyn Clock>) -> Result<Self, SqliteError> {
        Self::open_and(config, clock, |_, _| Ok(())).await
    }

    async fn open_and(config: &SqliteConfig, clock: Arc<dyn Clock>, check: Check) -> Result<Self, SqliteError> {
        let (config, path) = (config.clone(), config.path.clone());
        let opened = tokio::task::spawn_blocking(move || Self::open_now(&config, clock, check)).await;
        opened.unwrap_or_else(|error| Err(SqliteError::Other { path, source: error.into() }))
    }

    fn open_now(config: &SqliteConfig, clock: Arc<dyn Clock>, check: Check) -> Result<Self, SqliteError> {
        let path = lock::known_as(&config.path)?;
        let lock = FileLock::take(&path)?;
        let failed = |error| SqliteError::of(&path, error);
        lock::create_private(&path).map_err(|error| lock::refused(&path, error))?;
        let mut connection = Connection::open(&path).map_err(failed)?;
        schema::prepare(&connection).map_err(failed)?;
        schema::bring_up(&mut connection, &path)?;
        check(&connection, &path)?;
        keep_name(&path).map_err(|error| SqliteError::Other { path: path.clone(), source: error.into() })?;
        let readers = Readers::open(&path, config.readers).map_err(failed)?;
        let long_readers = Readers::open(&path, LONG_READS).map_err(failed)?;
        let writer = Writer::start(connection, lock);
        let writer = writer.map_err(|error| SqliteError::Other { path: path.clone(), source: error.into() })?;
        let (config, writer) = (Arc::new(SqliteConfig { path, ..config.clone() }), Arc::new(writer));
        Ok(Self { config, clock, unreadable: PassedBy::default(), readers, long_readers, writer })
    }

    /// Where it lies, whatever links led to it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.config.path
    }

    /// What was passed by because it cannot be read, for metrics.
    #[must_use]
    pub fn passed_by(&self) -> PassedBy {
        self.unreadable.clone()
    }

    /// Finishes what was begun, and lets go of the file: it is one file, and another process may open it. Handles that are
    /// left can neither read nor write.
    ///
    /// Dropping the last handle does the same.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave the file open to write: call it again, or drop the handles.
    pub async fn close(&self) {
        self.readers.close().await;
        self.long_readers.close().await;
        let writer = Arc::clone(&self.writer);
        // Order matters: SQLite removes what lies beside the file with the last connection to it, if that may write. It
        // fails if the runtime ends, and then the last handle closes the file.
        let _closed = tokio::task::spawn_blocking(move || writer.close()).await;
    }

    /// Writes a copy of the whole file, as it is at one moment, while it is in use.
    ///
    /// The copy is complete or not there: it gets its name when it is on disk.
    ///
    /// # Errors
    ///
    /// [`SqliteError`] if the copy cannot be written, or exists.
    pub async fn back_up(&self, copy: &Path) -> Result<(), SqliteError> {
        Self::copy(&self.config.path, copy).await
    }

    /// The same of a file that another process may have open.
    ///
    /// # Errors
    ///
    /// As [`back_up`](Self::back_up), or if the file is not there or is no marketplace.
    pub async fn copy(from: &Path, copy: &Path) -> Result<(), SqliteError> {
        let (from, copy) = (from.to_owned(), copy.to_owned());
        let failed = copy.clone();
        let done = tokio::task::spawn_blocking(move || crate::backup::write(&from, &copy)).await;
        done.unwrap_or_else(|error| Err(SqliteError::Other { path: failed, source: error.into() }))
    }

    pub(crate) const fn readers(&self) -> &Readers {
        &self.readers
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.readers.read(look).await
    }

    pub(crate) async fn read_long<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.long_readers.read(look).await
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.writer.write(work, |_| ()).await
    }

    pub(crate) async fn write_then<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
        after: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T, Failure> {
        self.writer.write(work, after).await
    }

    pub(crate) fn write_later(
        &self,
        work: impl FnOnce(&Connection) -> Result<(), Failure> + Send + 'static,
        ended: impl FnOnce(bool) + Send + 'static,
    ) {
        self.writer.write_later(work, ended);
    }
}

/// Where a file of this release was moved to, if it was.
pub(crate) fn moved_to(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let found = connection.query_row("SELECT moved_to FROM move", [], |row| row.get(0));
    found.optional().map(Option::flatten)
}

/// A new file has its name for good, also if the power fails.
fn keep_name(path: &Path) -> io::Result<()> {
    let directory: Option<PathBuf> = path.parent().map(Path::to_owned);
    if cfg!(unix) { directory.map_or(Ok(()), |directory| std::fs::File::open(directory)?.sync_all()) } else { Ok(()) }
}

impl fmt::Debug for SqliteFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteFile").field("path", &self.config.path).finish_non_exhaustive()
    }
}
