//! The lock that every adapter of this crate keeps its state behind.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A mutex that outlives a panic of its holder. Held briefly, never across an await.
#[derive(Debug, Default)]
pub(crate) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(crate) const fn new(state: T) -> Self {
        Self(Mutex::new(state))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        // Whoever changes the state checks everything first, so a panic leaves nothing half-written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
