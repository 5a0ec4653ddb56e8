//! Where deliveries wait that could not be handled.

mod parked;

use std::collections::HashMap;

use async_trait::async_trait;
use bson::{Document, RawDocumentBuf, Uuid as BsonUuid, doc, serialize_to_bson};
use futures::TryStreamExt;
use mongodb::Collection;
use ticketing_core::ports::parking::{Parked, ParkedFilter, ParkingChange, ParkingLot};
use ticketing_core::ports::store::{Page, StoreError};
use uuid::Uuid;

use crate::client::{Indexes, MongoClient, detached};
use crate::document::{encoded, index, partial};
use crate::error::MongoError;

use parked::{ArrivalDocument, ParkedDocument};

pub(crate) const COLLECTION: &str = "parked";

/// The parking lot of one service, in its database. A clone is a handle to the same one.
///
/// A consumer parks, follows and replays its keys one after the other, so an
/// operator's release between its question and its answer is the only race
/// there is. What then follows a key that was let go is parked as it is, still
/// in order, and is released like any other.
///
/// # Examples
///
/// ```no_run
/// use ticketing_mongodb::{MongoClient, MongoConfig, MongoParkingLot};
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let client = MongoClient::connect(&MongoConfig::new("mongodb://localhost:27017/?replicaSet=rs0")).await?;
/// let parking = MongoParkingLot::open(&client, "expiration").await?;
/// # let _ = parking; Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct MongoParkingLot(Collection<RawDocumentBuf>);

impl MongoParkingLot {
    /// Opens the parking lot of a service; its indexes are made where they are missing.
    ///
    /// # Errors
    ///
    /// [`MongoError`] if the indexes cannot be made.
    pub async fn open(client: &MongoClient, service: &str) -> Result<Self, MongoError> {
        let of_key = index("of_key", doc! { "consumer": 1, "key": 1, "_id": 1 });
        let released = partial("released", doc! { "consumer": 1, "_id": 1 }, doc! { "released": true });
        let indexes = Indexes { collection: COLLECTION, indexes: vec![of_key, released] };
        let database = client.prepared(service, vec![indexes]).await?;
        Ok(Self(database.collection(COLLECTION)))
    }

    /// Whether the key of each of these is to be handled again; those are missing whose key is not parked.
    async fn lanes(&self, consumer: &str, keys: Vec<&str>) -> Result<HashMap<String, bool>, StoreError> {
        let lot = self.0.clone_with_type::<Lane>();
        let filter = doc! { "consumer": consumer, "key": { "$in": keys } };
        let seen = doc! { "_id": 1, "key": 1, "released": 1 };
        let sort = doc! { "consumer": 1, "key": 1, "_id": 1 };
        let found: Vec<Lane> =
            detached(async move { lot.find(filter).projection(seen).sort(sort).await?.try_collect().await }).await?;
        // The last of a key tells.
        Ok(found.into_iter().map(|lane| (lane.key, lane.released)).collect())
    }

    async fn update(&self, filter: Document, update: Document) -> Result<usize, StoreError> {
        let lot = self.0.clone();
        let updated = detached(async move { lot.update_many(filter, update).await }).await?;
        Ok(usize::try_from(updated.matched_count).unwrap_or(usize::MAX))
    }

    async fn set_released(&self, consumer: String, key: String, released: bool) -> Result<usize, StoreError> {
        let of_key = doc! { "consumer": consumer, "key": key };
        self.update(of_key, doc! { "$set": { "released": released } }).await
    }

    async fn insert(&self, parked: Vec<Parked>) -> Result<(), StoreError> {
        if parked.is_empty() {
            return Ok(());
        }
        let documents = parked.iter().map(|parked| encoded(&ParkedDocument::of(parked)));
        let (lot, documents) = (self.0.clone(), documents.collect::<Result<Vec<_>, _>>()?);
        detached(async move { lot.insert_many(documents).await.map(drop) }).await
    }
}

/// The key of something parked.
#[derive(Debug, serde::Deserialize)]
struct Lane {
    key: String,
    released: bool,
}

#[async_trait]
impl ParkingLot for MongoParkingLot {
    fn survives_restart(&self) -> bool {
        true
    }

    async fn park(&self, parked: Parked) -> Result<(), StoreError> {
        self.insert(vec![parked]).await
    }

    async fn follow(&self, parked: Vec<Parked>) -> Result<Vec<Uuid>, StoreError> {
        let mut by_consumer: HashMap<String, Vec<Parked>> = HashMap::new();
        for parked in parked {
            by_consumer.entry(parked.consumer.clone()).or_default().push(parked);
        }
        let mut followed = Vec::new();
        for (consumer, later) in by_consumer {
            let lanes = self.lanes(&consumer, later.iter().map(|parked| parked.key.as_str()).collect()).await?;
            let behind = later.into_iter().filter_map(|parked| {
                let released = *lanes.get(&parked.key)?;
                Some(Parked { released, ..parked })
            });
            let behind: Vec<_> = behind.collect();
            followed.extend(behind.iter().map(|parked| parked.id));
            self.insert(behind).await?;
        }
        Ok(followed)
    }

    async fn parked_keys(&self, consumer: &str, keys: &[String]) -> Result<Vec<String>, StoreError> {
        let lanes = self.lanes(consumer, keys.iter().map(String::as_str).collect()).await?;
        Ok(lanes.into_keys().collect())
    }

    async fn list(&self, filter: &ParkedFilter, page: Page<Uuid>) -> Result<Vec<Parked>, StoreError> {
        if page.limit == 0 {
            return Ok(Vec::new());
        }
        let mut wanted = Document::new();
        wanted.extend(filter.consumer.as_ref().map(|consumer| ("consumer".to_owned(), consumer.into())));
        wanted.extend(filter.key.as_ref().map(|key| ("key".to_owned(), key.into())));
        wanted.extend(filter.released_only.then(|| ("released".to_owned(), true.into())));
        if let Some(after) = page.after {
            wanted.insert("_id", doc! { "$gt": BsonUuid::from(after) });
        }
        let (lot, limit) = (self.0.clone(), i64::try_from(page.limit).unwrap_or(i64::MAX));
        let found: Vec<RawDocumentBuf> =
            detached(async move { lot.find(wanted).sort(doc! { "_id": 1 }).limit(limit).await?.try_collect().await })
                .await?;
        found.iter().map(parked::read).collect()
    }

    async fn change(&self, change: ParkingChange) -> Result<usize, StoreError> {
        match change {
            ParkingChange::Edit { id, arrival } => {
                let arrival = serialize_to_bson(&ArrivalDocument::of(&arrival));
                let arrival = arrival.map_err(|error| StoreError::Corrupt(error.into()))?;
                self.update(doc! { "_id": BsonUuid::from(id) }, doc! { "$set": { "arrival": arrival } }).await
            }
            ParkingChange::Release { consumer, key } => self.set_released(consumer, key, true).await,
            ParkingChange::Hold { consumer, key } => self.set_released(consumer, key, false).await,
            ParkingChange::Remove { ids } => {
                let (lot, ids) = (self.0.clone(), ids.into_iter().map(BsonUuid::from).collect::<Vec<_>>());
                let removed = detached(async move { lot.delete_many(doc! { "_id": { "$in": ids } }).await }).await?;
                Ok(usize::try_from(removed.deleted_count).unwrap_or(usize::MAX))
            }
        }
    }
}
