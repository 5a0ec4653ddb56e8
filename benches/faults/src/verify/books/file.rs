//! What lies in the file, as it was at one moment.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, Row, Transaction};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::Error;
use crate::backend::Backend;

use super::{Attempt, Books, Money, Parked, Waiting};

pub(super) fn read(database: &Path) -> Result<Books, Error> {
    let mut connection = open(database)?;
    let moment = connection.transaction()?;
    Ok(Books {
        stocks: all(&moment, "stocks")?,
        orders: all(&moment, "orders")?,
        listings: all(&moment, "listings")?,
        payables: all(&moment, "payables")?,
        payments: all(&moment, "payments")?,
        attempts: attempts(&moment)?,
        letters: all(&moment, "letters")?,
        waiting: vec![Waiting {
            service: "marketplace",
            unpublished: moment
                .query_row("SELECT count(*) FROM outbox", [], |row| row.get::<_, i64>(0))?
                .unsigned_abs(),
            parked: parked(&moment)?,
        }],
        ..Books::default()
    })
}

/// What is wrong with the file, as its own check says; nothing if there is no file.
pub(in super::super) fn damage(backend: &Backend) -> Result<Option<String>, Error> {
    let Backend::File(file) = backend else { return Ok(None) };
    let found: String = open(&file.database())?.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    Ok((found != "ok").then_some(found))
}

fn open(database: &Path) -> Result<Connection, Error> {
    Ok(Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?)
}

/// The records of a table, each with its id as in a document.
fn all<D: DeserializeOwned>(moment: &Transaction<'_>, table: &str) -> Result<Vec<D>, Error> {
    let mut select = moment.prepare(&format!("SELECT id, record FROM {table}"))?;
    let rows = select.query_map([], |row| Ok((id(row)?, row.get::<_, String>(1)?)))?;
    rows.map(|row| {
        let (id, record) = row?;
        let mut record: Map<String, Value> = serde_json::from_str(&record)?;
        record.insert("_id".to_owned(), json!(id));
        Ok(serde_json::from_value(record.into())?)
    })
    .collect()
}

fn attempts(moment: &Transaction<'_>) -> Result<Vec<Attempt>, Error> {
    let sql = "SELECT id, reference, amount,
             coalesce((SELECT sum(amount) FROM refunds WHERE attempt = attempts.id) = amount, false) FROM attempts";
    let mut select = moment.prepare(sql)?;
    let rows = select.query_map([], |row| {
        let total = row.get::<_, Option<i64>>(2)?.map(|amount| Money { amount });
        Ok(Attempt { id: id(row)?.into(), reference: row.get(1)?, total, refunded: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn parked(moment: &Transaction<'_>) -> Result<Vec<Parked>, Error> {
    let mut select = moment.prepare("SELECT id, consumer, key, reason FROM parked")?;
    let rows = select.query_map([], |row| {
        Ok(Parked { id: id(row)?.into(), consumer: row.get(1)?, key: row.get(2)?, reason: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn id(row: &Row<'_>) -> rusqlite::Result<Uuid> {
    let bytes = row.get_ref(0)?.as_blob()?;
    Uuid::from_slice(bytes)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, error.into()))
}
