//! Messages as rows of the log, and the other way round.

use bytes::Bytes;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::store::StoreError;
use ticketing_core::ports::transport::Arrival;
use ticketing_core::wire::{self, EventEnvelope, RawMessage, Undecodable};
use uuid::Uuid;

use crate::document::{blob, encoded, limit};

/// A message of the log.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) position: i64,
    pub(crate) arrival: Arrival,
}

/// Reads a row of `position, topic, key, headers, body`.
pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Kept> {
    let (message, damage) = raw(row, 1)?;
    let arrival = match damage.map_or_else(|| wire::from_message(&message), Err) {
        Ok(event) => Arrival::Event(event),
        Err(reason) => Arrival::Undecodable { raw: message, reason },
    };
    Ok(Kept { position: row.get(0)?, arrival })
}

/// Reads `topic, key, headers, body` from a column on; the headers may not be what they should.
pub(crate) fn raw(row: &Row<'_>, column: usize) -> rusqlite::Result<(RawMessage, Option<Undecodable>)> {
    let headers = serde_json::from_str(row.get_ref(column + 2)?.as_str()?);
    let damage = headers.as_ref().err().map(|error: &serde_json::Error| Undecodable { what: error.to_string() });
    let message = RawMessage {
        topic: row.get(column)?,
        key: row.get(column + 1)?,
        headers: headers.unwrap_or_default(),
        body: Bytes::copy_from_slice(row.get_ref(column + 3)?.as_blob()?),
    };
    Ok((message, damage))
}

/// An event as it travels.
pub(crate) fn of(event: EventEnvelope) -> RawMessage {
    let (topic, key) = (event.topic.name().to_owned(), event.subject.to_string());
    RawMessage { topic, key, headers: wire::to_headers(&event), body: event.data }
}

/// Messages, ready to be written to the log.
#[derive(Debug)]
pub(crate) struct Appending {
    messages: Vec<Encoded>,
    /// Whose outbox names them; none for what is published directly.
    service: Option<&'static str>,
}

#[derive(Debug)]
struct Encoded {
    event: Option<Uuid>,
    at: Timestamp,
    topic: String,
    key: String,
    headers: String,
    body: Bytes,
}

impl Encoded {
    fn of(event: Option<Uuid>, at: Timestamp, message: RawMessage) -> Result<Self, StoreError> {
        let RawMessage { topic, key, headers, body } = message;
        Ok(Self { event, at, topic, key, headers: encoded(&headers)?, body })
    }

    fn bytes(&self) -> i64 {
        limit(self.key.len() + self.headers.len() + self.body.len())
    }
}

impl Appending {
    pub(crate) fn of(events: Vec<EventEnvelope>, service: Option<&'static str>) -> Result<Self, StoreError> {
        let encode = |event: EventEnvelope| Encoded::of(Some(event.id.uuid()), event.time, of(event));
        Ok(Self { messages: events.into_iter().map(encode).collect::<Result<_, _>>()?, service })
    }

    /// A message as another program might have written it.
    pub(crate) fn of_raw(message: RawMessage, at: Timestamp) -> Result<Self, StoreError> {
        Ok(Self { messages: vec![Encoded::of(None, at, message)?], service: None })
    }

    pub(crate) const fn len(&self) -> usize {
        self.messages.len()
    }

    /// Writes them behind all others.
    pub(crate) fn run(&self, connection: &Connection) -> rusqlite::Result<()> {
        if self.messages.is_empty() {
            return Ok(());
        }
        let mut end = end(connection)?;
        self.messages.iter().try_for_each(|message| self.append(connection, message, &mut end))
    }

    /// Writes those that are not in the log; an event that was committed by its service is.
    pub(crate) fn run_new(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut end = end(connection)?;
        for message in &self.messages {
            let is_there = match message.event {
                Some(event) => has(connection, event)?,
                None => false,
            };
            if !is_there {
                self.append(connection, message, &mut end)?;
            }
        }
        Ok(())
    }

    fn append(&self, connection: &Connection, message: &Encoded, end: &mut i64) -> rusqlite::Result<()> {
        *end += message.bytes();
        let sql = "INSERT INTO log (topic, event, key, headers, body, at, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)";
        let Encoded { event, at, topic, key, headers, body } = message;
        let event = event.map_or(Value::Null, blob);
        connection.prepare_cached(sql)?.execute((topic, event, key, headers, &body[..], at.millis(), *end))?;
        let Some(service) = self.service else { return Ok(()) };
        let sql = "INSERT INTO outbox (position, service) VALUES (?1, ?2)";
        connection.prepare_cached(sql)?.execute((connection.last_insert_rowid(), service)).map(drop)
    }
}

/// How many bytes were written to the log so far.
fn end(connection: &Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT bytes FROM log ORDER BY position DESC LIMIT 1";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// Whether an event is in the log.
pub(crate) fn has(connection: &Connection, event: Uuid) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM log WHERE event = ?1")?.exists([blob(event)])
}
