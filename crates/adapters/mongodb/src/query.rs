//! Which documents are read, and how.

use std::time::Duration;

use bson::{Bson, Document, RawDocument, RawDocumentBuf};
use futures::TryStreamExt;
use mongodb::Database;
use mongodb::options::FindOptions;
use ticketing_core::ports::store::StoreError;
use ticketing_core::ports::unreadable::{Listed, Unreadable};

use crate::client::detached;
use crate::document::Record;
use crate::elections::Elections;

/// What a document is in a list; `None` if the caller may not see it.
pub(crate) type Entry<T> = Result<Option<T>, Unreadable>;

/// The server gives up a read that takes longer: the caller has gone away, or it would never end.
pub(crate) const READ_WITHIN: Duration = Duration::from_secs(8);

/// So many documents come with one answer of the server, if they are not too long.
pub(crate) const BATCH: u32 = 10_000;

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
