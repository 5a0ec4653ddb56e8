//! The payments service's store.

mod payable;
mod payment;

use std::collections::HashSet;
use std::ops::RangeInclusive;

use async_trait::async_trait;
use rusqlite::Connection;
use rusqlite::types::Value;
use ticketing_core::domain::ids::PaymentId;
use ticketing_core::domain::payment::Payment;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::payment_store::{PaymentNeeds, PaymentRecord, PaymentRecords, PaymentStore};
use ticketing_core::ports::store::{CommitToken, Page, StoreError, UnitOfWork, Write};
use ticketing_core::ports::unreadable::Listed;
use uuid::Uuid;

use crate::commit::Change;
use crate::document::blob;
use crate::error::Failure;
use crate::file::SqliteFile;
use crate::outbox::SqliteOutbox;
use crate::store::{self, Query, Store};

pub(crate) use payable::PayableDocument;
pub(crate) use payment::PaymentDocument;

/// Keeps payables and payments in the file. A clone is a handle to the same store.
#[derive(Debug, Clone)]
pub struct SqlitePaymentStore(Store);

impl SqlitePaymentStore {
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
impl PaymentStore for SqlitePaymentStore {
    async fn load(&self, needs: &PaymentNeeds) -> Result<PaymentRecords, StoreError> {
        let needs = needs.clone();
        self.0.find(move |connection| load(connection, &needs)).await
    }

    async fn unsettled(
        &self,
        young: RangeInclusive<Timestamp>,
        page: Page<PaymentId>,
    ) -> Result<Vec<Payment>, StoreError> {
        self.0.list(move |connection| unsettled(connection, &young, page)).await
    }

    async fn commit(&self, work: UnitOfWork<PaymentRecord>) -> Result<CommitToken, StoreError> {
        let changes = work.writes.into_iter().map(change).collect::<Result<_, _>>()?;
        self.0.commit(changes, work.events).await
    }
}

fn change(write: Write<PaymentRecord>) -> Result<Change, StoreError> {
    match write.record {
        PaymentRecord::Payable(payable) => payable::change(&payable, write.replaces),
        PaymentRecord::Payment(payment) => payment::change(&payment, write.replaces),
    }
}

fn load(connection: &Connection, needs: &PaymentNeeds) -> Result<PaymentRecords, Failure> {
    let payables = store::by_ids::<PayableDocument>(connection, needs.payables.iter().map(|id| id.uuid()))?;
    let live = payables.iter().filter_map(|payable| payable.record.live);
    let mut wanted: Vec<Uuid> = needs.payments.iter().copied().chain(live).map(PaymentId::uuid).collect();
    for (buyer, key) in &needs.keys {
        let params = [blob(buyer.uuid()), Value::Text(key.to_string())];
        wanted.extend(store::ids(connection, "SELECT id FROM payments WHERE buyer = ?1 AND request = ?2", &params)?);
    }
    let mut seen = HashSet::new();
    wanted.retain(|id| seen.insert(*id));
    Ok(PaymentRecords { payables, payments: store::by_ids::<PaymentDocument>(connection, wanted)? })
}

fn unsettled(
    connection: &Connection,
    young: &RangeInclusive<Timestamp>,
    page: Page<PaymentId>,
) -> Result<Listed<Payment>, Failure> {
    let mut params = vec![Value::Integer(young.start().millis()), Value::Integer(young.end().millis())];
    params.extend(page.after.map(|after| blob(after.uuid())));
    let behind = page.after.map_or("", |_| "AND id > ?3");
    let rest = format!("FROM payments WHERE NOT is_settled AND NOT started_at BETWEEN ?1 AND ?2 {behind} ORDER BY id");
    store::list::<PaymentDocument>(connection, &Query { rest, params }, page.limit)
}
