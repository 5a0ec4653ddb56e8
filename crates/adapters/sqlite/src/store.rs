//! What every store of this crate shares: records in tables, and commits with their events.

use rusqlite::types::Value;
use rusqlite::{CachedStatement, Connection, params_from_iter};
use ticketing_core::ports::store::{CommitToken, StoreError, Stored};
use ticketing_core::ports::unreadable::{Listed, Unreadable};
use ticketing_core::wire::EventEnvelope;
use uuid::Uuid;

use crate::commit::{self, Change};
use crate::document::{Record, columns};
use crate::error::Failure;
use crate::file::SqliteFile;
use crate::outbox::SqliteOutbox;

/// The tables of one service, with its outbox. A clone is a handle to the same store.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(crate) file: SqliteFile,
    outbox: SqliteOutbox,
}

impl Store {
    pub(crate) fn of(file: &SqliteFile, outbox: SqliteOutbox) -> Self {
        Self { file: file.clone(), outbox }
    }

    pub(crate) fn outbox(&self) -> SqliteOutbox {
        self.outbox.clone()
    }

    /// Reads what is asked for by name; one that cannot be read is an error.
    pub(crate) async fn find<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        Ok(self.file.read(look).await?)
    }

    /// Reads a list; what cannot be read is logged and skipped.
    pub(crate) async fn list<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> Result<Listed<T>, Failure> + Send + 'static,
    ) -> Result<Vec<T>, StoreError> {
        Ok(self.file.unreadable.told(self.file.read(look).await?))
    }

    /// The same for a list that anybody asks for, and that may take long.
    pub(crate) async fn list_long<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> Result<Listed<T>, Failure> + Send + 'static,
    ) -> Result<Vec<T>, StoreError> {
        Ok(self.file.unreadable.told(self.file.read_long(look).await?))
    }

    /// Writes changes and their events, all or nothing.
    pub(crate) async fn commit(
        &self,
        changes: Vec<Change>,
        events: Vec<EventEnvelope>,
    ) -> Result<CommitToken, StoreError> {
        let (appending, outbox) = (self.outbox.appending(events)?, self.outbox.clone());
        let events = appending.len();
        let work = move |connection: &Connection| {
            let token = commit::apply(connection, &changes)?;
            appending.run(connection)?;
            Ok(token)
        };
        let after = move |_: &CommitToken| {
            if events > 0 {
                outbox.ring(events);
            }
        };
        Ok(self.file.write_then(work, after).await?)
    }
}

/// The records of these ids that there are, each once, or the first that cannot be read.
pub(crate) fn by_ids<R: Record>(
    connection: &Connection,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<Stored<R::Domain>>, Failure> {
    let mut select = select::<R>(connection)?;
    let mut found = Vec::new();
    for id in ids {
        found.extend(one::<R>(&mut select, id)?.transpose()?);
    }
    Ok(found)
}

/// The record of an id, if there is one.
pub(crate) fn by_id<R: Record>(connection: &Connection, id: Uuid) -> Result<Option<Stored<R::Domain>>, Failure> {
    Ok(readable::<R>(connection, id)?.transpose()?)
}

/// A record, or that it cannot be read.
pub(crate) type Found<R> = Result<Stored<<R as Record>::Domain>, Unreadable>;

/// The record of an id, or that it cannot be read.
pub(crate) fn readable<R: Record>(connection: &Connection, id: Uuid) -> Result<Option<Found<R>>, Failure> {
    one::<R>(&mut select::<R>(connection)?, id)
}

fn select<R: Record>(connection: &Connection) -> rusqlite::Result<CachedStatement<'_>> {
    connection.prepare_cached(&format!("SELECT {} FROM {} WHERE id = ?1", columns::<R>(), R::TABLE))
}

fn one<R: Record>(select: &mut CachedStatement<'_>, id: Uuid) -> Result<Option<Found<R>>, Failure> {
    let mut rows = select.query([id.as_bytes()])?;
    Ok(rows.next()?.map(R::read).transpose()?)
}

/// A question whose answer is rows.
#[derive(Debug, Default)]
pub(crate) struct Query {
    /// What follows the columns: `FROM` and so on.
    pub(crate) rest: String,
    pub(crate) params: Vec<Value>,
}

/// Records in the order of a list, as many as are asked for.
pub(crate) fn list<R: Record>(
    connection: &Connection,
    query: &Query,
    limit: usize,
) -> Result<Listed<R::Domain>, Failure> {
    let Listed { records, unreadable } = list_stored::<R>(connection, query, limit)?;
    Ok(Listed { records: records.into_iter().map(|stored| stored.record).collect(), unreadable })
}

/// The same with their revisions.
pub(crate) fn list_stored<R: Record>(
    connection: &Connection,
    query: &Query,
    limit: usize,
) -> Result<Listed<Stored<R::Domain>>, Failure> {
    let mut select = connection.prepare_cached(&format!("SELECT {} {}", columns::<R>(), query.rest))?;
    let mut rows = select.query(params_from_iter(&query.params))?;
    let mut listed = Listed::default();
    while listed.records.len() < limit
        && let Some(row) = rows.next()?
    {
        listed.take(R::read(row)?.map(Some));
    }
    Ok(listed)
}

/// The ids that a question finds.
pub(crate) fn ids(connection: &Connection, sql: &str, params: &[Value]) -> Result<Vec<Uuid>, Failure> {
    let mut select = connection.prepare_cached(sql)?;
    let found = select.query_map(params_from_iter(params), |row| row.get::<_, [u8; 16]>(0))?;
    Ok(found.map(|id| id.map(Uuid::from_bytes)).collect::<Result<_, _>>()?)
}
