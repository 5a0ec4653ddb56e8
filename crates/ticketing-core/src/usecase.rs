//! What a person can do, and how each service reacts to the others.
//!
//! One folder per service, one file per command: it loads, lets the domain decide,
//! and commits one unit of work.

pub mod accounts;
mod contended;
pub mod error;
pub mod expiration;
pub mod orders;
pub mod payments;
pub mod replica_wait;
pub mod tickets;

/// How often a command decides again after another writer was faster.
const DECISIONS: usize = 8;

/// Entries of a list, and where the next page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice<T, C> {
    /// The entries.
    pub items: Vec<T>,
    /// The last of them, if more follow.
    pub next: Option<C>,
}

impl<T, C> Slice<T, C> {
    /// Cuts a list that was read one entry further than asked for.
    fn cut(mut items: Vec<T>, limit: usize, cursor: impl Fn(&T) -> C) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}
