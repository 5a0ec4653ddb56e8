//! Reads beside the writer, each of one moment.

use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use crate::error::Failure;
use crate::schema;

/// A few connections that only read.
#[derive(Debug, Clone)]
pub(crate) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    /// As many as there are connections.
    permits: Arc<Semaphore>,
    count: u32,
}

/// A connection that goes back, however the read ends.
struct Borrowed {
    connection: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    pub(crate) fn open(path: &Path, count: usize) -> rusqlite::Result<Self> {
        let count = u32::try_from(count.max(1)).unwrap_or(u32::MAX);
        let connections: Vec<_> = (0..count).map(|_| connect(path)).collect::<Result<_, _>>()?;
        let permits = Arc::new(Semaphore::new(connections.len()));
        Ok(Self { idle: Arc::new(Mutex::new(connections)), permits, count })
    }

    /// Waits for the reads that were begun, and closes the connections; no other read begins.
    pub(crate) async fn close(&self) {
        // It fails if they are closed already.
        if let Ok(_all) = self.permits.acquire_many(self.count).await {
            self.permits.close();
            self.idle.lock().clear();
        }
    }

    /// Looks at the file as it is at one moment, on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| Failure::Closed)?;
        let idle = Arc::clone(&self.idle);
        let read = move || {
            let connection = idle.lock().pop();
            let borrowed = Borrowed { connection, idle };
            let connection = borrowed.connection.as_ref().ok_or(Failure::Closed)?;
            let found = look(&*connection.unchecked_transaction()?);
            drop(borrowed);
            // Order matters: a read that gets the permit finds the connection.
            drop(permit);
            found
        };
        tokio::task::spawn_blocking(read).await.unwrap_or(Err(Failure::Closed))
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    schema::prepare(&connection)?;
    Ok(connection)
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        self.idle.lock().extend(self.connection.take());
    }
}
