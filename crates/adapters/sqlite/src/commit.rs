//! A unit of work as statements.

use std::collections::HashSet;

use rusqlite::types::Value;
use rusqlite::{CachedStatement, Connection, ErrorCode, OptionalExtension, ToSql, params_from_iter};
use ticketing_core::ports::store::{CommitToken, RecordKey, Revision, StoreError};
use uuid::Uuid;

use crate::document::{Record, encoded, revision};
use crate::error::Failure;

/// A record to write.
#[derive(Debug)]
pub(crate) struct Change {
    /// Where it lies.
    pub(crate) table: &'static str,
    /// What a conflict over it is called.
    pub(crate) key: RecordKey,
    pub(crate) id: Uuid,
    /// The revision that it replaces.
    pub(crate) replaces: Option<Revision>,
    pub(crate) record: String,
    /// By what it is found.
    pub(crate) columns: Vec<(&'static str, Value)>,
    pub(crate) guards: Vec<Guard>,
    /// What is done beside the write, before it and after it; what is done before it, unless this finds that it need not.
    pub(crate) unless: Option<Statement>,
    pub(crate) before: Vec<Statement>,
    pub(crate) after: Vec<Statement>,
}

impl Change {
    /// A record that is found by its id alone.
    pub(crate) fn of<R: Record>(
        key: RecordKey,
        id: Uuid,
        replaces: Option<Revision>,
        document: &R,
    ) -> Result<Self, StoreError> {
        let record = encoded(document)?;
        let (columns, guards, unless, before, after) = Default::default();
        Ok(Self { table: R::TABLE, key, id, replaces, record, columns, guards, unless, before, after })
    }
}

/// What only one record may have.
#[derive(Debug)]
pub(crate) struct Guard {
    /// What a conflict over it is called.
    pub(crate) key: RecordKey,
    /// Each finds a record that has it, other than this one.
    pub(crate) others: Vec<Statement>,
}

#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) sql: &'static str,
    pub(crate) params: Vec<Value>,
}

/// Writes all of these, or finds what stands in the way; what was written by then is for the caller to take back.
pub(crate) fn apply(connection: &Connection, changes: &[Change]) -> Result<CommitToken, Failure> {
    let taken = taken(connection, changes)?;
    if !taken.is_empty() {
        return Err(Failure::Conflict(with_replaced(connection, changes, taken)?));
    }
    let token = CommitToken(rand::random());
    let mut collisions = Vec::new();
    let mut writes = Writes { connection, token, last: None };
    for change in changes {
        if !writes.write_all(change).map_err(|error| change.refused(error))? {
            collisions.push(change.key.clone());
        }
    }
    if collisions.is_empty() { Ok(token) } else { Err(Failure::Conflict(collisions)) }
}

/// Adds the records that are not as their changes expect.
fn with_replaced(
    connection: &Connection,
    changes: &[Change],
    mut collisions: Vec<RecordKey>,
) -> Result<Vec<RecordKey>, Failure> {
    for change in changes {
        let mut select =
            connection.prepare_cached(&format!("SELECT rev, token FROM {} WHERE id = ?1", change.table))?;
        let kept = select.query_row([change.id.as_bytes()], |row| Ok(revision(row.get(0)?, row.get(1)?))).optional()?;
        if kept != change.replaces {
            collisions.push(change.key.clone());
        }
    }
    Ok(collisions)
}

/// What is to be unique and is taken by other records.
///
/// One thread writes, so nothing comes between this look and the writes.
fn taken(connection: &Connection, changes: &[Change]) -> Result<Vec<RecordKey>, Failure> {
    let mut taken = Vec::new();
    let mut claimed = HashSet::new();
    for guard in changes.iter().flat_map(|change| &change.guards) {
        if !claimed.insert(&guard.key) || guard.is_taken(connection)? {
            taken.push(guard.key.clone());
        }
    }
    Ok(taken)
}

/// The writes of one unit of work.
struct Writes<'a> {
    connection: &'a Connection,
    token: CommitToken,
    /// The statement that was used last: most units of work write many records in one way.
    last: Option<(&'a Change, CachedStatement<'a>)>,
}

impl<'a> Writes<'a> {
    /// Writes a record with what belongs to it; returns whether it was as the change expects.
    fn write_all(&mut self, change: &'a Change) -> rusqlite::Result<bool> {
        let is_spared = change.unless.as_ref().map_or(Ok(false), |statement| statement.finds(self.connection))?;
        if !is_spared {
            change.before.iter().try_for_each(|statement| statement.run(self.connection))?;
        }
        let is_written = self.write(change)?;
        if is_written {
            change.after.iter().try_for_each(|statement| statement.run(self.connection))?;
        }
        Ok(is_written)
    }

    fn write(&mut self, change: &'a Change) -> rusqlite::Result<bool> {
        let mut write = match self.last.take() {
            Some((last, write)) if last.is_written_like(change) => write,
            _ => self.connection.prepare_cached(&change.sql())?,
        };
        let next = Revision::after(change.replaces, self.token);
        let number = |number: u64| Value::Integer(number.cast_signed());
        let replaced = change.replaces.map(|replaced| [number(replaced.count), number(replaced.token.0)]);
        let fixed: [&dyn ToSql; 4] =
            [&change.id.as_bytes(), &number(next.count), &number(next.token.0), &change.record.as_str()];
        let columns = change.columns.iter().map(|(_, value)| value as &dyn ToSql);
        let replaced = replaced.iter().flatten().map(|number| number as &dyn ToSql);
        let is_written = write.execute(params_from_iter(fixed.into_iter().chain(columns).chain(replaced)))? > 0;
        self.last = Some((change, write));
        Ok(is_written)
    }
}

impl Change {
    fn is_written_like(&self, other: &Self) -> bool {
        let names = self.columns.iter().map(|(name, _)| name);
        self.table == other.table
            && self.replaces.is_some() == other.replaces.is_some()
            && names.eq(other.columns.iter().map(|(name, _)| name))
    }

    /// Writes the record: its id, both parts of its next revision, its text, what it is found by, and then the revision
    /// that it replaces. Changes nothing if another one is there.
    fn sql(&self) -> String {
        let names: Vec<&str> =
            ["id", "rev", "token", "record"].into_iter().chain(self.columns.iter().map(|(name, _)| *name)).collect();
        match self.replaces {
            None => {
                let (names, marks) = (names.join(", "), ", ?".repeat(names.len() - 1));
                format!("INSERT INTO {} ({names}) VALUES (?{marks}) ON CONFLICT (id) DO NOTHING", self.table)
            }
            Some(_) => {
                let set: Vec<_> = names.iter().zip(1..).skip(1).map(|(name, at)| format!("{name} = ?{at}")).collect();
                format!("UPDATE {} SET {} WHERE id = ?1 AND rev = ? AND token = ?", self.table, set.join(", "))
            }
        }
    }

    /// What a failure of its write means: two records of one unit of work may want the same.
    fn refused(&self, error: rusqlite::Error) -> Failure {
        match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) if !self.guards.is_empty() => {
                Failure::Conflict(self.guards.iter().map(|guard| guard.key.clone()).collect())
            }
            _ => error.into(),
        }
    }
}

impl Guard {
    fn is_taken(&self, connection: &Connection) -> rusqlite::Result<bool> {
        for other in &self.others {
            if other.finds(connection)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Statement {
    fn run(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection.prepare_cached(self.sql)?.execute(params_from_iter(&self.params)).map(drop)
    }

    fn finds(&self, connection: &Connection) -> rusqlite::Result<bool> {
        connection.prepare_cached(self.sql)?.exists(params_from_iter(&self.params))
    }
}
