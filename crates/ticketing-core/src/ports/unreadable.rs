//! Records that are there and cannot be understood.
//!
//! A newer release wrote them, or a hand did. Whoever asks for such a record by
//! its id is told so; a list passes it by, because what stands behind it is
//! somebody else's. So that nobody overlooks it, it is counted, logged and found
//! by an audit.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;

use super::store::StoreError;

/// A record that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the document {id} of {collection} holds {what}")]
pub struct Unreadable {
    /// Where it lies.
    pub collection: &'static str,
    /// What it is called there.
    pub id: String,
    /// What is wrong with it.
    pub what: String,
}

impl From<Unreadable> for StoreError {
    fn from(unreadable: Unreadable) -> Self {
        Self::Corrupt(unreadable.into())
    }
}

/// A page of a list: the records that can be read, in order, and those that were passed by.
///
/// A page with fewer records than were asked for is the last one, however many were passed by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// As many as were asked for, if there are as many.
    pub records: Vec<T>,
    /// What lies between them, before the last of them.
    pub unreadable: Vec<Unreadable>,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { records: Vec::new(), unreadable: Vec::new() }
    }
}

impl<T> Listed<T> {
    /// Adds what comes next in the list; `None` is not for whoever asks.
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

/// Tells an operator which records were passed by. A clone tells the same.
#[derive(Debug, Clone, Default)]
pub struct PassedBy(Arc<Mutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    counts: BTreeMap<&'static str, u64>,
    /// Each is logged once, as far as this set goes.
    logged: HashSet<(&'static str, String)>,
}

/// So many records are remembered as logged, so that a log does not repeat them with every pass.
const REMEMBERED: usize = 1024;

impl PassedBy {
    /// Counts a record that was passed by, and logs it if it is new.
    pub fn tell(&self, unreadable: &Unreadable) {
        let Unreadable { collection, id, what } = unreadable;
        let mut told = self.0.lock();
        *told.counts.entry(collection).or_default() += 1;
        if told.logged.len() >= REMEMBERED {
            told.logged.clear();
        }
        if told.logged.insert((collection, id.clone())) {
            tracing::error!(collection, id, what, "a record cannot be read and is passed by: repair it");
        }
    }

    /// Tells what a page passed by; returns the rest of it.
    #[must_use]
    pub fn told<T>(&self, listed: Listed<T>) -> Vec<T> {
        listed.unreadable.iter().for_each(|unreadable| self.tell(unreadable));
        listed.records
    }

    /// How often records of each collection were passed by.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.0.lock().counts.clone()
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
        assert!(passed_by.0.lock().logged.len() <= REMEMBERED);
    }
}
