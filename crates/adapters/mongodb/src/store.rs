//! What the stores of all services are made of.

use std::time::Duration;

use bson::{Bson, Document, RawDocument, RawDocumentBuf};
use futures::TryStreamExt;
use mongodb::Database;
use mongodb::options::FindOptions;
use ticketing_core::ports::store::{CommitToken, StoreError, Stored};
use ticketing_core::ports::unreadable::{Listed, Unreadable};
use ticketing_core::wire::EventEnvelope;

use crate::client::{Indexes, MongoClient, detached};
use crate::commit::{Change, Commit, Work, commit};
use crate::document::Record;
use crate::elections::Elections;
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
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) collection: &'static str,
    pub(crate) filter: Document,
    pub(crate) sort: Document,
    pub(crate) limit: usize,
    /// What is not read of a document.
    pub(crate) without: &'static [&'static str],
}

impl Query {
    /// All records of a kind that match, in any order.
    pub(crate) fn of<R: Record>(filter: Document) -> Self {
        Self { without: R::NOT_READ, ..Self::all(R::COLLECTION, filter) }
    }

    /// All that match, in any order.
    pub(crate) fn all(collection: &'static str, filter: Document) -> Self {
        Self { collection, filter, sort: Document::new(), limit: usize::MAX, without: &[] }
    }

    /// The first of them in an order.
    pub(crate) fn first(self, limit: usize, sort: Document) -> Self {
        Self { sort, limit, ..self }
    }

    fn options(&self) -> FindOptions {
        let without = self.without.iter().map(|field| ((*field).to_owned(), Bson::from(0)));
        let read = FindOptions::builder().sort(self.sort.clone()).projection(without.collect::<Document>());
        read.batch_size(BATCH).max_time(READ_WITHIN).build()
    }

    /// Reads documents; a limit of zero reads none.
    pub(crate) async fn find_in(
        self,
        database: &Database,
        elections: &Elections,
    ) -> Result<Vec<RawDocumentBuf>, StoreError> {
        if self.limit == 0 {
            return Ok(Vec::new());
        }
        let (database, elections) = (database.clone(), elections.clone());
        detached(async move {
            let documents = database.collection::<RawDocumentBuf>(self.collection);
            // Zero, for the server, is as many as there are.
            let limit = i64::try_from(self.limit).unwrap_or_default();
            let read = || async {
                let find = documents.find(self.filter.clone()).with_options(self.options()).limit(limit);
                find.await?.try_collect().await
            };
            elections.read(&database, read).await
        })
        .await
    }

    /// Reads a list; one that cannot be read is passed by, and those behind it are read in its place.
    pub(crate) async fn list_in<T: Send + 'static>(
        self,
        database: &Database,
        elections: &Elections,
        mut read: impl FnMut(&RawDocument) -> Entry<T> + Clone + Send + Sync + 'static,
    ) -> Result<Listed<T>, StoreError> {
        let read_on = read.clone();
        let found = self.clone().find_in(database, elections).await?;
        let is_whole_list = found.len() < self.limit;
        let mut listed = Listed::default();
        found.iter().for_each(|document| listed.take(read(document)));
        if listed.records.len() == found.len() || is_whole_list {
            return Ok(listed);
        }
        self.read_on_in(database, elections, read_on).await
    }

    /// Reads from the start until as many were read as were asked for, however many cannot be.
    async fn read_on_in<T: Send + 'static>(
        self,
        database: &Database,
        elections: &Elections,
        read: impl FnMut(&RawDocument) -> Entry<T> + Clone + Send + Sync + 'static,
    ) -> Result<Listed<T>, StoreError> {
        let (database, elections) = (database.clone(), elections.clone());
        detached(async move {
            let documents = database.collection::<RawDocumentBuf>(self.collection);
            let read = || async {
                let mut read = read.clone();
                let mut found = documents.find(self.filter.clone()).with_options(self.options()).await?;
                let mut listed = Listed::default();
                while listed.records.len() < self.limit
                    && let Some(document) = found.try_next().await?
                {
                    listed.take(read(&document));
                }
                Ok(listed)
            };
            elections.read(&database, read).await
        })
        .await
    }
}

/// What a document is in a list; `None` if the caller may not see it.
pub(crate) type Entry<T> = Result<Option<T>, Unreadable>;

/// The server gives up a read that takes longer: the caller has gone away, or it would never end.
const READ_WITHIN: Duration = Duration::from_secs(8);

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
