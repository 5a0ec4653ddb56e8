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
mod polling;
pub(crate) mod row;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bson::{Document, RawDocumentBuf, Timestamp, doc};
use mongodb::error::Result as MongoResult;
use mongodb::{Collection, Database};
use parking_lot::{Mutex, MutexGuard};
use ticketing_core::domain::ids::EventId;
use ticketing_core::ports::outbox::{Backlog, Lease, Outbox, OutboxCursor, OutboxView, PendingEvents};
use ticketing_core::ports::store::StoreError;
use ticketing_core::ports::unreadable::{PassedBy, Unreadable};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::client::{Indexes, MongoClient, detached};

use lease::Leases;
use polling::Polling;
use row::{Place, Row, RowId};

/// The outbox of one service. A clone is a handle to the same one.
#[derive(Clone)]
pub struct MongoOutbox {
    rows: Collection<RawDocumentBuf>,
    leases: Leases,
    reading: Arc<Mutex<Reading>>,
    committed: Arc<Notify>,
    polling: Arc<Mutex<Polling>>,
    passed_by: PassedBy,
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
    /// Whose events wait for one that cannot be read.
    held: HashSet<Uuid>,
    /// The last row that stays because of it.
    stays: Option<Timestamp>,
    /// What cannot be read and was not logged yet.
    found: Vec<Unreadable>,
}

/// How long a relay waits where rows stay that cannot be read, before it looks at all of them again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// So many events a row are expected before any was read.
const EXPECTED: usize = 16;
/// No more rows are read at once, because they may be much longer than those before them.
const MOST_ROWS: usize = 512;

impl MongoOutbox {
    pub(crate) fn new(database: &Database, client: &MongoClient) -> Self {
        Self {
            rows: database.collection(row::COLLECTION),
            leases: Leases::new(database),
            reading: Arc::default(),
            committed: Arc::default(),
            polling: Arc::new(Mutex::new(Polling::new(client.config.poll_every))),
            passed_by: client.passed_by(),
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
        self.reading.lock()
    }

    /// Rows behind a place, as they were at the moment that the pass reads.
    async fn read(&self, after: Option<Place>, limit: usize) -> Result<Vec<Row>, StoreError> {
        let snapshot = after.and_then(|_| self.reading().snapshot);
        let rows = self.rows.clone();
        let filter = in_order_from(after.map_or(BEGINNING, |place| place.at));
        let (found, snapshot) = detached(async move { row::find(&rows, filter, limit, snapshot).await }).await?;
        let rows: Vec<Row> = found.into_iter().filter_map(Row::read).collect();
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

    /// Hands out the events of rows behind a place, as far as they are wanted.
    fn hand_out(&self, rows: Vec<Row>, after: Option<Place>, max: usize) -> PendingEvents {
        let mut pending = PendingEvents::default();
        let mut reading = self.reading();
        for row in rows {
            let seen = after.map_or(0, |place| place.seen_of(&row)).min(row.events.len());
            let left = max - pending.events.len();
            if row.events.len() - seen > left && !pending.events.is_empty() {
                // A row that is marked in one piece is forgotten in one.
                break;
            }
            reading.hand_out(Unseen { row, after: seen }, &mut pending, max);
        }
        for unreadable in reading.found.drain(..) {
            self.passed_by.tell(&unreadable);
        }
        pending
    }

    async fn forget_empty(&self, rows: &[Row]) {
        let empty: Vec<RowId> = rows.iter().filter(|row| row.events.is_empty()).filter_map(|row| row.id).collect();
        if empty.is_empty() {
            return;
        }
        let rows = self.rows.clone();
        if let Err(error) = detached(async move { row::forget_empty(&rows, empty).await }).await {
            // The next pass finds them again.
            tracing::debug!(cause = %error, "empty rows of the outbox could not be forgotten");
        }
    }

    /// Whether rows stay, because they cannot be read.
    fn keeps_rows(&self) -> bool {
        self.reading().stays.is_some()
    }

    /// Whether there are rows that the last pass did not leave behind.
    async fn has_news(&self) -> bool {
        let (rows, from) = (self.rows.clone(), self.reading().waiting_from());
        let found = detached(async move { rows.find_one(in_order_from(from)).sort(doc! { "at": 1 }).await }).await;
        // If it cannot be reported, the next step meets the same failure and waits after that.
        !matches!(found, Ok(None))
    }
}

/// Before the first row.
const BEGINNING: Timestamp = Timestamp { time: 0, increment: 0 };

/// Rows from a moment on; one without a moment is in no order, and the audit counts it.
fn in_order_from(at: Timestamp) -> Document {
    doc! { "at": { "$gte": at } }
}

#[async_trait]
impl OutboxView for MongoOutbox {
    async fn backlog(&self, most: usize) -> Result<Backlog, StoreError> {
        let rows = self.rows.clone();
        detached(async move { row::backlog(&rows, in_order_from(BEGINNING), most).await }).await
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
        let mut place = after.map(Place::from);
        loop {
            let wanted = self.rows_for(max);
            let rows = self.read(place, wanted).await?;
            self.forget_empty(&rows).await;
            let end = rows.last().map(Row::end);
            let is_end = rows.len() < wanted || end == place;
            let pending = self.hand_out(rows, place, max);
            // What is behind rows that have nothing to hand out is not to wait for them.
            if is_end || max == 0 || !pending.events.is_empty() {
                return Ok(pending);
            }
            place = end;
        }
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
            let began_at = Instant::now();
            loop {
                let pause = self.polling.lock().pause(Instant::now());
                tokio::time::sleep(pause).await;
                if self.has_news().await {
                    self.polling.lock().found(Instant::now());
                    return;
                }
                // A row that stays, because it cannot be read, does not hide one that becomes visible late.
                if self.keeps_rows() && began_at.elapsed() >= LOOK_AGAIN {
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

/// What is left of a row behind the events that a pass had handed out before.
struct Unseen {
    row: Row,
    after: usize,
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
    /// Hands out the events of a row that nothing holds back.
    fn hand_out(&mut self, Unseen { row, after }: Unseen, pending: &mut PendingEvents, max: usize) {
        self.lengths.extend(row.id.map(|id| (id, row.events.len())));
        for (nth, event) in row.events.into_iter().enumerate().skip(after) {
            if pending.events.len() == max {
                return;
            }
            match event {
                Ok(event) if self.held.contains(&event.subject) => self.stay_from(row.at),
                Ok(event) => {
                    self.handed_out.extend(row.id.map(|id| (event.id, id)));
                    pending.events.push(event);
                    pending.end = Some(Place::behind(row.at, nth).into());
                }
                Err(damaged) => {
                    self.held.extend(damaged.subject.map(Uuid::from));
                    self.stay_from(row.at);
                    let (collection, id, what) = (row::COLLECTION, row.name.clone(), damaged.what.to_owned());
                    self.found.push(Unreadable { collection, id, what });
                }
            }
        }
    }

    /// Notes that a row stays, though all behind it may be published.
    fn stay_from(&mut self, at: Timestamp) {
        self.stays = self.stays.max(Some(at));
    }

    /// From where on rows are news: all of them, unless some stay.
    fn waiting_from(&self) -> Timestamp {
        let behind = |at: Timestamp| Timestamp { increment: at.increment.saturating_add(1), ..at };
        self.stays.map_or(BEGINNING, behind)
    }

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
