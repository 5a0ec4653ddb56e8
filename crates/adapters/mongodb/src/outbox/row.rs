//! A row of the outbox: the events of one commit, or a part of them.

use std::fmt;

use bson::oid::ObjectId;
use bson::spec::BinarySubtype;
use bson::{Binary, Bson, Document, Timestamp, Uuid, doc};
use bytes::Bytes;
use futures::TryStreamExt;
use mongodb::error::Result as MongoResult;
use mongodb::options::{Hint, IndexOptions, ReadConcern};
use mongodb::{Collection, IndexModel};
use serde::{Deserialize, Serialize};
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::ids::EventId;
use ticketing_core::domain::time;
use ticketing_core::ports::outbox::OutboxCursor;
use ticketing_core::wire::{EventEnvelope, Origin};

use crate::client::Indexes;

pub(crate) const COLLECTION: &str = "outbox";
const IN_ORDER: &str = "in_order";

/// The most events of a row, so that a row is little beside what a relay reads at once.
const MAX_EVENTS: usize = 128;
/// The most bytes of payload in a row of several events; a document holds 16 MB.
const MAX_BYTES: usize = 1 << 20;

/// What a row is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct RowId(ObjectId);

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<RowId> for Bson {
    fn from(id: RowId) -> Self {
        Self::ObjectId(id.0)
    }
}

/// Events that were committed together, in order.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    #[serde(rename = "_id")]
    pub(crate) id: RowId,
    /// Written as zero, which the server replaces by its cluster time.
    pub(crate) at: Timestamp,
    pub(crate) events: Vec<EventDocument>,
}

impl Row {
    /// Rows for these events, in order.
    pub(crate) fn of(events: Vec<EventEnvelope>) -> Vec<Self> {
        let mut rows: Vec<Self> = Vec::new();
        let mut bytes = 0;
        for event in events {
            bytes += event.data.len();
            match rows.last_mut() {
                Some(row) if row.events.len() < MAX_EVENTS && bytes <= MAX_BYTES => row.events.push(event.into()),
                _ => {
                    bytes = event.data.len();
                    rows.push(Self::holding(event));
                }
            }
        }
        rows
    }

    fn holding(event: EventEnvelope) -> Self {
        let at = Timestamp { time: 0, increment: 0 };
        Self { id: RowId(ObjectId::new()), at, events: vec![event.into()] }
    }
}

/// An event, as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EventDocument {
    id: Uuid,
    topic: String,
    kind: String,
    schema: u32,
    time: i64,
    subject: Uuid,
    version: i64,
    correlation: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    causation: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    extensions: Vec<(String, String)>,
    data: Binary,
}

impl From<EventEnvelope> for EventDocument {
    fn from(event: EventEnvelope) -> Self {
        Self {
            id: event.id.uuid().into(),
            topic: event.topic.name().to_owned(),
            kind: event.kind.into_owned(),
            schema: event.schema,
            time: event.time.millis(),
            subject: event.subject.into(),
            version: i64::try_from(event.version).unwrap_or(i64::MAX),
            correlation: event.origin.correlation.into(),
            causation: event.origin.causation.map(|id| id.uuid().into()),
            traceparent: event.origin.traceparent,
            extensions: event.extensions,
            data: Binary { subtype: BinarySubtype::Generic, bytes: event.data.into() },
        }
    }
}

impl TryFrom<EventDocument> for EventEnvelope {
    type Error = &'static str;

    fn try_from(event: EventDocument) -> Result<Self, &'static str> {
        Ok(Self {
            id: EventId::new(event.id.into()),
            topic: Topic::ALL.into_iter().find(|topic| topic.name() == event.topic).ok_or("an unknown topic")?,
            kind: event.kind.into(),
            schema: event.schema,
            time: time::Timestamp::from_millis(event.time),
            subject: event.subject.into(),
            version: u64::try_from(event.version).map_err(|_| "a negative version")?,
            origin: Origin {
                correlation: event.correlation.into(),
                causation: event.causation.map(|id| EventId::new(id.into())),
                traceparent: event.traceparent,
            },
            extensions: event.extensions,
            data: Bytes::from(event.data.bytes),
        })
    }
}

/// A place in the outbox: a row, and how many of its events lie before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) at: Timestamp,
    seen: u32,
}

impl Place {
    /// Behind the `nth` event of the row that was written at `at`.
    pub(super) fn behind(at: Timestamp, nth: usize) -> Self {
        Self { at, seen: u32::try_from(nth + 1).unwrap_or(u32::MAX) }
    }

    /// How many events of a row lie before it.
    pub(super) fn seen_of(self, row: &Row) -> usize {
        if row.at == self.at { self.seen as usize } else { 0 }
    }
}

impl From<Place> for OutboxCursor {
    fn from(Place { at: Timestamp { time, increment }, seen }: Place) -> Self {
        Self((u128::from(time) << 64) | (u128::from(increment) << 32) | u128::from(seen))
    }
}

impl From<OutboxCursor> for Place {
    fn from(OutboxCursor(cursor): OutboxCursor) -> Self {
        let part = |shift: u32| u32::try_from((cursor >> shift) & u128::from(u32::MAX)).unwrap_or(u32::MAX);
        Self { at: Timestamp { time: part(64), increment: part(32) }, seen: part(0) }
    }
}

pub(super) fn indexes() -> Indexes {
    let options = IndexOptions::builder().name(IN_ORDER.to_owned()).build();
    let in_order = IndexModel::builder().keys(doc! { "at": 1 }).options(options).build();
    Indexes { collection: COLLECTION, indexes: vec![in_order] }
}

/// Rows in order, as they were at a moment; without one, as they are now, and which moment that is.
pub(super) async fn find(
    rows: &Collection<Row>,
    filter: Document,
    limit: usize,
    snapshot: Option<Timestamp>,
) -> MongoResult<(Vec<Row>, Option<Timestamp>)> {
    let limit = i32::try_from(limit).unwrap_or(i32::MAX);
    let mut session = rows.client().start_session().snapshot(true).await?;
    if let Some(moment) = snapshot {
        session = rows.client().start_session().snapshot(true).snapshot_time(moment).await?;
    }
    // One batch holds them all, so the server keeps no cursor.
    let find = rows.find(filter).sort(doc! { "at": 1 }).limit(i64::from(limit)).batch_size(limit.unsigned_abs());
    // The session asks for the moment alone; the level would be the collection's.
    let mut cursor = find.read_concern(ReadConcern::snapshot()).session(&mut session).await?;
    let found = cursor.stream(&mut session).try_collect().await?;
    Ok((found, session.snapshot_time()))
}

/// Takes events out of their rows; rows that are empty then are gone.
///
/// Without `known` every row is looked through.
pub(super) async fn pull(rows: &Collection<Row>, known: Option<Vec<RowId>>, ids: &[EventId]) -> MongoResult<()> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid().into()).collect();
    let (with_any, by) = match known {
        Some(known) => (doc! { "_id": { "$in": known } }, "_id_"),
        None => (doc! { "events.id": { "$in": &ids } }, IN_ORDER),
    };
    let (mut empty, by) = (with_any.clone(), Hint::Name(by.to_owned()));
    let pull = doc! { "$pull": { "events": { "id": { "$in": ids } } } };
    rows.update_many(with_any, pull).hint(by.clone()).await?;
    empty.remove("events.id");
    empty.insert("events", doc! { "$size": 0 });
    rows.delete_many(empty).hint(by).await.map(drop)
}
