//! Records that a unit of work should change, and that others keep changing or hold locked.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::hash::Hash;

use crate::messaging::consumer::{HandleError, Incoming};
use crate::ports::store::StoreError;

/// What a service takes over from others, by record, less the records that others hold.
///
/// A record that was named by two conflicts is left out, so that it keeps nobody else's news waiting.
pub(super) struct Contended<K, N> {
    /// The newest state of each record that is still to be taken over.
    pub(super) news: HashMap<K, N>,
    named: HashSet<K>,
    left_out: HashSet<K>,
}

/// Another commit changed these records, or holds them.
#[derive(Debug)]
pub(super) enum NotFollowed<K> {
    /// Named by the store; none if it cannot name them.
    Conflict(Vec<K>),
    /// All of them: nothing was written.
    Store(StoreError),
}

impl<K> From<StoreError> for NotFollowed<K> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// It is still in use: its news comes again.
#[derive(Debug, thiserror::Error)]
#[error("{0} is being changed by others")]
struct InUse(String);

impl<K: Copy + Eq + Hash + fmt::Display, N> Contended<K, N> {
    pub(super) fn new(news: HashMap<K, N>) -> Self {
        Self { news, named: HashSet::new(), left_out: HashSet::new() }
    }

    /// Notes which records a conflict named, and leaves out those that were named before.
    ///
    /// Each conflict names at least one that is left out next time, so there is an end of them.
    pub(super) fn leave_out(&mut self, mut named: Vec<K>) {
        named.retain(|key| self.news.contains_key(key));
        if named.is_empty() {
            named.extend(self.news.keys().copied());
        }
        for key in named {
            if !self.named.insert(key) {
                self.news.remove(&key);
                self.left_out.insert(key);
            }
        }
    }

    /// What to say of the events once the rest is taken over.
    pub(super) fn answer(self, events: &[Incoming], about: impl Fn(&Incoming) -> Option<K>) -> Result<(), HandleError> {
        let left_out = |incoming| about(incoming).filter(|key| self.left_out.contains(key));
        let unhandled: BTreeMap<usize, HandleError> = events
            .iter()
            .enumerate()
            .filter_map(|(index, incoming)| Some((index, left_out(incoming)?)))
            .map(|(index, key)| (index, HandleError::Unavailable(InUse(key.to_string()).into())))
            .collect();
        if unhandled.is_empty() { Ok(()) } else { Err(HandleError::Partly(unhandled)) }
    }
}
