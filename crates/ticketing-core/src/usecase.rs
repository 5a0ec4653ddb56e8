//! What a person can do, and how each service reacts to the others.
//!
//! One folder per service, one file per command: it loads, lets the domain decide,
//! and commits one unit of work.

pub mod accounts;
pub mod admissions;
mod contended;
pub mod error;
pub mod expiration;
pub mod notifications;
pub mod orders;
pub mod payments;
pub mod replica_wait;
pub mod search;
pub mod tickets;

use crate::ports::store::StoreError;

use error::Error;

/// How often a command decides again after another writer was faster.
const DECISIONS: usize = 8;

/// A failure that may be another writer's success.
pub(crate) trait MayConflict {
    /// Another writer was faster: decide again.
    fn is_conflict(&self) -> bool;
}

impl MayConflict for StoreError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }
}

impl MayConflict for Error {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Unavailable(cause) if cause.downcast_ref().is_some_and(StoreError::is_conflict))
    }
}

/// Loads, decides and commits by `attempt`; again, as long as other writers are faster.
pub(crate) async fn retry_on_conflict<T, E, F>(attempt: impl Fn() -> F) -> Result<T, E>
where
    E: MayConflict,
    F: Future<Output = Result<T, E>>,
{
    for _ in 1..DECISIONS {
        match attempt().await {
            Err(error) if error.is_conflict() => {}
            done => return done,
        }
    }
    attempt().await
}

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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::ready;

    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::OrderId;
    use crate::ports::store::RecordKey;

    fn conflict() -> StoreError {
        StoreError::Conflict(vec![RecordKey::Order(OrderId::new(Uuid::nil()))])
    }

    #[tokio::test]
    async fn a_command_that_always_loses_returns_the_last_conflict() {
        let decisions = Cell::new(0);
        let lost: Result<(), _> = retry_on_conflict(|| {
            decisions.set(decisions.get() + 1);
            ready(Err(conflict()))
        })
        .await;

        assert!(matches!(lost, Err(StoreError::Conflict(keys)) if keys.len() == 1));
        assert_eq!(decisions.get(), DECISIONS);
    }

    #[tokio::test]
    async fn only_a_conflict_is_decided_again() {
        let failures = Cell::new(vec![StoreError::Unavailable("away".into()), conflict()]);
        let failed: Result<(), _> = retry_on_conflict(|| {
            let mut left = failures.take();
            let next = left.pop().expect("no third decision");
            failures.set(left);
            ready(Err(Error::from(next)))
        })
        .await;

        assert!(matches!(failed, Err(Error::Unavailable(_))));
        assert!(failures.take().is_empty());
    }
}
