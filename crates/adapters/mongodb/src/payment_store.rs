//! The payments service's store.

mod payable;
mod payment;

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use bson::{Uuid, doc};
use futures::future::try_join;
use ticketing_core::assembly::ServicePorts;
use ticketing_core::domain::ids::PaymentId;
use ticketing_core::domain::payment::Payment;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::payment_store::{PaymentNeeds, PaymentRecord, PaymentRecords, PaymentStore};
use ticketing_core::ports::store::{CommitToken, Page, StoreError, UnitOfWork, Write};

use crate::client::{Indexes, MongoClient};
use crate::commit::Change;
use crate::document::{Record, date, named, with_any_key};
use crate::error::MongoError;
use crate::outbox::MongoOutbox;
use crate::parking::MongoParkingLot;
use crate::query::Query;
use crate::store::Store;

pub(crate) use payable::PayableDocument;
pub(crate) use payment::PaymentDocument;

/// Keeps payables and payments in the database `<prefix>_payments`. A clone is a handle to the same one.
///
/// # Examples
///
/// ```no_run
/// use ticketing_mongodb::{MongoClient, MongoConfig, MongoPaymentStore};
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let client = MongoClient::connect(&MongoConfig::new("mongodb://localhost:27017/?replicaSet=rs0")).await?;
/// let payments = MongoPaymentStore::open(&client).await?;
/// # let _ = payments; Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct MongoPaymentStore(Store);

impl MongoPaymentStore {
    /// Opens the store; its indexes are made where they are missing.
    ///
    /// # Errors
    ///
    /// [`MongoError`] if the indexes cannot be made.
    pub async fn open(client: &MongoClient) -> Result<Self, MongoError> {
        let payables = Indexes { collection: PayableDocument::COLLECTION, indexes: Vec::new() };
        let payments = Indexes { collection: PaymentDocument::COLLECTION, indexes: payment::indexes() };
        Store::open(client, "payments", vec![payables, payments]).await.map(Self)
    }

    /// The outbox that commits fill.
    #[must_use]
    pub fn outbox(&self) -> MongoOutbox {
        self.0.outbox()
    }

    /// Where the events of this service wait that could not be handled.
    #[must_use]
    pub fn parking(&self) -> MongoParkingLot {
        self.0.parking()
    }

    /// All ports that only this service needs.
    #[must_use]
    pub fn ports(self) -> ServicePorts<dyn PaymentStore> {
        let (outbox, parking) = (Arc::new(self.outbox()), Arc::new(self.parking()));
        ServicePorts { store: Arc::new(self), outbox, parking }
    }
}

#[async_trait]
impl PaymentStore for MongoPaymentStore {
    async fn load(&self, needs: &PaymentNeeds) -> Result<PaymentRecords, StoreError> {
        let payables = self.0.find::<PayableDocument>(named(needs.payables.iter().map(|id| id.uuid())));
        let keyed = self.0.find::<PaymentDocument>(with_any_key(&needs.keys));
        let (payables, keyed) = try_join(payables, keyed).await?;
        // Behind the payables, or one might name a payment that was not there yet.
        let live = payables.iter().filter_map(|payable| payable.record.live);
        let wanted = named(needs.payments.iter().copied().chain(live).map(|id| id.uuid()));
        let mut payments = self.0.find::<PaymentDocument>(wanted).await?;
        payments.extend(keyed);
        payments.sort_unstable_by_key(|payment| payment.record.id);
        payments.dedup_by_key(|payment| payment.record.id);
        Ok(PaymentRecords { payables, payments })
    }

    async fn unsettled(
        &self,
        young: RangeInclusive<Timestamp>,
        page: Page<PaymentId>,
    ) -> Result<Vec<Payment>, StoreError> {
        let [earlier, later] = [doc! { "$lt": date(*young.start()) }, doc! { "$gt": date(*young.end()) }];
        let mut filter = doc! { "unsettled": true, "$or": [{ "started_at": earlier }, { "started_at": later }] };
        if let Some(after) = page.after {
            filter.insert("_id", doc! { "$gt": Uuid::from(after.uuid()) });
        }
        let query = Query::of::<PaymentDocument>(filter).first(page.limit, doc! { "unsettled": 1, "_id": 1 });
        self.0.list::<PaymentDocument>(query).await
    }

    async fn commit(&self, work: UnitOfWork<PaymentRecord>) -> Result<CommitToken, StoreError> {
        let changes = work.writes.into_iter().map(change).collect::<Result<_, _>>()?;
        self.0.commit(changes, work.events).await
    }
}

pub(crate) fn change(write: Write<PaymentRecord>) -> Result<Change, StoreError> {
    match write.record {
        PaymentRecord::Payable(payable) => payable::change(&payable, write.replaces),
        PaymentRecord::Payment(payment) => payment::change(&payment, write.replaces),
    }
}
