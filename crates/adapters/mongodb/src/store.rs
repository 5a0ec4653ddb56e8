//! What the stores of all services are made of.

use bson::{Document, RawDocument};
use futures::TryStreamExt;
use mongodb::Database;
use ticketing_core::ports::store::{CommitToken, StoreError, Stored};
use ticketing_core::wire::EventEnvelope;

use crate::client::{Indexes, MongoClient, detached};
use crate::commit::{Change, Commit, Work, commit};
use crate::document::Record;
use crate::error::MongoError;
use crate::outbox::MongoOutbox;
use crate::outbox::row;
use crate::parking::MongoParkingLot;
use crate::query::{Query, READ_WITHIN};

/// The database of one service: its collections, its outbox and its parking lot.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    client: MongoClient,
    database: Database,
    outbox: MongoOutbox,
    parking: MongoParkingLot,
}

impl Store {
    /// Opens the database of a service; its indexes are made where they are missing.
    pub(crate) async fn open(
        client: &MongoClient,
        service: &str,
        mut indexes: Vec<Indexes>,
    ) -> Result<Self, MongoError> {
        indexes.extend(MongoOutbox::indexes());
        let database = client.prepared(service, indexes).await?;
        let outbox = MongoOutbox::new(&database, client);
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
    pub(crate) async fn commit(
        &self,
        changes: Vec<Change>,
        events: Vec<EventEnvelope>,
    ) -> Result<CommitToken, StoreError> {
        let token = CommitToken(rand::random());
        let changes = changes.into_iter().map(|change| change.stamped(token)).collect();
        let work = Commit { changes, rows: row::encoded(&events)? };
        if work.changes.is_empty() && work.rows.is_empty() {
            return Ok(token);
        }
        self.transact(work).await.map(|_| token)
    }

    /// Commits work, also if nobody waits for it any more; returns it as it was committed.
    pub(crate) async fn transact<W: Work>(&self, work: W) -> Result<W, StoreError> {
        let (database, within) = (self.database.clone(), self.client.config.commit_within);
        let outbox = self.outbox.clone();
        let committing = tokio::spawn(async move {
            let has_events = work.has_events();
            let committed = commit(database, work, within).await;
            if has_events {
                // An answer that was lost may hide a commit, so the relay looks in any case.
                outbox.committed();
            }
            committed
        });
        committing.await.unwrap_or_else(|ended| Err(StoreError::Unavailable(ended.into())))
    }

    /// Reads the records that match a filter, or fails with the first that cannot be read; none without a filter.
    pub(crate) async fn find<R: Record>(&self, filter: Option<Document>) -> Result<Vec<Stored<R::Domain>>, StoreError> {
        let Some(filter) = filter else { return Ok(Vec::new()) };
        let found = Query::of::<R>(filter).find_in(&self.database, &self.client.elections).await?;
        found.iter().map(|document| R::read_stored(document).map_err(StoreError::from)).collect()
    }

    /// As [`find`](Self::find), but what cannot be read is logged and skipped, unless it may be what was asked for.
    pub(crate) async fn find_readable<R: Record>(
        &self,
        filter: Option<Document>,
        may_be_meant: impl Fn(&RawDocument) -> bool + Send,
    ) -> Result<Vec<Stored<R::Domain>>, StoreError> {
        let Some(filter) = filter else { return Ok(Vec::new()) };
        let found = Query::of::<R>(filter).find_in(&self.database, &self.client.elections).await?;
        let mut readable = Vec::with_capacity(found.len());
        for document in &found {
            match R::read_stored(document) {
                Ok(stored) => readable.push(stored),
                Err(unreadable) if may_be_meant(document) => return Err(unreadable.into()),
                Err(unreadable) => self.client.unreadable.tell(&unreadable),
            }
        }
        Ok(readable)
    }

    /// What the server adds up.
    pub(crate) async fn aggregate(
        &self,
        collection: &'static str,
        stages: Vec<Document>,
    ) -> Result<Vec<Document>, StoreError> {
        let (database, elections) = (self.database.clone(), self.client.elections.clone());
        detached(async move {
            let documents = database.collection::<Document>(collection);
            let read = || async {
                documents.aggregate(stages.clone()).max_time(READ_WITHIN).await?.try_collect::<Vec<_>>().await
            };
            elections.read(&database, read).await
        })
        .await
    }

    /// The same as [`list`](Self::list), with revisions.
    pub(crate) async fn list_stored<R: Record>(&self, query: Query) -> Result<Vec<Stored<R::Domain>>, StoreError> {
        let listed = query
            .list_in(&self.database, &self.client.elections, |document| R::read_stored(document).map(Some))
            .await?;
        Ok(self.client.unreadable.told(listed))
    }

    /// A page of a list. What cannot be read is logged and skipped.
    pub(crate) async fn list<R: Record>(&self, query: Query) -> Result<Vec<R::Domain>, StoreError> {
        let listed =
            query.list_in(&self.database, &self.client.elections, |document| R::read(document).map(Some)).await?;
        Ok(self.client.unreadable.told(listed))
    }
}
