//! A row of the outbox: the events of one commit, or a part of them.

use std::time::Duration;

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
use ticketing_core::domain::time::Timestamp as DomainTimestamp;
use ticketing_core::ports::outbox::{Backlog, OutboxCursor};
use ticketing_core::ports::store::StoreError;
use ticketing_core::wire::EventEnvelope;

use crate::client::Indexes;
use crate::document::{self, Wrong};

use super::event::EventDocument;

pub(crate) const COLLECTION: &str = "outbox";
const IN_ORDER: &str = "in_order";

/// The most events of a row, so that a row is little beside what a relay reads at once.
const MAX_EVENTS: usize = 128;
/// How long the server may look for what waits.
const BACKLOG_WITHIN: Duration = Duration::from_secs(1);
/// The most bytes of payload in a row of several events; a document holds 16 MB.
const MAX_BYTES: usize = 1 << 20;

/// What a row is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct RowId(ObjectId);

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

/// Events that were committed together, in order, as far as they can be read.
#[derive(Debug)]
pub(super) struct Row {
    /// What the row is called in the log.
    pub(super) name: String,
    /// By which it is marked; a row without one stays.
    pub(super) id: Option<RowId>,
    pub(super) at: Timestamp,
    pub(super) events: Vec<Result<EventEnvelope, Damaged>>,
}

/// An event that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged {
    /// Whose later events wait for it, if that can be read.
    pub(super) subject: Option<Uuid>,
    pub(super) what: Wrong,
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
    /// Reads a row; `None` if it has no place in the order. Payloads are parts of it and not copied.
    pub(super) fn read(document: RawDocumentBuf) -> Option<Self> {
        let bytes = Bytes::from(document.into_bytes());
        let row = RawDocument::from_bytes(&bytes).ok()?;
        let at = row.get(cstr!("at")).ok()??.as_timestamp()?;
        let id = row.get(cstr!("_id")).ok().flatten().and_then(RawBsonRef::as_object_id).map(RowId);
        let mut events = events(row, &bytes);
        if id.is_none() {
            // What cannot be marked would be published again and again.
            for event in &mut events {
                let subject = event.as_ref().map_or_else(|damaged| damaged.subject, |event| Some(event.subject.into()));
                *event = Err(Damaged { subject, what: "a row that cannot be named" });
            }
        }
        Some(Self { name: document::id(row), id, at, events })
    }

    /// Behind all of its events.
    pub(super) fn end(&self) -> Place {
        Place::behind(self.at, self.events.len().saturating_sub(1))
    }
}

fn events(row: &RawDocument, bytes: &Bytes) -> Vec<Result<EventEnvelope, Damaged>> {
    let Ok(Some(RawBsonRef::Array(events))) = row.get(cstr!("events")) else {
        return vec![Err(Damaged { subject: None, what: "no events" })];
    };
    let read = |event: Result<RawBsonRef<'_>, RawError>| {
        let event = event.ok().and_then(RawBsonRef::as_document);
        let event = event.ok_or(Damaged { subject: None, what: "an event that is no document" })?;
        let damaged = |what| Damaged { subject: subject(event), what };
        EventDocument::read(event).map_err(damaged)?.into_envelope(|data| bytes.slice_ref(data)).map_err(damaged)
    };
    events.into_iter().map(read).collect()
}

/// Whose event it is, also where the rest of it cannot be read.
fn subject(event: &RawDocument) -> Option<Uuid> {
    let subject = event.get(cstr!("subject")).ok()??.as_binary()?;
    Some(Uuid::from_bytes(subject.bytes.try_into().ok()?))
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

/// How many rows wait, up to `most`, and since when: read from the index, and at most one row.
pub(super) async fn backlog(rows: &Collection<RawDocumentBuf>, filter: Document, most: usize) -> MongoResult<Backlog> {
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    let count = rows.count_documents(filter.clone()).limit(most).hint(Hint::Name(IN_ORDER.to_owned()));
    let (within, sort) = (BACKLOG_WITHIN, doc! { "at": 1 });
    let entries = count.max_time(within).await?;
    let oldest = rows.find_one(filter).sort(sort).projection(doc! { "at": 1 }).max_time(within).await?;
    let at = oldest.and_then(|row| row.get_timestamp(cstr!("at")).ok());
    let oldest = at.map(|at| DomainTimestamp::from_millis(i64::from(at.time) * 1000));
    Ok(Backlog { entries: usize::try_from(entries).unwrap_or(usize::MAX), oldest })
}

/// Forgets rows that have no events: a crash came between taking out the last of them and this.
pub(super) async fn forget_empty(rows: &Collection<RawDocumentBuf>, ids: Vec<RowId>) -> MongoResult<()> {
    rows.delete_many(doc! { "_id": { "$in": ids }, "events": { "$size": 0 } }).await.map(drop)
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
