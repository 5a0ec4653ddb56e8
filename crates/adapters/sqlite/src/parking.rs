//! Where deliveries wait that could not be handled.

use std::collections::HashSet;

use async_trait::async_trait;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::parking::{Parked, ParkedFilter, ParkingChange, ParkingLot};
use ticketing_core::ports::store::{Page, StoreError};
use ticketing_core::ports::transport::{Arrival, ordering_key};
use ticketing_core::ports::unreadable::{Listed, Unreadable};
use ticketing_core::wire::{self, RawMessage, Undecodable};
use uuid::Uuid;

use crate::document::{blob, encoded, uuid_of};
use crate::error::Failure;
use crate::file::SqliteFile;
use crate::transport::message;

/// Keeps parked deliveries in the file. A clone is a handle to the same lot.
#[derive(Debug, Clone)]
pub struct SqliteParkingLot(SqliteFile);

impl SqliteParkingLot {
    pub(crate) fn of(file: &SqliteFile) -> Self {
        Self(file.clone())
    }
}

#[async_trait]
impl ParkingLot for SqliteParkingLot {
    fn survives_restart(&self) -> bool {
        true
    }

    async fn park(&self, parked: Parked) -> Result<(), StoreError> {
        let row = ParkedRow::of(parked)?;
        Ok(self.0.write(move |connection| row.insert(connection)).await?)
    }

    async fn follow(&self, parked: Vec<Parked>) -> Result<Vec<Uuid>, StoreError> {
        let rows: Vec<_> = parked.into_iter().map(ParkedRow::of).collect::<Result<_, _>>()?;
        Ok(self.0.write(move |connection| follow(connection, rows)).await?)
    }

    async fn parked_keys(&self, consumer: &str, keys: &[String]) -> Result<Vec<String>, StoreError> {
        let (consumer, keys) = (consumer.to_owned(), keys.to_vec());
        Ok(self.0.read(move |connection| parked_keys(connection, &consumer, keys)).await?)
    }

    async fn list(&self, filter: &ParkedFilter, page: Page<Uuid>) -> Result<Vec<Parked>, StoreError> {
        let filter = filter.clone();
        Ok(self.0.unreadable.told(self.0.read(move |connection| list(connection, &filter, page)).await?))
    }

    async fn change(&self, change: ParkingChange) -> Result<usize, StoreError> {
        let statements = statements(change)?;
        let work = move |connection: &Connection| {
            let mut changed = 0;
            for (sql, params) in statements {
                changed += connection.prepare_cached(sql)?.execute(params_from_iter(params))?;
            }
            Ok(changed)
        };
        Ok(self.0.write(work).await?)
    }
}

/// A parked delivery as it is written.
struct ParkedRow {
    parked: Parked,
    message: [Value; 5],
}

impl ParkedRow {
    fn of(parked: Parked) -> Result<Self, StoreError> {
        let message = message_columns(&parked.arrival)?;
        Ok(Self { parked: Parked { key: ordering_key(&parked.key), ..parked }, message })
    }

    fn insert(&self, connection: &Connection) -> Result<(), Failure> {
        let Parked { id, consumer, key, reason, parked_at, released, .. } = &self.parked;
        let texts = [consumer, key, reason].map(|text| Value::Text(text.clone()));
        let [consumer, key, reason] = texts;
        let fixed = [blob(*id), consumer, key, (*released).into(), Value::Integer(parked_at.millis()), reason];
        let sql = "INSERT INTO parked
            (id, consumer, key, released, parked_at, reason, topic, message_key, headers, body, undecodable)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING";
        connection.prepare_cached(sql)?.execute(params_from_iter(fixed.iter().chain(&self.message)))?;
        Ok(())
    }
}

/// `topic, message_key, headers, body, undecodable`.
fn message_columns(arrival: &Arrival) -> Result<[Value; 5], StoreError> {
    let (raw, undecodable) = match arrival {
        Arrival::Event(event) => (message::of(event.clone()), Value::Null),
        Arrival::Undecodable { raw, reason } => (raw.clone(), Value::Text(reason.what.clone())),
    };
    let RawMessage { topic, key, headers, body } = raw;
    let headers = Value::Text(encoded(&headers)?);
    Ok([Value::Text(topic), Value::Text(key), headers, Value::Blob(body.to_vec()), undecodable])
}

fn follow(connection: &Connection, later: Vec<ParkedRow>) -> Result<Vec<Uuid>, Failure> {
    let sql = "SELECT released FROM parked WHERE consumer = ?1 AND key = ?2 ORDER BY id DESC LIMIT 1";
    let mut last = connection.prepare_cached(sql)?;
    let mut followed = Vec::new();
    for mut row in later {
        let released = last.query_row((&row.parked.consumer, &row.parked.key), |row| row.get(0)).optional()?;
        let Some(released) = released else { continue };
        row.parked.released = released;
        row.insert(connection)?;
        followed.push(row.parked.id);
    }
    Ok(followed)
}

fn parked_keys(connection: &Connection, consumer: &str, keys: Vec<String>) -> Result<Vec<String>, Failure> {
    let mut find = connection.prepare_cached("SELECT 1 FROM parked WHERE consumer = ?1 AND key = ?2")?;
    let mut parked = Vec::new();
    for key in keys {
        if find.exists((consumer, ordering_key(&key)))? {
            parked.push(key);
        }
    }
    Ok(parked)
}

pub(crate) fn list(
    connection: &Connection,
    filter: &ParkedFilter,
    page: Page<Uuid>,
) -> Result<Listed<Parked>, Failure> {
    let mut sql =
        "SELECT id, consumer, key, released, parked_at, reason, topic, message_key, headers, body, undecodable
         FROM parked WHERE true"
            .to_owned();
    let mut params = Vec::new();
    let mut also = |condition: &str, value: Option<Value>| {
        if let Some(value) = value {
            sql.push_str(condition);
            params.push(value);
        }
    };
    also(" AND consumer = ?", filter.consumer.clone().map(Value::Text));
    also(" AND key = ?", filter.key.as_deref().map(|key| Value::Text(ordering_key(key))));
    // What holds a key back lies before what is released of it.
    also(" AND id > ?", page.after.filter(|_| !filter.released_only).map(blob));
    also(" AND released = ?", filter.released_only.then(|| true.into()));
    sql.push_str(" ORDER BY id");
    let mut select = connection.prepare_cached(&sql)?;
    let mut rows = select.query(params_from_iter(params))?;
    let (mut listed, mut held) = (Listed::default(), HashSet::new());
    while listed.records.len() < page.limit
        && let Some(row) = rows.next()?
    {
        let lane = (row.get::<_, String>(1)?, row.get::<_, String>(2)?);
        let parked = read(row)?;
        let is_behind = |id: Uuid| page.after.is_none_or(|after| id > after);
        match parked {
            Ok(parked) if is_behind(parked.id) && !(filter.released_only && held.contains(&lane)) => {
                listed.records.push(parked);
            }
            Ok(_) => {}
            Err(unreadable) => {
                held.insert(lane);
                if uuid_of(row.get_ref(0)?).is_none_or(is_behind) {
                    listed.unreadable.push(unreadable);
                }
            }
        }
    }
    Ok(listed)
}

/// Reads all columns of a row.
fn read(row: &Row<'_>) -> rusqlite::Result<Result<Parked, Unreadable>> {
    let id = uuid_of(row.get_ref(0)?);
    let unreadable = |what: String| {
        let id = id.map_or_else(|| "without an id".to_owned(), |id| id.to_string());
        Err(Unreadable { collection: "parked", id, what })
    };
    let (message, damage) = message::raw(row, 6)?;
    if let Some(Undecodable { what }) = damage {
        return Ok(unreadable(what));
    }
    let arrival = match row.get::<_, Option<String>>(10)? {
        Some(what) => Arrival::Undecodable { raw: message, reason: Undecodable { what } },
        None => match wire::from_message(&message) {
            Ok(event) => Arrival::Event(event),
            Err(Undecodable { what }) => return Ok(unreadable(what)),
        },
    };
    let Some(id) = id else { return Ok(unreadable("no id".to_owned())) };
    Ok(Ok(Parked {
        id,
        consumer: row.get(1)?,
        key: row.get(2)?,
        arrival,
        reason: row.get(5)?,
        parked_at: Timestamp::from_millis(row.get(4)?),
        released: row.get(3)?,
    }))
}

/// What a change is in SQL.
fn statements(change: ParkingChange) -> Result<Vec<(&'static str, Vec<Value>)>, StoreError> {
    const RELEASE: &str = "UPDATE parked SET released = ?1 WHERE consumer = ?2 AND key = ?3";
    let set = |released: bool, consumer, key: String| {
        vec![(RELEASE, vec![released.into(), Value::Text(consumer), Value::Text(ordering_key(&key))])]
    };
    Ok(match change {
        ParkingChange::Edit { id, arrival } => {
            let sql =
                "UPDATE parked SET topic = ?, message_key = ?, headers = ?, body = ?, undecodable = ? WHERE id = ?";
            vec![(sql, message_columns(&arrival)?.into_iter().chain([blob(id)]).collect())]
        }
        ParkingChange::Release { consumer, key } => set(true, consumer, key),
        ParkingChange::Hold { consumer, key } => set(false, consumer, key),
        ParkingChange::Remove { ids } => {
            ids.into_iter().map(|id| ("DELETE FROM parked WHERE id = ?", vec![blob(id)])).collect()
        }
    })
}
