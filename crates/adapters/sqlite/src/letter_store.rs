//! The notifications service's store.

mod alerts;
mod letter;
mod replica;

use async_trait::async_trait;
use rusqlite::Connection;
use rusqlite::types::Value;
use ticketing_core::domain::alert::{Candidate, Filed, Handle};
use ticketing_core::domain::ids::{LetterId, OrderId, TicketId};
use ticketing_core::domain::letter::Letter;
use ticketing_core::domain::order::Order;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::letter_store::{LetterNeeds, LetterRecord, LetterRecords, LetterStore};
use ticketing_core::ports::store::{CommitToken, Page, StoreError, Stored, UnitOfWork, Write};
use ticketing_core::ports::unreadable::Listed;

use crate::commit::Change;
use crate::document::blob;
use crate::error::Failure;
use crate::file::SqliteFile;
use crate::outbox::SqliteOutbox;
use crate::store::{self, Query, Store};

pub(crate) use alerts::{AlertsDocument, EntryDocument};
pub(crate) use letter::LetterDocument;
pub(crate) use replica::{OrderReplica, TicketReplica};

/// Keeps letters and alerts, and replicas of orders and tickets, in the file. A clone is a handle to the same store.
///
/// A letter is removed 30 days after it was sent or dropped, when others are.
#[derive(Debug, Clone)]
pub struct SqliteLetterStore(Store);

impl SqliteLetterStore {
    pub(crate) fn of(file: &SqliteFile, outbox: SqliteOutbox) -> Self {
        Self(Store::of(file, outbox))
    }

    /// The events of this store that are not marked yet.
    #[must_use]
    pub fn outbox(&self) -> SqliteOutbox {
        self.0.outbox()
    }
}

#[async_trait]
impl LetterStore for SqliteLetterStore {
    async fn load(&self, needs: &LetterNeeds) -> Result<LetterRecords, StoreError> {
        let needs = needs.clone();
        self.0.find(move |connection| load(connection, &needs)).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Stored<Letter>>, StoreError> {
        self.0.list(move |connection| due(connection, now, limit)).await
    }

    async fn orders_of(&self, ticket: TicketId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        self.0.list(move |connection| orders_of(connection, ticket, page)).await
    }

    async fn alerts_under(&self, handles: &[Handle], page: Page<Filed>) -> Result<Vec<Candidate>, StoreError> {
        let handles = handles.iter().copied().collect();
        self.0.find(move |connection| alerts::under(connection, &handles, page)).await
    }

    async fn commit(&self, work: UnitOfWork<LetterRecord>) -> Result<CommitToken, StoreError> {
        let changes = work.writes.into_iter().map(change).collect::<Result<_, _>>()?;
        self.0.commit(changes, work.events).await
    }
}

fn change(write: Write<LetterRecord>) -> Result<Change, StoreError> {
    match write.record {
        LetterRecord::Letter(letter) => letter::change(&letter, write.replaces),
        LetterRecord::Order(order) => replica::of_order(&order, write.replaces),
        LetterRecord::Ticket(ticket) => replica::of_ticket(ticket, write.replaces),
        LetterRecord::Alerts(alerts) => alerts::change(&alerts, write.replaces),
        LetterRecord::Entry(entry) => alerts::of_entry(entry, write.replaces),
    }
}

fn load(connection: &Connection, needs: &LetterNeeds) -> Result<LetterRecords, Failure> {
    Ok(LetterRecords {
        letters: store::by_ids::<LetterDocument>(connection, needs.letters.iter().map(|id| id.uuid()))?,
        orders: store::by_ids::<OrderReplica>(connection, needs.orders.iter().map(|id| id.uuid()))?,
        tickets: store::by_ids::<TicketReplica>(connection, needs.tickets.iter().map(|id| id.uuid()))?,
        alerts: store::by_ids::<AlertsDocument>(connection, needs.alerts.iter().map(|id| id.uuid()))?,
        entries: store::by_ids::<EntryDocument>(connection, needs.entries.iter().map(|id| id.uuid()))?,
    })
}

/// The existing letters with these ids.
pub(crate) fn letters(connection: &Connection, ids: &[LetterId]) -> Result<Listed<Letter>, Failure> {
    let mut listed = Listed::default();
    for id in ids {
        let query = Query { rest: "FROM letters WHERE id = ?1".to_owned(), params: vec![blob(id.uuid())] };
        let Listed { records, unreadable } = store::list::<LetterDocument>(connection, &query, 1)?;
        listed.records.extend(records);
        listed.unreadable.extend(unreadable);
    }
    Ok(listed)
}

pub(crate) fn due(connection: &Connection, now: Timestamp, limit: usize) -> Result<Listed<Stored<Letter>>, Failure> {
    let rest = "FROM letters WHERE due_at IS NOT NULL AND due_at <= ?1 ORDER BY due_at, id".to_owned();
    let query = Query { rest, params: vec![Value::Integer(now.millis())] };
    store::list_stored::<LetterDocument>(connection, &query, limit)
}

fn orders_of(connection: &Connection, ticket: TicketId, page: Page<OrderId>) -> Result<Listed<Order>, Failure> {
    let mut params = vec![blob(ticket.uuid())];
    params.extend(page.after.map(|after| blob(after.uuid())));
    let behind = page.after.map_or("", |_| "AND id > ?2");
    let rest = format!("FROM order_replicas WHERE ticket = ?1 {behind} ORDER BY id");
    store::list::<OrderReplica>(connection, &Query { rest, params }, page.limit)
}
