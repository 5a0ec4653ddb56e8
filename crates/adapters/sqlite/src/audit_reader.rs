//! Everything that the services keep, for an audit.

use std::collections::BTreeMap;
use std::path::Path;

use async_trait::async_trait;
use rusqlite::Connection;
use ticketing_core::domain::admission::{Admission, Entrance};
use ticketing_core::domain::ids::{LetterId, OrderId, PaymentId, TicketId};
use ticketing_core::domain::letter::Letter;
use ticketing_core::domain::money::Money;
use ticketing_core::domain::order::Order;
use ticketing_core::domain::payment::{Payable, Payment};
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::ticket::{Listing, Ticket};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::audit_reader::{AdmissionReader, AuditReader, Charge, Ledger, LetterReader, Waiting};
use ticketing_core::ports::store::{Page, StoreError};
use ticketing_core::ports::unreadable::{Listed, Unreadable};
use uuid::Uuid;

use crate::document::{Record, blob, limit};
use crate::error::{Failure, SqliteError};
use crate::file::SqliteFile;
use crate::letter_store::{self, OrderReplica, TicketReplica};
use crate::order_store::{OrderDocument, StockDocument};
use crate::pass_store::{AdmissionDocument, EntranceDocument};
use crate::payment_store::{PayableDocument, PaymentDocument};
use crate::readers::Readers;
use crate::schema;
use crate::store::{self, Query};
use crate::ticket_store::ListingDocument;

/// Reads the stores of all services: of a file that is open here, as `SqliteEngines::audit_reader` hands it out, or beside
/// the process that has it open.
#[derive(Debug, Clone)]
pub struct SqliteAuditReader(Readers);

impl SqliteAuditReader {
    pub(crate) fn of(file: &SqliteFile) -> Self {
        Self(file.readers().clone())
    }

    /// Reads a file that another process may have open; it changes nothing.
    ///
    /// # Errors
    ///
    /// [`SqliteError`] if it is not there, cannot be read, or is of another release.
    pub async fn open(path: &Path) -> Result<Self, SqliteError> {
        let (path, named) = (path.to_owned(), path.to_owned());
        let opened = tokio::task::spawn_blocking(move || {
            schema::check(&path)?;
            Readers::open(&path, 1).map_err(|error| SqliteError::of(&path, error))
        });
        let opened = opened.await;
        opened.unwrap_or_else(|error| Err(SqliteError::Other { path: named, source: error.into() })).map(Self)
    }

    async fn page<R: Record>(&self, page: Page<Uuid>) -> Result<Listed<R::Domain>, StoreError> {
        let look = move |connection: &Connection| {
            let behind = page.after.map_or("", |_| "WHERE id > ?1");
            let rest = format!("FROM {} {behind} ORDER BY id", R::TABLE);
            let params = page.after.map(blob).into_iter().collect();
            store::list::<R>(connection, &Query { rest, params }, page.limit)
        };
        Ok(self.0.read(look).await?)
    }
}

fn after<I>(page: Page<I>, uuid: impl Fn(I) -> Uuid) -> Page<Uuid> {
    Page { after: page.after.map(uuid), limit: page.limit }
}

#[async_trait]
impl AuditReader for SqliteAuditReader {
    async fn listings(&self, page: Page<TicketId>) -> Result<Listed<Listing>, StoreError> {
        self.page::<ListingDocument>(after(page, TicketId::uuid)).await
    }

    async fn stocks(&self, page: Page<TicketId>) -> Result<Listed<Stock>, StoreError> {
        self.page::<StockDocument>(after(page, TicketId::uuid)).await
    }

    async fn orders(&self, page: Page<OrderId>) -> Result<Listed<Order>, StoreError> {
        self.page::<OrderDocument>(after(page, OrderId::uuid)).await
    }

    async fn payables(&self, page: Page<OrderId>) -> Result<Listed<Payable>, StoreError> {
        self.page::<PayableDocument>(after(page, OrderId::uuid)).await
    }

    async fn payments(&self, page: Page<PaymentId>) -> Result<Listed<Payment>, StoreError> {
        self.page::<PaymentDocument>(after(page, PaymentId::uuid)).await
    }

    async fn waiting(&self) -> Result<Vec<Waiting>, StoreError> {
        Ok(self.0.read(waiting).await?)
    }
}

#[async_trait]
impl AdmissionReader for SqliteAuditReader {
    async fn admissions(&self, page: Page<OrderId>) -> Result<Listed<Admission>, StoreError> {
        self.page::<AdmissionDocument>(after(page, OrderId::uuid)).await
    }

    async fn entrances(&self, page: Page<TicketId>) -> Result<Listed<Entrance>, StoreError> {
        self.page::<EntranceDocument>(after(page, TicketId::uuid)).await
    }
}

#[async_trait]
impl LetterReader for SqliteAuditReader {
    async fn order_replicas(&self, page: Page<OrderId>) -> Result<Listed<Order>, StoreError> {
        self.page::<OrderReplica>(after(page, OrderId::uuid)).await
    }

    async fn ticket_replicas(&self, page: Page<TicketId>) -> Result<Listed<Ticket>, StoreError> {
        self.page::<TicketReplica>(after(page, TicketId::uuid)).await
    }

    async fn letters(&self, ids: &[LetterId]) -> Result<Listed<Letter>, StoreError> {
        let ids = ids.to_vec();
        Ok(self.0.read(move |connection| letter_store::letters(connection, &ids)).await?)
    }

    async fn letters_due(&self, now: Timestamp, limit: usize) -> Result<Listed<Letter>, StoreError> {
        let due = self.0.read(move |connection| letter_store::due(connection, now, limit)).await?;
        Ok(due.map(|stored| stored.record))
    }
}

/// The books of the sandbox.
#[async_trait]
impl Ledger for SqliteAuditReader {
    async fn charges(&self, page: Page<PaymentId>) -> Result<Listed<Charge>, StoreError> {
        Ok(self.0.read(move |connection| charges(connection, page)).await?)
    }
}

fn charges(connection: &Connection, page: Page<PaymentId>) -> Result<Listed<Charge>, Failure> {
    let sql = "SELECT id, amount, currency, (SELECT sum(amount) FROM refunds WHERE attempt = attempts.id)
         FROM attempts WHERE reference IS NOT NULL AND id > ?1 ORDER BY id LIMIT ?2";
    let after = page.after.map_or(Uuid::nil(), PaymentId::uuid);
    let mut select = connection.prepare_cached(sql)?;
    let mut rows = select.query((blob(after), limit(page.limit)))?;
    let mut listed = Listed::default();
    while let Some(row) = rows.next()? {
        let (payment, amount) = (PaymentId::new(Uuid::from_bytes(row.get(0)?)), row.get::<_, i64>(1)?);
        let (currency, gone) = (row.get::<_, String>(2)?, row.get::<_, Option<i64>>(3)?);
        let what = || "an unknown currency".to_owned();
        let wrong = |_| Unreadable { collection: "attempts", id: payment.to_string(), what: what() };
        listed.take(currency.parse().map_err(wrong).map(|currency| {
            let total = Money { amount: amount.unsigned_abs(), currency };
            Some(Charge { payment, total, refunded: gone == Some(amount) })
        }));
    }
    Ok(listed)
}

/// A count and a time for each service.
struct Counted {
    service: String,
    count: u64,
    since: Option<Timestamp>,
}

fn counted(connection: &Connection, sql: &str) -> Result<Vec<Counted>, Failure> {
    let mut select = connection.prepare_cached(sql)?;
    let counted = select.query_map([], |row| {
        let since = row.get::<_, Option<i64>>(2)?.map(Timestamp::from_millis);
        Ok(Counted { service: row.get(0)?, count: row.get::<_, i64>(1)?.unsigned_abs(), since })
    })?;
    Ok(counted.collect::<Result<_, _>>()?)
}

/// A consumer is called like its service.
fn waiting(connection: &Connection) -> Result<Vec<Waiting>, Failure> {
    let unpublished = "SELECT service, count(*), min(at) FROM outbox JOIN log USING (position) GROUP BY service";
    let parked = "SELECT consumer, count(*), min(parked_at) FROM parked GROUP BY consumer";
    let mut services: BTreeMap<String, Waiting> = BTreeMap::new();
    for Counted { service, count, since } in counted(connection, unpublished)? {
        let waiting = of(&mut services, &service);
        (waiting.unpublished, waiting.unpublished_since) = (count, since);
    }
    for Counted { service, count, since } in counted(connection, parked)? {
        let waiting = of(&mut services, &service);
        (waiting.parked, waiting.parked_since) = (count, since);
    }
    Ok(services.into_values().collect())
}

fn of<'a>(services: &'a mut BTreeMap<String, Waiting>, name: &str) -> &'a mut Waiting {
    let nothing = || Waiting { service: name.to_owned(), ..Waiting::default() };
    services.entry(name.to_owned()).or_insert_with(nothing)
}
