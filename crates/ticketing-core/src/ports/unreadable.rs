//! Stored records that cannot be read.
//!
//! They were written by a newer release, or by hand. A read of such a record by
//! its id fails; a list skips it, because the records after it belong to
//! somebody else. So that nobody overlooks it, it is counted, logged and found
//! by an audit.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::store::StoreError;

/// A record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the document {id} of {collection} holds {what}")]
pub struct Unreadable {
    /// The collection.
    pub collection: &'static str,
    /// Its id there.
    pub id: String,
    /// What is wrong with it.
    pub what: String,
}

impl From<Unreadable> for StoreError {
    fn from(unreadable: Unreadable) -> Self {
        Self::Corrupt(unreadable.into())
    }
}

/// A page of a list: the readable records, in order, and the skipped ones.
///
/// A page with fewer records than requested is the last one, however many were skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// As many records as were requested, if there are as many.
    pub records: Vec<T>,
    /// Unreadable records between them, before the last of them.
    pub unreadable: Vec<Unreadable>,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { records: Vec::new(), unreadable: Vec::new() }
    }
}

impl<T> Listed<T> {
    /// The same page of something else.
    #[must_use]
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Listed<U> {
        Listed { records: self.records.into_iter().map(change).collect(), unreadable: self.unreadable }
    }

    /// Adds the next record of the list; `None` is one that does not match the request.
    pub fn take(&mut self, next: Result<Option<T>, Unreadable>) {
        match next {
            Ok(record) => self.records.extend(record),
            Err(unreadable) => self.unreadable.push(unreadable),
        }
    }
}

impl<T> From<Vec<T>> for Listed<T> {
    fn from(records: Vec<T>) -> Self {
        Self { records, unreadable: Vec::new() }
    }
}

/// Reports skipped records to an operator. Clones share one state.
#[derive(Debug, Clone, Default)]
pub struct PassedBy(Arc<Mutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    counts: BTreeMap<&'static str, u64>,
    /// Each is logged once, as far as this set remembers.
    logged: HashSet<(&'static str, String)>,
}

/// How many records are remembered as logged, so that the log does not repeat them with every pass.
const REMEMBERED: usize = 1024;

impl PassedBy {
    /// Counts a skipped record, and logs it if it is new.
    pub fn tell(&self, unreadable: &Unreadable) {
        let Unreadable { collection, id, what } = unreadable;
        let mut told = self.memory();
        *told.counts.entry(collection).or_default() += 1;
        if told.logged.len() >= REMEMBERED {
            told.logged.clear();
        }
        if told.logged.insert((collection, id.clone())) {
            tracing::error!(collection, id, what, "a record cannot be read and is passed by: repair it");
        }
    }

    /// Reports a page's skipped records; returns the others.
    #[must_use]
    pub fn told<T>(&self, listed: Listed<T>) -> Vec<T> {
        listed.unreadable.iter().for_each(|unreadable| self.tell(unreadable));
        listed.records
    }

    /// How often records of each collection were skipped.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.memory().counts.clone()
    }

    fn memory(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_passed_by_is_counted_each_time_and_remembered_within_bounds() {
        let passed_by = PassedBy::default();
        let unreadable = |id: usize| Unreadable { collection: "orders", id: id.to_string(), what: "no status".into() };
        for id in 0..3 * REMEMBERED {
            passed_by.tell(&unreadable(id));
            passed_by.tell(&unreadable(id));
        }
        assert_eq!(passed_by.counts(), BTreeMap::from([("orders", 6 * REMEMBERED as u64)]));
        assert!(passed_by.memory().logged.len() <= REMEMBERED);
    }
}
