//! The admissions service's store.

mod admission;
mod door_links;
mod entrance;

use std::collections::HashSet;

use async_trait::async_trait;
use rusqlite::Connection;
use rusqlite::types::Value;
use ticketing_core::domain::admission::{Admission, PassCounts};
use ticketing_core::domain::ids::{OrderId, TicketId};
use ticketing_core::ports::pass_store::{PassNeeds, PassRecord, PassRecords, PassStore};
use ticketing_core::ports::store::{CommitToken, Page, StoreError, UnitOfWork, Write};
use ticketing_core::ports::unreadable::Listed;
use uuid::Uuid;

use crate::commit::Change;
use crate::document::blob;
use crate::error::Failure;
use crate::file::SqliteFile;
use crate::outbox::SqliteOutbox;
use crate::store::{self, Query, Store};

pub(crate) use admission::AdmissionDocument;
pub(crate) use door_links::DoorLinksDocument;
pub(crate) use entrance::EntranceDocument;

/// Keeps admissions, entrances and door links in the file. A clone is a handle to the same store.
#[derive(Debug, Clone)]
pub struct SqlitePassStore(Store);

impl SqlitePassStore {
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
impl PassStore for SqlitePassStore {
    async fn load(&self, needs: &PassNeeds) -> Result<PassRecords, StoreError> {
        let needs = needs.clone();
        self.0.find(move |connection| load(connection, &needs)).await
    }

    async fn admissions_of(&self, ticket: TicketId, page: Page<OrderId>) -> Result<Vec<Admission>, StoreError> {
        self.0.list(move |connection| admissions_of(connection, ticket, page)).await
    }

    async fn counts(&self, ticket: TicketId) -> Result<PassCounts, StoreError> {
        self.0.find(move |connection| counts(connection, ticket)).await
    }

    async fn commit(&self, work: UnitOfWork<PassRecord>) -> Result<CommitToken, StoreError> {
        let changes = work.writes.into_iter().map(change).collect::<Result<_, _>>()?;
        self.0.commit(changes, work.events).await
    }
}

fn change(write: Write<PassRecord>) -> Result<Change, StoreError> {
    match write.record {
        PassRecord::Admission(admission) => admission::change(&admission, write.replaces),
        PassRecord::Entrance(entrance) => entrance::change(&entrance, write.replaces),
        PassRecord::DoorLinks(links) => door_links::change(&links, write.replaces),
    }
}

fn load(connection: &Connection, needs: &PassNeeds) -> Result<PassRecords, Failure> {
    let mut wanted: Vec<Uuid> = needs.admissions.iter().map(|order| order.uuid()).collect();
    for pass in &needs.passes {
        wanted.extend(store::ids(connection, "SELECT admission FROM passes WHERE id = ?1", &[blob(pass.uuid())])?);
    }
    for (ticket, code) in &needs.codes {
        let params = [blob(ticket.uuid()), Value::Text(code.as_str().to_owned())];
        wanted.extend(store::ids(connection, "SELECT admission FROM passes WHERE ticket = ?1 AND code = ?2", &params)?);
    }
    let mut seen = HashSet::new();
    wanted.retain(|id| seen.insert(*id));
    Ok(PassRecords {
        admissions: store::by_ids::<AdmissionDocument>(connection, wanted)?,
        entrances: store::by_ids::<EntranceDocument>(connection, needs.entrances.iter().map(|id| id.uuid()))?,
        door_links: store::by_ids::<DoorLinksDocument>(connection, needs.door_links.iter().map(|id| id.uuid()))?,
    })
}

fn admissions_of(connection: &Connection, ticket: TicketId, page: Page<OrderId>) -> Result<Listed<Admission>, Failure> {
    let mut params = vec![blob(ticket.uuid())];
    params.extend(page.after.map(|after| blob(after.uuid())));
    let behind = page.after.map_or("", |_| "AND id > ?2");
    let rest = format!("FROM admissions WHERE ticket = ?1 {behind} ORDER BY id");
    store::list::<AdmissionDocument>(connection, &Query { rest, params }, page.limit)
}

/// Read from the index alone.
fn counts(connection: &Connection, ticket: TicketId) -> Result<PassCounts, Failure> {
    let sql = "SELECT coalesce(sum(issued), 0), coalesce(sum(used), 0), coalesce(sum(voided), 0)
         FROM admissions WHERE ticket = ?1";
    let counts = connection.prepare_cached(sql)?.query_row([blob(ticket.uuid())], |row| {
        let count = |column| row.get::<_, i64>(column).map(|count| u64::try_from(count).unwrap_or(0));
        Ok(PassCounts { issued: count(0)?, used: count(1)?, voided: count(2)? })
    })?;
    Ok(counts)
}
