//! A file that is moved to other engines: what names it there, and that it was moved.

use std::sync::Arc;

use rusqlite::Connection;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::store::StoreError;
use uuid::Uuid;

use crate::config::SqliteConfig;
use crate::document::blob;
use crate::error::SqliteError;
use crate::file::{SqliteFile, moved_to};

/// A file that is to be moved, or was. As long as it is open, nobody else has the file.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use ticketing_memory::SystemClock;
/// use ticketing_sqlite::{SqliteConfig, SqliteError, SqliteFile, SqliteMove};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = std::env::temp_dir().join(format!("ticketing-doc-{}", uuid::Uuid::from_u128(rand::random())));
/// # std::fs::create_dir(&directory)?;
/// let (config, clock) = (SqliteConfig::new(directory.join("market.db")), Arc::new(SystemClock::new()));
/// let file = SqliteMove::open(&config, clock.clone()).await?;
/// file.end("the databases tickets_*").await?;
/// file.close().await;
///
/// let served = SqliteFile::open(&config, clock.clone()).await;
/// assert!(matches!(served, Err(SqliteError::Moved { .. })));
/// # std::fs::remove_dir_all(directory)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SqliteMove {
    file: SqliteFile,
    id: Uuid,
}

impl SqliteMove {
    /// Opens a file, whether it was moved or not.
    ///
    /// # Errors
    ///
    /// As [`SqliteFile::open`].
    pub async fn open(config: &SqliteConfig, clock: Arc<dyn Clock>) -> Result<Self, SqliteError> {
        let file = SqliteFile::open_to_move(config, clock).await?;
        let id = file.write(named).await.map_err(|failure| failure.of_file(file.path()))?;
        Ok(Self { file, id })
    }

    /// What names the file where it is moved to.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// Where it was moved to, if it was.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    pub async fn moved_to(&self) -> Result<Option<String>, StoreError> {
        Ok(self.file.read(|connection| Ok(moved_to(connection)?)).await?)
    }

    /// Notes where it was moved to: from now on it is opened to be moved alone.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: it may be noted.
    pub async fn end(&self, to: &str) -> Result<(), StoreError> {
        self.note(Some(to.to_owned())).await
    }

    /// Forgets that it was moved.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: it may be forgotten.
    pub async fn take_back(&self) -> Result<(), StoreError> {
        self.note(None).await
    }

    async fn note(&self, to: Option<String>) -> Result<(), StoreError> {
        let note = move |connection: &Connection| Ok(connection.execute("UPDATE move SET moved_to = ?1", [to])?);
        Ok(self.file.write(note).await.map(drop)?)
    }

    /// Lets go of the file.
    pub async fn close(&self) {
        self.file.close().await;
    }
}

/// The name of the file, drawn once.
fn named(connection: &Connection) -> Result<Uuid, crate::error::Failure> {
    let draw = "INSERT INTO move (only, id) VALUES (1, ?1) ON CONFLICT DO NOTHING";
    connection.execute(draw, [blob(Uuid::from_u128(rand::random()))])?;
    let id: [u8; 16] = connection.query_row("SELECT id FROM move", [], |row| row.get(0))?;
    Ok(Uuid::from_bytes(id))
}
