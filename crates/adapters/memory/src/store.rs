//! What every store of this crate shares: tables of versioned records behind one lock.
//!
//! A commit looks at everything first and changes nothing until all of it is
//! known to go through. State and events change under one lock, so a reader
//! that sees the one can find the other.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::store::{CommitToken, Page, RecordKey, Revision, StoreError, Stored, UnitOfWork, Write};
use ticketing_core::ports::unreadable::{Listed, PassedBy, Unreadable};

use crate::faults::{FaultPlan, Operation};
use crate::lock::Lock;
use crate::outbox::MemoryOutbox;
use crate::unreadable::unreadable;

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

    /// Makes the record of this name unreadable; `false` if there is none.
    fn spoil(&mut self, record: &RecordKey) -> bool;
}

/// Tables with their outbox. A clone is a handle to the same store.
pub(crate) struct Store<T> {
    tables: Arc<Lock<T>>,
    outbox: MemoryOutbox,
    faults: FaultPlan,
    passed_by: PassedBy,
}

impl<T: Tables> Store<T> {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let (faults, passed_by) = (FaultPlan::none(), PassedBy::default());
        Self { tables: Arc::default(), outbox: MemoryOutbox::new(clock), faults, passed_by }
    }

    pub(crate) fn with_faults(&self, faults: FaultPlan) -> Self {
        let (tables, outbox) = (Arc::clone(&self.tables), self.outbox.with_faults(faults.clone()));
        Self { tables, outbox, faults, passed_by: self.passed_by.clone() }
    }

    pub(crate) fn outbox(&self) -> MemoryOutbox {
        self.outbox.clone()
    }

    pub(crate) async fn read<A>(&self, look: impl FnOnce(&T) -> A) -> Result<A, StoreError> {
        self.faults.run(Operation::Read, || Ok(look(&self.tables.lock()))).await
    }

    /// Reads records by name; one that cannot be read is an error.
    pub(crate) async fn find<A>(&self, look: impl FnOnce(&T) -> Result<A, Unreadable>) -> Result<A, StoreError> {
        Ok(self.read(look).await??)
    }

    /// Reads a list; what cannot be read is logged and skipped.
    pub(crate) async fn list<A>(&self, look: impl FnOnce(&T) -> Listed<A>) -> Result<Vec<A>, StoreError> {
        Ok(self.passed_by.told(self.read(look).await?))
    }

    /// Logs what was skipped.
    pub(crate) fn tell(&self, passed_by: &[Unreadable]) {
        passed_by.iter().for_each(|unreadable| self.passed_by.tell(unreadable));
    }

    pub(crate) fn spoil(&self, record: &RecordKey) -> bool {
        self.tables.lock().spoil(record)
    }

    pub(crate) async fn commit(&self, work: UnitOfWork<T::Record>) -> Result<CommitToken, StoreError> {
        self.faults.run(Operation::Commit, || self.apply(work)).await
    }

    /// Commits what a change of the tables makes of them; one that cannot read what it needs writes nothing.
    pub(crate) async fn change<A>(
        &self,
        change: impl FnOnce(&mut T, CommitToken) -> Result<A, Unreadable>,
    ) -> Result<A, StoreError> {
        let changed = || Ok(change(&mut self.tables.lock(), CommitToken(rand::random()))?);
        self.faults.run(Operation::Commit, changed).await
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
        let (tables, outbox) = (Arc::clone(&self.tables), self.outbox.clone());
        Self { tables, outbox, faults: self.faults.clone(), passed_by: self.passed_by.clone() }
    }
}

impl<T> fmt::Debug for Store<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("outbox", &self.outbox).field("faults", &self.faults).finish_non_exhaustive()
    }
}

/// Records of one kind by name, each with its revision.
pub(crate) struct Table<K, R> {
    records: HashMap<K, Stored<R>>,
    unreadable: HashSet<K>,
}

impl<K: Eq + Hash, R> Table<K, R> {
    /// A record that can be read.
    pub(crate) fn get(&self, key: &K) -> Option<&Stored<R>> {
        self.records.get(key).filter(|_| !self.is_unreadable(key))
    }

    /// A record, whether it can be read or not: for what is kept beside it.
    pub(crate) fn kept(&self, key: &K) -> Option<&Stored<R>> {
        self.records.get(key)
    }

    pub(crate) fn revision(&self, key: &K) -> Option<Revision> {
        self.records.get(key).map(|stored| stored.revision)
    }

    /// The records of these names that there are, or the first that cannot be read.
    pub(crate) fn find<'a>(&self, keys: impl Iterator<Item = &'a K>) -> Result<Vec<Stored<R>>, Unreadable>
    where
        K: fmt::Display + 'a,
        R: Clone,
    {
        let mut found = Vec::new();
        for key in keys {
            if self.is_unreadable(key) {
                return Err(unreadable("records", key));
            }
            found.extend(self.records.get(key).cloned());
        }
        Ok(found)
    }

    /// The records of these names that can be read, and what cannot be.
    pub(crate) fn readable<'a>(&self, keys: impl Iterator<Item = &'a K>) -> Listed<Stored<R>>
    where
        K: fmt::Display + 'a,
        R: Clone,
    {
        let mut found = Listed::default();
        for key in keys {
            let is_unreadable = self.is_unreadable(key);
            found.take(if is_unreadable {
                Err(unreadable("records", key))
            } else {
                Ok(self.records.get(key).cloned())
            });
        }
        found
    }

    /// Records in the order of a list, as many as are asked for.
    pub(crate) fn list<'a>(&self, keys: impl Iterator<Item = &'a K>, limit: usize) -> Listed<R>
    where
        K: fmt::Display + 'a,
        R: Clone,
    {
        self.list_stored(keys, limit).map(|stored| stored.record)
    }

    /// The same, with their revisions.
    pub(crate) fn list_stored<'a>(&self, keys: impl Iterator<Item = &'a K>, limit: usize) -> Listed<Stored<R>>
    where
        K: fmt::Display + 'a,
        R: Clone,
    {
        let mut listed = Listed::default();
        for key in keys {
            if listed.records.len() == limit {
                break;
            }
            if self.is_unreadable(key) {
                listed.unreadable.push(unreadable("records", key));
            } else {
                listed.records.extend(self.records.get(key).cloned());
            }
        }
        listed
    }

    /// Records behind a cursor, in the order of their keys.
    ///
    /// Looks at all of them: no request reads like this, only an audit.
    pub(crate) fn page(&self, page: Page<K>) -> Listed<R>
    where
        K: Copy + Ord + fmt::Display,
        R: Clone,
    {
        let behind = self.records.keys().filter(|key| page.after.is_none_or(|after| **key > after));
        let mut keys: Vec<K> = behind.copied().collect();
        let wanted = page.limit.saturating_add(self.unreadable.len());
        if keys.len() > wanted {
            keys.select_nth_unstable(wanted);
            keys.truncate(wanted);
        }
        keys.sort_unstable();
        self.list(keys.iter(), page.limit)
    }

    /// Keeps a record, one revision further; returns the one before.
    pub(crate) fn put(&mut self, key: K, record: R, token: CommitToken) -> Option<R> {
        match self.records.entry(key) {
            Entry::Occupied(mut stored) => {
                self.unreadable.remove(stored.key());
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

    /// Makes a record unreadable; `false` if there is none.
    pub(crate) fn spoil(&mut self, key: K) -> bool {
        self.records.contains_key(&key) && self.unreadable.insert(key)
    }

    fn is_unreadable(&self, key: &K) -> bool {
        // Nothing is unreadable on a good day, and then nothing is looked up.
        !self.unreadable.is_empty() && self.unreadable.contains(key)
    }
}

impl<K, R> Default for Table<K, R> {
    fn default() -> Self {
        Self { records: HashMap::new(), unreadable: HashSet::new() }
    }
}
