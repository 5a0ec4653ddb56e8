//! A unit of work as statements.

use std::collections::HashSet;

use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params_from_iter};
use ticketing_core::ports::store::{CommitToken, RecordKey, Revision, StoreError};
use uuid::Uuid;

use crate::document::{Record, blob, encoded, revision};
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

/// Writes all of these, or finds what stands in the way.
pub(crate) fn apply(connection: &Connection, changes: &[Change]) -> Result<CommitToken, Failure> {
    let collisions = collisions(connection, changes)?;
    if !collisions.is_empty() {
        return Err(Failure::Conflict(collisions));
    }
    let token = CommitToken(rand::random());
    for change in changes {
        write_all(connection, change, token).map_err(|error| change.refused(error))?;
    }
    Ok(token)
}

fn write_all(connection: &Connection, change: &Change, token: CommitToken) -> rusqlite::Result<()> {
    let is_spared = change.unless.as_ref().map_or(Ok(false), |statement| statement.finds(connection))?;
    if !is_spared {
        change.before.iter().try_for_each(|statement| statement.run(connection))?;
    }
    write(connection, change, token)?;
    change.after.iter().try_for_each(|statement| statement.run(connection))
}

/// What stands in the way of these writes: other commits, and what is to be unique.
///
/// One thread writes, so nothing comes between this look and the writes.
fn collisions(connection: &Connection, changes: &[Change]) -> Result<Vec<RecordKey>, Failure> {
    let mut collisions = Vec::new();
    let mut claimed = HashSet::new();
    for change in changes {
        if kept(connection, change)? != change.replaces {
            collisions.push(change.key.clone());
        }
        for guard in &change.guards {
            if !claimed.insert(&guard.key) || guard.is_taken(connection)? {
                collisions.push(guard.key.clone());
            }
        }
    }
    Ok(collisions)
}

fn kept(connection: &Connection, change: &Change) -> rusqlite::Result<Option<Revision>> {
    let sql = format!("SELECT rev, token FROM {} WHERE id = ?1", change.table);
    let mut select = connection.prepare_cached(&sql)?;
    select.query_row([blob(change.id)], |row| Ok(revision(row.get(0)?, row.get(1)?))).optional()
}

fn write(connection: &Connection, change: &Change, token: CommitToken) -> rusqlite::Result<()> {
    let next = Revision::after(change.replaces, token);
    let fixed = [
        ("id", blob(change.id)),
        ("rev", Value::Integer(next.count.cast_signed())),
        ("token", Value::Integer(next.token.0.cast_signed())),
        ("record", Value::Text(change.record.clone())),
    ];
    let columns = || fixed.iter().chain(&change.columns);
    let names: Vec<&str> = columns().map(|(name, _)| *name).collect();
    let sql = match change.replaces {
        None => {
            format!("INSERT INTO {} ({}) VALUES (?{})", change.table, names.join(", "), ", ?".repeat(names.len() - 1))
        }
        Some(_) => {
            let set: Vec<_> = names.iter().zip(1..).skip(1).map(|(name, at)| format!("{name} = ?{at}")).collect();
            format!("UPDATE {} SET {} WHERE id = ?1", change.table, set.join(", "))
        }
    };
    let mut write = connection.prepare_cached(&sql)?;
    write.execute(params_from_iter(columns().map(|(_, value)| value))).map(drop)
}

impl Change {
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
