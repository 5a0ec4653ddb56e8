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
        listings: all_as(&moment, "listings", LISTING)?,
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

/// A listing with its sales, which lie beside it.
const LISTING: &str = "json_set(record, '$.sales', json_object('held', held, 'sold', sold, 'version', sales_version))";

/// The records of a table, each with its id as in a document.
fn all<D: DeserializeOwned>(moment: &Transaction<'_>, table: &str) -> Result<Vec<D>, Error> {
    all_as(moment, table, "record")
}

/// The same by what makes a record of a row.
fn all_as<D: DeserializeOwned>(moment: &Transaction<'_>, table: &str, record: &str) -> Result<Vec<D>, Error> {
    let mut select = moment.prepare(&format!("SELECT id, {record} FROM {table}"))?;
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ticketing_conformance::sample;
    use ticketing_core::domain::ids::AccountId;
    use ticketing_core::domain::ticket::{Listing, Sales};
    use ticketing_core::ports::clock::ClockAndIds;
    use ticketing_core::ports::letter_store::LetterStore;
    use ticketing_core::ports::order_store::OrderStore;
    use ticketing_core::ports::store::{UnitOfWork, Write};
    use ticketing_core::ports::ticket_store::TicketStore;
    use ticketing_memory::{RandomIds, SystemClock};
    use ticketing_sqlite::{SqliteConfig, SqliteEngines};

    use super::*;
    use crate::scratch::Directory;

    #[tokio::test]
    async fn what_the_engines_keep_is_read() {
        let directory = Directory::new();
        let path = directory.0.join("data/market.db");
        let env = ClockAndIds { clock: Arc::new(SystemClock::new()), ids: Arc::new(RandomIds::new()) };
        let engines = SqliteEngines::open(&SqliteConfig::new(&path), env).await.unwrap();
        let listing = Listing { sales: Sales { held: 2, sold: 5, version: 9 }, ..sample::listing() };
        let order = sample::order(AccountId::new(sample::uuid()));
        engines.tickets.commit(UnitOfWork::default().with(Write::insert(listing.clone()))).await.unwrap();
        engines.orders.commit(UnitOfWork::default().with(Write::insert(order.clone()))).await.unwrap();
        engines.letters.commit(UnitOfWork::default().with(Write::insert(sample::letter()))).await.unwrap();
        engines.file.close().await;

        let books = read(&path).unwrap();

        let sales = books.listings.iter().map(|listing| (listing.id.bytes(), listing.sales)).collect::<Vec<_>>();
        let expected = super::super::Sales { held: 2, sold: 5, version: 9 };
        assert_eq!(sales, [(*listing.ticket.id.uuid().as_bytes(), expected)]);
        assert_eq!(
            books.orders.iter().map(|order| order.id.bytes()).collect::<Vec<_>>(),
            [*order.id.uuid().as_bytes()]
        );
        assert_eq!(books.letters.len(), 1);
    }
}
