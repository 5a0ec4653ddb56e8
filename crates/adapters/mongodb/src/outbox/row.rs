//! A row of the outbox: the events of one commit, or a part of them.

use std::fmt;

use bson::error::Error as RawError;
use bson::oid::ObjectId;
use bson::raw::{RawBsonRef, cstr};
use bson::{Bson, Document, RawDocument, RawDocumentBuf, Timestamp, Uuid, doc};
use bytes::Bytes;
use futures::TryStreamExt;
use mongodb::Collection;
use mongodb::error::Result as MongoResult;
use mongodb::options::{Hint, ReadConcern, SessionOptions};
use serde::{Deserialize, Serialize};
use ticketing_core::domain::ids::EventId;
use ticketing_core::ports::outbox::OutboxCursor;
use ticketing_core::ports::store::StoreError;
use ticketing_core::ports::unreadable::Unreadable;
use ticketing_core::wire::EventEnvelope;

use crate::client::Indexes;
use crate::document::{self, Wrong};

use super::event::EventDocument;

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

/// Events that were committed together, in order, as they lie in the database.
#[derive(Debug, Serialize)]
struct RowDocument<'a> {
    #[serde(rename = "_id")]
    id: RowId,
    /// Written as zero, which the server replaces by its cluster time.
    at: Timestamp,
    events: Vec<EventDocument<'a>>,
}

/// Events that were committed together, in order.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: RowId,
    pub(super) at: Timestamp,
    pub(super) events: Vec<EventEnvelope>,
}

/// Rows for these events, in order.
pub(crate) fn encoded(events: &[EventEnvelope]) -> Result<Vec<RawDocumentBuf>, StoreError> {
    let mut bytes = 0;
    let in_one_row = |one: &EventEnvelope, _: &EventEnvelope| {
        bytes += one.data.len();
        let fits = bytes < MAX_BYTES;
        if !fits {
            bytes = 0;
        }
        fits
    };
    let rows = events.chunk_by(in_one_row).flat_map(|row| row.chunks(MAX_EVENTS));
    rows.map(|events| {
        let (id, at) = (RowId(ObjectId::new()), Timestamp { time: 0, increment: 0 });
        document::encoded(&RowDocument { id, at, events: events.iter().map(EventDocument::of).collect() })
    })
    .collect()
}

impl Row {
    /// Reads a row. Payloads are parts of it and not copied.
    fn read(document: RawDocumentBuf) -> Result<Self, StoreError> {
        let bytes = Bytes::from(document.into_bytes());
        let no_row = |error: RawError| StoreError::Corrupt(error.into());
        let row = RawDocument::from_bytes(&bytes).map_err(no_row)?;
        let (id, at) = head(row).ok_or_else(|| unreadable(&"?", "a row without a name or a time"))?;
        let events = row.get(cstr!("events")).map_err(no_row)?.and_then(RawBsonRef::as_array);
        let events = events.ok_or_else(|| unreadable(&id, "no events"))?.into_iter().map(|event| {
            let event = event.map_err(|_| "no BSON")?.as_document().ok_or("an event that is no document")?;
            EventDocument::read(event)?.into_envelope(|data| bytes.slice_ref(data))
        });
        Ok(Self { id, at, events: events.collect::<Result<_, _>>().map_err(|what| unreadable(&id, what))? })
    }
}

fn head(row: &RawDocument) -> Option<(RowId, Timestamp)> {
    let id = row.get(cstr!("_id")).ok()??.as_object_id()?;
    Some((RowId(id), row.get(cstr!("at")).ok()??.as_timestamp()?))
}

fn unreadable(id: &dyn fmt::Display, what: Wrong) -> StoreError {
    Unreadable { collection: COLLECTION, id: id.to_string(), what: what.to_owned() }.into()
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
    Indexes { collection: COLLECTION, indexes: vec![document::index(IN_ORDER, doc! { "at": 1 })] }
}

/// Rows in order, as they were at a moment; without one, as they are now, and which moment that is.
pub(super) async fn find(
    rows: &Collection<RawDocumentBuf>,
    filter: Document,
    limit: usize,
    snapshot: Option<Timestamp>,
) -> MongoResult<(Vec<RawDocumentBuf>, Option<Timestamp>)> {
    let limit = i32::try_from(limit).unwrap_or(i32::MAX);
    let mut options = SessionOptions::default();
    (options.snapshot, options.snapshot_time) = (Some(true), snapshot);
    let mut session = rows.client().start_session().with_options(options).await?;
    // One batch holds them all, so the server keeps no cursor.
    let find = rows.find(filter).sort(doc! { "at": 1 }).limit(i64::from(limit)).batch_size(limit.unsigned_abs());
    // The session asks for the moment alone; the level would be the collection's.
    let mut cursor = find.read_concern(ReadConcern::snapshot()).session(&mut session).await?;
    let found = cursor.stream(&mut session).try_collect().await?;
    Ok((found, session.snapshot_time()))
}

/// Reads what was found.
pub(super) fn read(found: Vec<RawDocumentBuf>) -> Result<Vec<Row>, StoreError> {
    found.into_iter().map(Row::read).collect()
}

/// Takes events out of their rows; rows that are empty then are gone.
///
/// Without `known` every row is looked through.
pub(super) async fn pull(
    rows: &Collection<RawDocumentBuf>,
    known: Option<Vec<RowId>>,
    ids: &[EventId],
) -> MongoResult<()> {
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
