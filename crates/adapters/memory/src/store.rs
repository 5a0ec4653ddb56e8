//! What every store of this crate shares: tables of versioned records behind one lock.
//!
//! A commit looks at everything first and changes nothing until all of it is
//! known to go through. State and events change under one lock, so whoever
//! sees the one can find the other.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::store::{CommitToken, Page, RecordKey, Revision, StoreError, Stored, UnitOfWork, Write};

use crate::faults::{FaultPlan, Operation};
use crate::lock::Lock;
use crate::outbox::MemoryOutbox;

/// The tables of one service: all that differs between stores.
pub(crate) trait Tables: Default + Send + 'static {
    /// What a unit of work writes.
    type Record: Send;

    /// What a record is called.
    fn name(record: &Self::Record) -> RecordKey;

    /// The revision that is kept under that name.
    fn revision(&self, record: &Self::Record) -> Option<Revision>;

    /// What only one record may have, if this one has such a thing.
    fn unique(record: &Self::Record) -> Option<RecordKey>;

    /// Whether a record of another name has it.
    fn is_taken(&self, record: &Self::Record) -> bool;

    /// Keeps a record, one revision further, and everything by which it is found.
    fn put(&mut self, record: Self::Record, token: CommitToken);
}

/// Tables with their outbox. A clone is a handle to the same store.
pub(crate) struct Store<T> {
    tables: Arc<Lock<T>>,
    outbox: MemoryOutbox,
    faults: FaultPlan,
}

impl<T: Tables> Store<T> {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { tables: Arc::default(), outbox: MemoryOutbox::new(clock), faults: FaultPlan::none() }
    }

    pub(crate) fn with_faults(&self, faults: FaultPlan) -> Self {
        Self { tables: Arc::clone(&self.tables), outbox: self.outbox.with_faults(faults.clone()), faults }
    }

    pub(crate) fn outbox(&self) -> MemoryOutbox {
        self.outbox.clone()
    }

    pub(crate) async fn read<A>(&self, look: impl FnOnce(&T) -> A) -> Result<A, StoreError> {
        self.faults.run(Operation::Read, || Ok(look(&self.tables.lock()))).await
    }

    pub(crate) async fn commit(&self, work: UnitOfWork<T::Record>) -> Result<CommitToken, StoreError> {
        self.faults.run(Operation::Commit, || self.apply(work)).await
    }

    fn apply(&self, work: UnitOfWork<T::Record>) -> Result<CommitToken, StoreError> {
        let mut tables = self.tables.lock();
        let collisions = collisions(&*tables, &work.writes);
        if !collisions.is_empty() {
            return Err(StoreError::Conflict(collisions));
        }
        let token = CommitToken(rand::random());
        for write in work.writes {
            tables.put(write.record, token);
        }
        // Order matters: the tables are still locked, so events queue in the order of commits.
        self.outbox.append(work.events);
        Ok(token)
    }
}

/// What stands in the way of these writes: other commits, and what is to be unique.
fn collisions<T: Tables>(tables: &T, writes: &[Write<T::Record>]) -> Vec<RecordKey> {
    let mut collisions = Vec::new();
    let mut claimed = HashSet::new();
    for Write { record, replaces } in writes {
        if tables.revision(record) != *replaces {
            collisions.push(T::name(record));
        }
        let Some(unique) = T::unique(record) else { continue };
        let is_claimed = !claimed.insert(unique.clone());
        if is_claimed || tables.is_taken(record) {
            collisions.push(unique);
        }
    }
    collisions
}

impl<T> Clone for Store<T> {
    fn clone(&self) -> Self {
        Self { tables: Arc::clone(&self.tables), outbox: self.outbox.clone(), faults: self.faults.clone() }
    }
}

impl<T> fmt::Debug for Store<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("outbox", &self.outbox).field("faults", &self.faults).finish_non_exhaustive()
    }
}

/// Records of one kind by name, each with its revision.
pub(crate) struct Table<K, R>(HashMap<K, Stored<R>>);

impl<K: Eq + Hash, R> Table<K, R> {
    pub(crate) fn get(&self, key: &K) -> Option<&Stored<R>> {
        self.0.get(key)
    }

    pub(crate) fn revision(&self, key: &K) -> Option<Revision> {
        self.0.get(key).map(|stored| stored.revision)
    }

    /// Records behind a cursor, in the order of their keys.
    ///
    /// Looks at all of them: no request reads like this, only an audit.
    pub(crate) fn page(&self, page: Page<K>) -> Vec<R>
    where
        K: Copy + Ord,
        R: Clone,
    {
        let mut keys: Vec<K> =
            self.0.keys().filter(|key| page.after.is_none_or(|after| **key > after)).copied().collect();
        if keys.len() > page.limit {
            keys.select_nth_unstable(page.limit);
            keys.truncate(page.limit);
        }
        keys.sort_unstable();
        keys.iter().filter_map(|key| self.get(key)).map(|stored| stored.record.clone()).collect()
    }

    /// Keeps a record, one revision further; returns the one before.
    pub(crate) fn put(&mut self, key: K, record: R, token: CommitToken) -> Option<R> {
        match self.0.entry(key) {
            Entry::Occupied(mut stored) => {
                let stored = stored.get_mut();
                stored.revision = Revision::after(Some(stored.revision), token);
                Some(std::mem::replace(&mut stored.record, record))
            }
            Entry::Vacant(place) => {
                place.insert(Stored { record, revision: Revision::after(None, token) });
                None
            }
        }
    }
}

impl<K, R> Default for Table<K, R> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}
