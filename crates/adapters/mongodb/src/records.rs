//! Everything that the databases keep, record by record, to be compared with what is moved here.

mod kinds;

use std::collections::BTreeMap;

use bson::{Document, RawDocumentBuf, Uuid as BsonUuid, doc};
use ticketing_core::moving::{KeptRecord, RecordKind};
use ticketing_core::ports::store::{CommitToken, Page, StoreError};
use uuid::Uuid;

use crate::client::{Indexes, MongoClient, detached};
use crate::document::Record;
use crate::error::MongoError;
use crate::gateway::BooksDocument;
use crate::query::Query;
use crate::{
    MongoAccountStore, MongoAttemptKeys, MongoAttemptNotes, MongoLetterStore, MongoOrderStore, MongoParkingLot,
    MongoPassStore, MongoPaymentStore, MongoTicketStore,
};

/// Reads and writes the records of all services. A clone is a handle to the same databases.
///
/// What is written here has no history: nobody may serve the databases meanwhile.
///
/// # Examples
///
/// ```no_run
/// use ticketing_core::moving::RecordKind;
/// use ticketing_core::ports::store::Page;
/// use ticketing_mongodb::{MongoClient, MongoConfig, MongoRecords};
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let client = MongoClient::connect(&MongoConfig::new("mongodb://localhost:27017/?replicaSet=rs0")).await?;
/// let records = MongoRecords::of(&client);
/// assert!(records.page(RecordKind::Accounts, Page::first(100)).await?.is_empty(), "nobody signed up yet");
/// records.prepare().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct MongoRecords(MongoClient);

/// Where records of a kind lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    service: &'static str,
    collection: &'static str,
}

impl MongoRecords {
    /// What lies in the databases of a client. It makes nothing: a database that does not exist is empty.
    #[must_use]
    pub fn of(client: &MongoClient) -> Self {
        Self(client.clone())
    }

    /// Makes all collections and their indexes, where they are missing.
    ///
    /// # Errors
    ///
    /// [`MongoError`] if they cannot be made.
    pub async fn prepare(&self) -> Result<(), MongoError> {
        let Self(client) = self;
        MongoAccountStore::open(client).await?;
        MongoTicketStore::open(client).await?;
        MongoOrderStore::open(client).await?;
        MongoPaymentStore::open(client).await?;
        MongoPassStore::open(client).await?;
        MongoLetterStore::open(client).await?;
        MongoAttemptKeys::open(client).await?;
        MongoAttemptNotes::open(client).await?;
        for service in ["expiration", MongoParkingLot::OF_FOLLOWERS] {
            MongoParkingLot::open(client, service).await?;
        }
        let books = Indexes { collection: BooksDocument::COLLECTION, indexes: Vec::new() };
        client.prepared("gateway", vec![books]).await.map(drop)
    }

    /// A page of the records of a kind, in the order of their ids.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] names a record that cannot be read.
    pub async fn page(&self, kind: RecordKind, page: Page<Uuid>) -> Result<Vec<KeptRecord>, StoreError> {
        let mut found = Vec::new();
        for place in kinds::places(kind) {
            let query = Query::all(place.collection, behind(page)).first(page.limit, doc! { "_id": 1 });
            let documents = query.find_in(&self.0.database(place.service), &self.0.elections).await?;
            let records = documents.iter().map(|document| kinds::read(kind, document));
            found.extend(records.collect::<Result<Vec<_>, _>>()?);
        }
        found.sort_by_key(KeptRecord::id);
        found.truncate(page.limit);
        Ok(found)
    }

    /// Writes records that are not there.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: one of them is there, or what only one may have; or nobody answers. Some may be written.
    pub async fn insert(&self, records: Vec<KeptRecord>) -> Result<(), StoreError> {
        let token = CommitToken(rand::random());
        let mut documents: BTreeMap<Place, Vec<RawDocumentBuf>> = BTreeMap::new();
        for record in records {
            documents.entry(kinds::place(&record)).or_default().push(kinds::document(record, token)?);
        }
        for (Place { service, collection }, documents) in documents {
            let collection = self.0.database(service).collection::<RawDocumentBuf>(collection);
            detached(async move { collection.insert_many(documents).await }).await?;
        }
        Ok(())
    }

    /// Removes records; one that is not there is none to remove.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: some may be removed.
    pub async fn remove(&self, kind: RecordKind, ids: &[Uuid]) -> Result<(), StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| BsonUuid::from(*id)).collect();
        for Place { service, collection } in kinds::places(kind) {
            let collection = self.0.database(service).collection::<Document>(collection);
            let named = doc! { "_id": { "$in": ids.clone() } };
            detached(async move { collection.delete_many(named).await }).await?;
        }
        Ok(())
    }
}

fn behind(page: Page<Uuid>) -> Document {
    page.after.map_or_else(Document::new, |after| doc! { "_id": { "$gt": BsonUuid::from(after) } })
}
