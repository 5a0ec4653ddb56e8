//! What the stores of all services are made of.

use bson::Document;
use futures::TryStreamExt;
use mongodb::Database;
use serde::de::DeserializeOwned;
use ticketing_core::ports::store::StoreError;
use ticketing_core::wire::EventEnvelope;

use crate::client::{Indexes, MongoClient, detached};
use crate::commit::{Change, Commit, commit};
use crate::document::Record;
use crate::error::MongoError;
use crate::outbox::MongoOutbox;
use crate::outbox::row;
use crate::parking::MongoParkingLot;

/// The database of one service: its collections, its outbox and its parking lot.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    client: MongoClient,
    database: Database,
    outbox: MongoOutbox,
    parking: MongoParkingLot,
}

/// Which documents to read, in which order.
pub(crate) struct Query {
    pub(crate) collection: &'static str,
    pub(crate) filter: Document,
    pub(crate) sort: Document,
    pub(crate) limit: usize,
}

impl Query {
    /// All that match, in any order.
    pub(crate) fn all(collection: &'static str, filter: Document) -> Self {
        Self { collection, filter, sort: Document::new(), limit: usize::MAX }
    }

    /// Reads documents; a limit of zero reads none.
    pub(crate) async fn find_in<D>(self, database: &Database) -> Result<Vec<D>, StoreError>
    where
        D: DeserializeOwned + Unpin + Send + Sync + 'static,
    {
        let Self { collection, filter, sort, limit } = self;
        if limit == 0 {
            return Ok(Vec::new());
        }
        let documents = database.collection::<D>(collection);
        detached(async move {
            // Zero, for the server, is as many as there are.
            let limit = i64::try_from(limit).unwrap_or_default();
            let find = documents.find(filter).sort(sort).limit(limit).batch_size(BATCH);
            find.await?.try_collect().await
        })
        .await
    }
}

/// So many documents come with one answer of the server, if they are not too long.
pub(crate) const BATCH: u32 = 10_000;

impl Store {
    /// Opens the database of a service; its indexes are made where they are missing.
    pub(crate) async fn open(
        client: &MongoClient,
        service: &str,
        mut indexes: Vec<Indexes>,
    ) -> Result<Self, MongoError> {
        indexes.extend(MongoOutbox::indexes());
        let database = client.prepared(service, indexes).await?;
        let outbox = MongoOutbox::new(&database, client.config.poll_every);
        let parking = MongoParkingLot::open(client, service).await?;
        Ok(Self { client: client.clone(), database, outbox, parking })
    }

    pub(crate) fn outbox(&self) -> MongoOutbox {
        self.outbox.clone()
    }

    pub(crate) fn parking(&self) -> MongoParkingLot {
        self.parking.clone()
    }

    /// Commits all of it or nothing, also if nobody waits for it any more.
    pub(crate) async fn commit(&self, changes: Vec<Change>, events: Vec<EventEnvelope>) -> Result<(), StoreError> {
        let work = Commit { changes, rows: row::encoded(&events)? };
        let tells = !work.rows.is_empty();
        if work.changes.is_empty() && !tells {
            return Ok(());
        }
        let (database, within) = (self.database.clone(), self.client.config.commit_within);
        let outbox = self.outbox.clone();
        let committing = tokio::spawn(async move {
            let committed = commit(database, work, within).await;
            if tells {
                // An answer that was lost may hide a commit, so the relay looks in any case.
                outbox.committed();
            }
            committed
        });
        committing.await.unwrap_or_else(|ended| Err(StoreError::Unavailable(ended.into())))
    }

    /// Reads the records that a filter lets through; none without a filter.
    pub(crate) async fn find_if<R>(&self, filter: Option<Document>) -> Result<Vec<R>, StoreError>
    where
        R: Record + DeserializeOwned + Unpin + Send + Sync + 'static,
    {
        match filter {
            Some(filter) => self.find(Query::all(R::COLLECTION, filter)).await,
            None => Ok(Vec::new()),
        }
    }

    /// Reads documents; a limit of zero reads none.
    pub(crate) async fn find<D>(&self, query: Query) -> Result<Vec<D>, StoreError>
    where
        D: DeserializeOwned + Unpin + Send + Sync + 'static,
    {
        query.find_in(&self.database).await
    }
}
