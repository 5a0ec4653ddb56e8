//! The events that a service committed and that its relay has not marked.
//!
//! They are in the log already, and so on their way: an event is committed and published by one transaction. What is left
//! for a relay is to mark them, so that a marketplace over another transport can use the same stores.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension};
use ticketing_core::domain::ids::EventId;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::outbox::{Backlog, Lease, Outbox, OutboxCursor, OutboxView, PendingEvents};
use ticketing_core::ports::store::StoreError;
use ticketing_core::ports::transport::Arrival;
use ticketing_core::ports::unreadable::Unreadable;
use ticketing_core::wire::EventEnvelope;
use uuid::Uuid;

use crate::document::{blob, limit};
use crate::error::Failure;
use crate::file::SqliteFile;
use crate::news::News;
use crate::transport::SqliteBroker;
use crate::transport::message::{self, Appending, Kept};

/// The outbox of one store, as `outbox()` of the store hands it out. A clone is a handle to the same outbox.
#[derive(Debug, Clone)]
pub struct SqliteOutbox {
    file: SqliteFile,
    broker: SqliteBroker,
    service: &'static str,
    state: Arc<Mutex<State>>,
    committed: Arc<News>,
}

/// One process has the file, and a lease ends with it: it need not be kept there.
#[derive(Debug, Default)]
struct State {
    lease: Option<(Lease, Timestamp)>,
    epoch: u64,
    /// Of the pass under way: whose events wait for one that cannot be read.
    held: HashMap<String, i64>,
}

impl SqliteOutbox {
    pub(crate) fn of(broker: &SqliteBroker, service: &'static str) -> Self {
        let (file, broker) = (broker.file().clone(), broker.clone());
        Self { file, broker, service, state: Arc::default(), committed: Arc::default() }
    }

    /// Events of a commit, ready to be written.
    pub(crate) fn appending(&self, events: Vec<EventEnvelope>) -> Result<Appending, StoreError> {
        Appending::of(events, Some(self.service))
    }

    /// Wakes those who wait for events: some were committed.
    pub(crate) fn ring(&self, events: usize) {
        self.committed.ring();
        self.broker.ring(events);
    }

    fn is_held(&self, lease: Lease) -> bool {
        let now = self.file.clock.now();
        self.state.lock().lease.is_some_and(|(held, until)| held == lease && now < until)
    }
}

#[async_trait]
impl OutboxView for SqliteOutbox {
    async fn backlog(&self, most: usize) -> Result<Backlog, StoreError> {
        let service = self.service;
        Ok(self.file.read(move |connection| backlog(connection, service, most)).await?)
    }
}

#[async_trait]
impl Outbox for SqliteOutbox {
    fn survives_restart(&self) -> bool {
        true
    }

    async fn lease(&self, owner: Uuid, span: Duration) -> Result<Option<Lease>, StoreError> {
        let now = self.file.clock.now();
        Ok(self.state.lock().lease(owner, now, span))
    }

    async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        self.state.lock().lease.take_if(|(held, _)| *held == lease);
        Ok(())
    }

    async fn pending(&self, after: Option<OutboxCursor>, max: usize) -> Result<PendingEvents, StoreError> {
        self.committed.look();
        let held = match after {
            Some(_) => self.state.lock().held.clone(),
            None => HashMap::new(),
        };
        let behind = after.map_or(0, |OutboxCursor(cursor)| i64::try_from(cursor).unwrap_or(i64::MAX));
        let service = self.service;
        let pass = Pass { held, pending: PendingEvents::default(), unreadable: Vec::new() };
        let pass = self.file.read(move |connection| pass.read(connection, service, behind, max)).await?;
        pass.unreadable.iter().for_each(|unreadable| self.file.unreadable.tell(unreadable));
        self.state.lock().held = pass.held;
        Ok(pass.pending)
    }

    async fn mark_published(&self, lease: Lease, ids: &[EventId]) -> Result<(), StoreError> {
        let (outbox, ids) = (self.state.clone(), ids.to_vec());
        let (clock, service) = (Arc::clone(&self.file.clock), self.service);
        let work = move |connection: &Connection| {
            let now = clock.now();
            if !outbox.lock().lease.is_some_and(|(held, until)| held == lease && now < until) {
                return Err(Failure::Conflict(Vec::new()));
            }
            mark(connection, service, &ids)
        };
        if !self.is_held(lease) {
            return Err(StoreError::Conflict(Vec::new()));
        }
        Ok(self.file.write(work).await?)
    }

    async fn wait(&self) {
        self.committed.wait().await;
    }
}

impl State {
    fn lease(&mut self, owner: Uuid, now: Timestamp, span: Duration) -> Option<Lease> {
        let lease = match self.lease {
            Some((held, until)) if held.owner == owner && now < until => held,
            Some((_, until)) if now < until => return None,
            _ => {
                self.epoch += 1;
                Lease { owner, epoch: self.epoch }
            }
        };
        self.lease = Some((lease, now.after(span)));
        Some(lease)
    }
}

/// A read of what is pending, and what was met on the way.
struct Pass {
    held: HashMap<String, i64>,
    pending: PendingEvents,
    unreadable: Vec<Unreadable>,
}

impl Pass {
    fn read(mut self, connection: &Connection, service: &str, behind: i64, max: usize) -> Result<Self, Failure> {
        let sql = "SELECT log.position, log.topic, log.key, log.headers, log.body FROM outbox JOIN log USING (position)
             WHERE outbox.service = ?1 AND outbox.position > ?2 ORDER BY outbox.position";
        let mut select = connection.prepare_cached(sql)?;
        let mut rows = select.query((service, behind))?;
        while self.pending.events.len() < max
            && let Some(row) = rows.next()?
        {
            self.take(message::read(row)?);
        }
        Ok(self)
    }

    fn take(&mut self, Kept { position, arrival }: Kept) {
        let key = arrival.key();
        let is_held = self.held.get(&key).is_some_and(|from| *from < position);
        match arrival {
            Arrival::Event(event) if !is_held => {
                self.pending.events.push(event);
                self.pending.end = Some(OutboxCursor(u128::from(position.unsigned_abs())));
            }
            Arrival::Event(_) => {}
            Arrival::Undecodable { reason, .. } => {
                self.unreadable.push(Unreadable { collection: "outbox", id: position.to_string(), what: reason.what });
                self.held.entry(key).or_insert(position);
            }
        }
    }
}

fn backlog(connection: &Connection, service: &str, most: usize) -> Result<Backlog, Failure> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE service = ?1 LIMIT ?2)";
    let entries: i64 = connection.prepare_cached(sql)?.query_row((service, limit(most)), |row| row.get(0))?;
    let sql = "SELECT at FROM log WHERE position = (SELECT min(position) FROM outbox WHERE service = ?1)";
    let oldest = connection.prepare_cached(sql)?.query_row([service], |row| row.get(0)).optional()?;
    Ok(Backlog { entries: usize::try_from(entries).unwrap_or(0), oldest: oldest.map(Timestamp::from_millis) })
}

fn mark(connection: &Connection, service: &str, ids: &[EventId]) -> Result<(), Failure> {
    let sql = "DELETE FROM outbox WHERE position = (SELECT position FROM log WHERE event = ?1) AND service = ?2";
    let mut delete = connection.prepare_cached(sql)?;
    for id in ids {
        delete.execute((blob(id.uuid()), Value::Text(service.to_owned())))?;
    }
    Ok(())
}
