//! The lock that every adapter of this crate keeps its state behind.

use std::fmt;

use parking_lot::{Mutex, MutexGuard};

/// A mutex that outlives a panic of its holder. Held briefly, never across an await.
///
/// Every change of the state checks everything first, so a panic leaves nothing half-written.
#[derive(Default)]
pub(crate) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(crate) const fn new(state: T) -> Self {
        Self(Mutex::new(state))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock()
    }
}

/// What is kept is large, and some of it private: it is not printed.
impl<T> fmt::Debug for Lock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lock").finish_non_exhaustive()
    }
}
