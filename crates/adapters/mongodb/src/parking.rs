//! Where deliveries wait that could not be handled.

mod parked;

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use bson::raw::cstr;
use bson::{Document, RawDocument, RawDocumentBuf, Uuid as BsonUuid, doc, serialize_to_bson};
use futures::TryStreamExt;
use mongodb::{Collection, Database};
use ticketing_core::ports::parking::{Parked, ParkedFilter, ParkingChange, ParkingLot};
use ticketing_core::ports::store::{Page, StoreError};
use ticketing_core::ports::transport::ordering_key;
use ticketing_core::ports::unreadable::PassedBy;
use uuid::Uuid;

use crate::client::{Indexes, MongoClient, detached};
use crate::document::{encoded, index, partial};
use crate::elections::Elections;
use crate::error::MongoError;
use crate::query::{Entry, Query};

use parked::ArrivalDocument;
pub(crate) use parked::{ParkedDocument, read as read_parked};

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
pub struct MongoParkingLot {
    database: Database,
    lot: Collection<RawDocumentBuf>,
    elections: Elections,
    passed_by: PassedBy,
}

impl MongoParkingLot {
    /// The name, in place of a service's, of what an application's own followers could not handle.
    pub const OF_FOLLOWERS: &str = "app";

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
        let lot = database.collection(COLLECTION);
        Ok(Self { lot, elections: client.elections.clone(), passed_by: client.passed_by(), database })
    }

    /// Whether each of these keys, in its normal form, is to be handled again; those are missing that are not parked.
    async fn lanes(
        &self,
        consumer: &str,
        keys: impl Iterator<Item = &str>,
    ) -> Result<HashMap<String, bool>, StoreError> {
        let filter = doc! { "consumer": consumer, "key": { "$in": keys.flat_map(spellings).collect::<Vec<_>>() } };
        let seen = doc! { "_id": 1, "key": 1, "released": 1 };
        let sort = doc! { "consumer": 1, "key": 1, "_id": 1 };
        let Self { database, lot, elections, .. } = self.clone();
        let found: Vec<RawDocumentBuf> = detached(async move {
            let find = || lot.find(filter.clone()).projection(seen.clone()).sort(sort.clone());
            elections.read(&database, || async { find().await?.try_collect().await }).await
        })
        .await?;
        let lane = |parked: &RawDocumentBuf| {
            let key = parked.get_str(cstr!("key")).ok()?;
            // One that does not say so is not to be handled.
            Some((ordering_key(key), parked.get_bool(cstr!("released")).unwrap_or(false)))
        };
        // The last of a key decides.
        Ok(found.iter().filter_map(lane).collect())
    }

    async fn update(&self, filter: Document, update: Document) -> Result<usize, StoreError> {
        let lot = self.lot.clone();
        let updated = detached(async move { lot.update_many(filter, update).await }).await?;
        Ok(usize::try_from(updated.matched_count).unwrap_or(usize::MAX))
    }

    async fn set_released(&self, consumer: String, key: String, released: bool) -> Result<usize, StoreError> {
        let of_key = doc! { "consumer": consumer, "key": { "$in": spellings(&key) } };
        self.update(of_key, doc! { "$set": { "released": released } }).await
    }

    async fn insert(&self, parked: Vec<Parked>) -> Result<(), StoreError> {
        if parked.is_empty() {
            return Ok(());
        }
        let in_normal_form = parked.into_iter().map(|parked| Parked { key: ordering_key(&parked.key), ..parked });
        let documents = in_normal_form.map(|parked| encoded(&ParkedDocument::of(&parked)));
        let (lot, documents) = (self.lot.clone(), documents.collect::<Result<Vec<_>, _>>()?);
        detached(async move { lot.insert_many(documents).await.map(drop) }).await
    }
}

/// How a key may be written: in its normal form, and as it was asked for, by an older release.
fn spellings(key: &str) -> Vec<String> {
    let normal = ordering_key(key);
    if normal == key { vec![normal] } else { vec![key.to_owned(), normal] }
}

/// Reads released deliveries, without those that follow one of their key that cannot be read.
#[derive(Debug, Clone, Default)]
struct InOrder {
    after: Option<Uuid>,
    held: HashSet<(String, String)>,
}

impl InOrder {
    fn read(&mut self, document: &RawDocument) -> Entry<Parked> {
        let lane = parked::lane(document).map(|(consumer, key)| (consumer, ordering_key(&key)));
        match parked::read(document) {
            Ok(_) if lane.as_ref().is_some_and(|lane| self.held.contains(lane)) => Ok(None),
            Ok(parked) => Ok(self.after.is_none_or(|after| parked.id > after).then_some(parked)),
            Err(unreadable) => {
                self.held.extend(lane);
                Err(unreadable)
            }
        }
    }
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
            let lanes = self.lanes(&consumer, later.iter().map(|parked| parked.key.as_str())).await?;
            let behind = later.into_iter().filter_map(|parked| {
                let released = *lanes.get(&ordering_key(&parked.key))?;
                Some(Parked { released, ..parked })
            });
            let behind: Vec<_> = behind.collect();
            followed.extend(behind.iter().map(|parked| parked.id));
            self.insert(behind).await?;
        }
        Ok(followed)
    }

    async fn parked_keys(&self, consumer: &str, keys: &[String]) -> Result<Vec<String>, StoreError> {
        let lanes = self.lanes(consumer, keys.iter().map(String::as_str)).await?;
        Ok(keys.iter().filter(|key| lanes.contains_key(&ordering_key(key))).cloned().collect())
    }

    async fn list(&self, filter: &ParkedFilter, page: Page<Uuid>) -> Result<Vec<Parked>, StoreError> {
        let mut wanted = Document::new();
        wanted.extend(filter.consumer.as_ref().map(|consumer| ("consumer".to_owned(), consumer.into())));
        let key = filter.key.as_ref().map(|key| doc! { "$in": spellings(key) });
        wanted.extend(key.map(|key| ("key".to_owned(), key.into())));
        let query = |filter| Query::all(COLLECTION, filter).first(page.limit, doc! { "_id": 1 });
        let listed = if filter.released_only {
            wanted.insert("released", true);
            // From the start, because what cannot be read there holds back what follows.
            let mut in_order = InOrder { after: page.after, ..InOrder::default() };
            query(wanted).list_in(&self.database, &self.elections, move |document| in_order.read(document)).await?
        } else {
            wanted.extend(page.after.map(|after| ("_id".to_owned(), doc! { "$gt": BsonUuid::from(after) }.into())));
            query(wanted).list_in(&self.database, &self.elections, |document| parked::read(document).map(Some)).await?
        };
        Ok(self.passed_by.told(listed))
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
                let (lot, ids) = (self.lot.clone(), ids.into_iter().map(BsonUuid::from).collect::<Vec<_>>());
                let removed = detached(async move { lot.delete_many(doc! { "_id": { "$in": ids } }).await }).await?;
                Ok(usize::try_from(removed.deleted_count).unwrap_or(usize::MAX))
            }
        }
    }
}
