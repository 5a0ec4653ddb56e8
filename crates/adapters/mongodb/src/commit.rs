//! A unit of work as one transaction.
//!
//! Revisions are compared in the transaction before anything is written, inserts
//! rely on unique indexes, and the events of the unit are rows of the outbox in
//! the same transaction. However many decisions a unit carries, it takes at most
//! three round trips for each collection, and one to commit; a very long one is
//! written in parts.

mod answer;
mod current;
mod locked;
pub(crate) mod transaction;

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::time::{Duration, Instant};

use bson::raw::cstr;
use bson::{Binary, Document, RawArrayBuf, RawDocument, RawDocumentBuf, Uuid, doc, rawdoc};
use futures::TryStreamExt;
use futures::future::try_join_all;
use mongodb::error::Error;
use mongodb::{ClientSession, Collection, Database};
use ticketing_core::ports::store::{CommitToken, RecordKey, Revision, StoreError};

use crate::document::{as_read, revision, stamp};
use crate::error::store_error;
use crate::outbox::row;

use transaction::{Attempt, PAUSES, outcome};

pub(crate) use answer::all_done;

/// One record, as it is to be stored.
#[derive(Debug)]
pub(crate) struct Change {
    /// Where.
    pub(crate) collection: &'static str,
    /// What a conflict calls it.
    pub(crate) key: RecordKey,
    /// Its name in the collection.
    pub(crate) id: Uuid,
    /// All of it but for its revision; a field that has no value is null, so that an update forgets the old one.
    pub(crate) document: RawDocumentBuf,
    /// The revision that it takes the place of.
    pub(crate) replaces: Option<Revision>,
    /// What else no other record may have: what a conflict calls it, and how it is found.
    pub(crate) unique: Vec<(RecordKey, Document)>,
}

/// What is committed as one.
pub(crate) trait Work: Send + 'static {
    /// The only write, if it needs no transaction.
    fn alone(&self) -> Option<&Change> {
        None
    }

    /// Writes all of it in a transaction; `false` if something else is there. It may be called again in another one.
    fn write(
        &mut self,
        database: &Database,
        session: &mut ClientSession,
    ) -> impl Future<Output = Result<bool, Error>> + Send;

    /// The records that it writes, or wrote when it was last tried.
    fn changes(&self) -> &[Change];

    /// Whether there are events for the relay to publish.
    fn has_events(&self) -> bool {
        false
    }
}

/// Records that were decided, and the events of the decisions.
#[derive(Debug, Default)]
pub(crate) struct Commit {
    pub(crate) changes: Vec<Change>,
    pub(crate) rows: Vec<RawDocumentBuf>,
}

impl Work for Commit {
    fn alone(&self) -> Option<&Change> {
        match self.changes.as_slice() {
            [change] if self.rows.is_empty() && !others_wait_for(change) => Some(change),
            _ => None,
        }
    }

    async fn write(&mut self, database: &Database, session: &mut ClientSession) -> Result<bool, Error> {
        let (mut updates, mut inserts) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for change in &self.changes {
            match change.replaces {
                Some(revision) => updates.entry(change.collection).or_default().push((change, revision)),
                None => inserts.entry(change.collection).or_default().push(&change.document),
            }
        }
        for (collection, changes) in updates {
            let replacements = current::replacements(database, collection, &changes, &mut *session).await?;
            let Some(statements) = replacements else { return Ok(false) };
            if !update_all(database, collection, &statements, &mut *session).await? {
                return Ok(false);
            }
        }
        for (collection, documents) in inserts {
            database.collection::<RawDocumentBuf>(collection).insert_many(documents).session(&mut *session).await?;
        }
        if !self.rows.is_empty() {
            database.collection::<RawDocumentBuf>(row::COLLECTION).insert_many(&self.rows).session(session).await?;
        }
        Ok(true)
    }

    fn changes(&self) -> &[Change] {
        &self.changes
    }

    fn has_events(&self) -> bool {
        !self.rows.is_empty()
    }
}

/// The longest command that is sent at once; a server takes 16 MB.
const MAX_COMMAND: usize = 8 << 20;

/// After so long without a commit that could be named, somebody holds a record and does nothing.
const LOCKED_AFTER: Duration = Duration::from_millis(500);

/// Commits, or finds out what it collides with; returns what was committed.
pub(crate) async fn commit<W: Work>(database: Database, mut work: W, within: Duration) -> Result<W, StoreError> {
    let began_at = Instant::now();
    let end = began_at + within;
    let mut suspect_at = began_at + within.min(LOCKED_AFTER);
    let mut tries = 0;
    loop {
        let failure = match attempt(&database, &mut work, end).await {
            Attempt::Committed => return Ok(work),
            Attempt::Failed(error) => return Err(error),
            Attempt::Refused => None,
            Attempt::Again(error) => Some(error),
        };
        let conflicts = conflicts(&database, work.changes()).await.map_err(store_error)?;
        if !conflicts.is_empty() {
            return Err(StoreError::Conflict(conflicts));
        }
        let now = Instant::now();
        if now >= suspect_at {
            let locked = locked::records(&database, work.changes(), end).await.map_err(store_error)?;
            if !locked.is_empty() {
                return Err(StoreError::Conflict(locked));
            }
            // Many who are quick, and none who is stuck.
            suspect_at = end;
        }
        if now >= end {
            return Err(failure.map_or_else(|| StoreError::Conflict(Vec::new()), store_error));
        }
        tries += 1;
        tokio::time::sleep(PAUSES.longest_after(tries)).await;
    }
}

async fn attempt<W: Work>(database: &Database, work: &mut W, end: Instant) -> Attempt {
    let left = end.saturating_duration_since(Instant::now()).max(PAUSES.longest);
    if let Some(change) = work.alone() {
        return outcome(single(database, change, left).await);
    }
    let mut session = match transaction::begin(database, left).await {
        Ok(session) => session,
        Err(error) => return outcome(Err(error)),
    };
    let written = work.write(database, &mut session).await;
    transaction::end(session, written).await
}

/// Whether decisions about other tickets wait for this write.
///
/// Outside of a transaction the server waits for the holder of the record; inside of one it reports a conflict at once.
fn others_wait_for(change: &Change) -> bool {
    matches!(change.key, RecordKey::Stock(_))
}

/// One record without events needs no transaction.
async fn single(database: &Database, change: &Change, within: Duration) -> Result<bool, Error> {
    let mut command = match change.replaces {
        Some(revision) => {
            let as_read = as_read(change.id, revision);
            update(change.collection, &[rawdoc! { "q": as_read, "u": { "$set": change.document.clone() } }])
        }
        None => insert(change.collection, &change.document),
    };
    command.append(cstr!("writeConcern"), rawdoc! { "w": "majority" });
    // Outside of a transaction a write waits for the holder of the record.
    command.append(cstr!("maxTimeMS"), i64::try_from(within.as_millis()).unwrap_or(i64::MAX));
    all_done(&database.run_raw_command(command).await?, 1)
}

/// Updates documents of a collection; `false` if one is not there.
pub(crate) async fn update_all(
    database: &Database,
    collection: &str,
    statements: &[RawDocumentBuf],
    session: &mut ClientSession,
) -> Result<bool, Error> {
    for batch in batches(statements) {
        let answer = database.run_raw_command(update(collection, batch)).session(&mut *session).await?;
        if !all_done(&answer, batch.len())? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The statement that sets fields of a document, which is found by its name alone.
pub(crate) fn set(id: Uuid, fields: &RawDocument) -> RawDocumentBuf {
    let mut change = RawDocumentBuf::new();
    change.append(cstr!("$set"), fields);
    rawdoc! { "q": { "_id": Binary::from(id) }, "u": change }
}

fn batches(statements: &[RawDocumentBuf]) -> impl Iterator<Item = &[RawDocumentBuf]> {
    let mut size = 0;
    statements.chunk_by(move |one, _| {
        size += one.as_bytes().len();
        let fits = size < MAX_COMMAND;
        if !fits {
            size = 0;
        }
        fits
    })
}

fn update(collection: &str, statements: &[RawDocumentBuf]) -> RawDocumentBuf {
    let mut updates = RawArrayBuf::new();
    for statement in statements {
        updates.push(statement.as_ref());
    }
    rawdoc! { "update": collection, "ordered": true, "updates": updates }
}

fn insert(collection: &str, document: &RawDocument) -> RawDocumentBuf {
    let mut documents = RawArrayBuf::new();
    documents.push(document);
    rawdoc! { "insert": collection, "documents": documents }
}

/// Which of the changes do not fit what is stored.
async fn conflicts(database: &Database, changes: &[Change]) -> Result<Vec<RecordKey>, Error> {
    let mut of = BTreeMap::<_, Vec<_>>::new();
    for change in changes {
        of.entry(change.collection).or_default().push(change);
    }
    let mut conflicts = Vec::new();
    for (collection, changes) in of {
        let collection = database.collection(collection);
        let stored = revisions(&collection, changes.iter().map(|change| change.id)).await?;
        let stale = changes.iter().filter(|change| match stored.get(&change.id.bytes()) {
            None => change.replaces.is_some(),
            // One that cannot be read is not as it was.
            Some(found) => found.is_none() || *found != change.replaces,
        });
        conflicts.extend(stale.map(|change| change.key.clone()));
        let owned = changes.iter().flat_map(|change| &change.unique).map(|(key, by_another)| async {
            let found = collection.find_one(by_another.clone()).projection(doc! { "_id": 1 }).await?;
            Ok::<_, Error>(found.map(|_| key.clone()))
        });
        conflicts.extend(try_join_all(owned).await?.into_iter().flatten());
    }
    Ok(conflicts)
}

/// The revision of each document that there is; `None` where it cannot be read.
async fn revisions(
    collection: &Collection<RawDocumentBuf>,
    ids: impl Iterator<Item = Uuid>,
) -> Result<HashMap<[u8; 16], Option<Revision>>, Error> {
    let filter = doc! { "_id": { "$in": ids.collect::<Vec<_>>() } };
    let mut found = collection.find(filter).projection(doc! { "rev": 1, "token": 1 }).await?;
    let mut revisions = HashMap::new();
    while let Some(document) = found.try_next().await? {
        revisions.insert(name(&document)?, revision(&document).ok());
    }
    Ok(revisions)
}

/// The name of a document that was found by it.
fn name(document: &RawDocument) -> Result<[u8; 16], Error> {
    let id = document.get_binary(cstr!("_id"))?;
    id.bytes.try_into().map_err(Error::custom)
}

impl Change {
    /// The same, stamped by a commit.
    pub(crate) fn stamped(mut self, token: CommitToken) -> Self {
        stamp(&mut self.document, Revision::after(self.replaces, token));
        self
    }
}
