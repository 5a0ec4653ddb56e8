//! Committed events that are not published yet.
//!
//! The events of one commit are one document, a *row*: half the work of a
//! document for each event. Rows are ordered by the cluster time at which they
//! were written, which the server draws: it grows from an event to whatever was
//! decided after reading it, whichever process decided, and across elections.
//!
//! Rows of different aggregates may become visible out of that order. So a pass
//! over the outbox, from its start through all cursors, reads one snapshot: what
//! is committed behind its back comes with the next pass, and no version of an
//! aggregate is ever seen before the one below it.

pub(crate) mod event;
mod lease;
pub(crate) mod row;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bson::{Document, RawDocumentBuf, Timestamp, doc};
use mongodb::error::Result as MongoResult;
use mongodb::{Collection, Database};
use ticketing_core::domain::ids::EventId;
use ticketing_core::ports::outbox::{Lease, Outbox, OutboxCursor, PendingEvents};
use ticketing_core::ports::store::StoreError;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::client::{Indexes, detached};

use lease::Leases;
use row::{Row, RowId};

/// The outbox of one service. A clone is a handle to the same one.
#[derive(Clone)]
pub struct MongoOutbox {
    rows: Collection<RawDocumentBuf>,
    leases: Leases,
    reading: Arc<Mutex<Reading>>,
    committed: Arc<Notify>,
    poll_every: Duration,
}

impl std::fmt::Debug for MongoOutbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MongoOutbox").field("rows", &self.rows.namespace()).finish_non_exhaustive()
    }
}

/// What the pass that is under way knows.
#[derive(Debug, Default)]
struct Reading {
    /// The moment that it reads.
    snapshot: Option<Timestamp>,
    /// Where the events are that it handed out, so that a mark need not look for them.
    handed_out: HashMap<EventId, RowId>,
    /// How many events these rows had.
    lengths: HashMap<RowId, usize>,
    /// How many events a row had on average, when rows were last read.
    of_a_row: Option<usize>,
}

/// So many events a row are expected before any was read.
const EXPECTED: usize = 16;
/// No more rows are read at once, because they may be much longer than those before them.
const MOST_ROWS: usize = 512;

impl MongoOutbox {
    pub(crate) fn new(database: &Database, poll_every: Duration) -> Self {
        Self {
            rows: database.collection(row::COLLECTION),
            leases: Leases::new(database),
            reading: Arc::default(),
            committed: Arc::default(),
            poll_every,
        }
    }

    pub(crate) fn indexes() -> Vec<Indexes> {
        vec![row::indexes(), lease::indexes()]
    }

    /// Wakes the relay of this process.
    pub(crate) fn committed(&self) {
        self.committed.notify_one();
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rows behind a place, as they were at the moment that the pass reads.
    async fn read(&self, after: Option<row::Place>, limit: usize) -> Result<Vec<Row>, StoreError> {
        let snapshot = after.and_then(|_| self.reading().snapshot);
        let rows = self.rows.clone();
        let filter = after.map_or_else(Document::new, |place| doc! { "at": { "$gte": place.at } });
        let (found, snapshot) = detached(async move { row::find(&rows, filter, limit, snapshot).await }).await?;
        let rows = row::read(found)?;
        let mut reading = self.reading();
        if after.is_none() {
            *reading = Reading { of_a_row: reading.of_a_row, ..Reading::default() };
        }
        reading.snapshot = snapshot;
        let events: usize = rows.iter().map(|row| row.events.len()).sum();
        reading.of_a_row = events.checked_div(rows.len()).or(reading.of_a_row);
        Ok(rows)
    }

    /// How many rows are likely to hold so many events.
    fn rows_for(&self, max: usize) -> usize {
        let each = self.reading().of_a_row.unwrap_or(EXPECTED);
        (max.div_ceil(each.max(1)) + 1).min(MOST_ROWS)
    }
}

#[async_trait]
impl Outbox for MongoOutbox {
    fn survives_restart(&self) -> bool {
        true
    }

    async fn lease(&self, owner: Uuid, span: Duration) -> Result<Option<Lease>, StoreError> {
        self.leases.take(owner, span).await
    }

    async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        self.leases.release(lease).await
    }

    async fn pending(&self, after: Option<OutboxCursor>, max: usize) -> Result<PendingEvents, StoreError> {
        let place = after.map(row::Place::from);
        let rows = self.read(place, self.rows_for(max)).await?;
        let mut pending = PendingEvents::default();
        let mut reading = self.reading();
        for row in rows {
            let seen = place.map_or(0, |place| place.seen_of(&row));
            reading.lengths.insert(row.id, row.events.len());
            let left = max - pending.events.len();
            if row.events.len() - seen.min(row.events.len()) > left && !pending.events.is_empty() {
                // A row that is marked in one piece is forgotten in one.
                break;
            }
            for (nth, event) in row.events.into_iter().enumerate().skip(seen).take(left) {
                reading.handed_out.insert(event.id, row.id);
                pending.events.push(event);
                pending.end = Some(row::Place::behind(row.at, nth).into());
            }
        }
        Ok(pending)
    }

    async fn mark_published(&self, lease: Lease, ids: &[EventId]) -> Result<(), StoreError> {
        if !self.leases.is_held(lease).await? {
            return Err(StoreError::Conflict(Vec::new()));
        }
        // Losing the lease from here on does no harm: the transport has these events.
        let marks = self.reading().marks(ids);
        let rows = self.rows.clone();
        detached(async move { marks.apply(&rows).await }).await
    }

    async fn wait(&self) {
        let polled = async {
            loop {
                tokio::time::sleep(self.poll_every).await;
                let rows = self.rows.clone();
                let found = detached(async move { rows.find_one(doc! {}).sort(doc! { "at": 1 }).await }).await;
                // If it cannot be told, the next step meets the same failure and waits after that.
                if !matches!(found, Ok(None)) {
                    return;
                }
            }
        };
        tokio::select! {
            () = self.committed.notified() => {}
            () = polled => {}
        }
    }
}

/// What a mark does to the rows.
#[derive(Debug, Default)]
struct Marks {
    /// All of their events are published.
    whole: Vec<RowId>,
    /// Some of them are, these among them.
    split: Vec<RowId>,
    some: Vec<EventId>,
    /// Handed out by another pass, or another process.
    strange: Vec<EventId>,
}

impl Reading {
    /// Sorts events that are published by what becomes of their rows.
    fn marks(&mut self, ids: &[EventId]) -> Marks {
        let mut marks = Marks::default();
        let mut of_row: HashMap<RowId, Vec<EventId>> = HashMap::new();
        for id in ids {
            match self.handed_out.remove(id) {
                Some(row) => of_row.entry(row).or_default().push(*id),
                None => marks.strange.push(*id),
            }
        }
        for (row, ids) in of_row {
            let length = self.lengths.entry(row).or_default();
            *length = length.saturating_sub(ids.len());
            if *length == 0 {
                marks.whole.push(row);
                self.lengths.remove(&row);
            } else {
                marks.split.push(row);
                marks.some.extend(ids);
            }
        }
        marks
    }
}

impl Marks {
    async fn apply(self, rows: &Collection<RawDocumentBuf>) -> MongoResult<()> {
        if !self.whole.is_empty() {
            rows.delete_many(doc! { "_id": { "$in": self.whole } }).await?;
        }
        if !self.split.is_empty() {
            row::pull(rows, Some(self.split), &self.some).await?;
        }
        if !self.strange.is_empty() {
            row::pull(rows, None, &self.strange).await?;
        }
        Ok(())
    }
}
