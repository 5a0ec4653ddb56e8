//! Which attempts to pay may still be sent.

use async_trait::async_trait;
use bson::{DateTime, Document, Uuid, doc};
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use ticketing_core::domain::ids::PaymentId;
use ticketing_core::domain::money::Money;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::moving::AttemptKey;
use ticketing_core::ports::attempt_keys::{AttemptKeys, ClosedKey};
use ticketing_core::ports::store::StoreError;

use crate::client::{Indexes, MongoClient, detached};
use crate::document::{MoneyDocument, Record, Wrong, date, time};
use crate::elections::Elections;
use crate::error::{MongoError, is_duplicate};

const COLLECTION: &str = "attempt_keys";

/// Keeps the keys of attempts in the database `<prefix>_gateway`. A clone is a handle to the same keys.
#[derive(Debug, Clone)]
pub struct MongoAttemptKeys {
    database: Database,
    keys: Collection<KeyDocument>,
    elections: Elections,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KeyDocument {
    #[serde(rename = "_id")]
    payment: Uuid,
    /// When it was opened last; absent, like `total`, if it was closed first.
    #[serde(default)]
    opened_at: Option<DateTime>,
    #[serde(default)]
    total: Option<MoneyDocument>,
    #[serde(default)]
    closed: bool,
}

impl MongoAttemptKeys {
    /// Opens the keys.
    ///
    /// # Errors
    ///
    /// [`MongoError`] if the collection cannot be made.
    pub async fn open(client: &MongoClient) -> Result<Self, MongoError> {
        let keys = Indexes { collection: COLLECTION, indexes: Vec::new() };
        let database = client.prepared("gateway", vec![keys]).await?;
        Ok(Self { keys: database.collection(COLLECTION), database, elections: client.elections.clone() })
    }

    /// Makes a change to a key that may be new; `false` if the key is there and does not match.
    async fn change(&self, allowed: Document, change: Document) -> Result<bool, StoreError> {
        let keys = self.keys.clone();
        detached(async move {
            match keys.update_one(allowed, change).upsert(true).await {
                Ok(_) => Ok(true),
                // What does not match is inserted, and refused because the key is there.
                Err(error) if is_duplicate(&error) => Ok(false),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn find(&self, payment: PaymentId) -> Result<Option<KeyDocument>, StoreError> {
        let (this, id) = (self.clone(), Uuid::from(payment.uuid()));
        detached(async move {
            let find = || this.keys.find_one(doc! { "_id": id }).into_future();
            this.elections.read(&this.database, find).await
        })
        .await
    }
}

#[async_trait]
impl AttemptKeys for MongoAttemptKeys {
    async fn open(&self, payment: PaymentId, total: Money, now: Timestamp) -> Result<bool, StoreError> {
        let id = Uuid::from(payment.uuid());
        let MoneyDocument { amount, currency } = total.into();
        let total = doc! { "amount": amount, "currency": currency };
        loop {
            let open = doc! { "_id": id, "closed": { "$ne": true } };
            let note = doc! { "$set": { "total": total.clone() }, "$max": { "opened_at": date(now) } };
            if self.change(open, note).await? {
                return Ok(true);
            }
            if self.closed(payment).await?.is_some() {
                return Ok(false);
            }
            // Two who opened it at once both found nothing and inserted it: the second one opens it again.
        }
    }

    async fn close(&self, payment: PaymentId, opened_before: Timestamp) -> Result<bool, StoreError> {
        let id = Uuid::from(payment.uuid());
        let is_over = doc! { "$or": [{ "closed": true }, { "opened_at": { "$lt": date(opened_before) } }] };
        let mut over = doc! { "_id": id };
        over.extend(is_over);
        let is_closed = self.change(over, doc! { "$set": { "closed": true } }).await?;
        Ok(is_closed || self.closed(payment).await?.is_some())
    }

    async fn closed(&self, payment: PaymentId) -> Result<Option<ClosedKey>, StoreError> {
        let Some(key) = self.find(payment).await?.filter(|key| key.closed) else { return Ok(None) };
        let total = key.total.map(Money::try_from).transpose();
        total.map(|total| Some(ClosedKey { total })).map_err(|wrong| StoreError::Corrupt(wrong.into()))
    }
}

impl From<&AttemptKey> for KeyDocument {
    fn from(key: &AttemptKey) -> Self {
        Self {
            payment: key.payment.uuid().into(),
            opened_at: key.opened_at.map(date),
            total: key.total.map(Into::into),
            closed: key.is_closed,
        }
    }
}

impl Record for KeyDocument {
    type Domain = AttemptKey;
    const COLLECTION: &'static str = COLLECTION;

    fn into_domain(self) -> Result<AttemptKey, Wrong> {
        Ok(AttemptKey {
            payment: PaymentId::new(self.payment.into()),
            opened_at: self.opened_at.map(time),
            total: self.total.map(Money::try_from).transpose()?,
            is_closed: self.closed,
        })
    }
}
