//! Asks for a rebuild of the index, and tells what became of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Search;

/// What became of the last rebuild that somebody asked for, or that a damaged index needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RebuildStatus {
    /// There was none.
    #[default]
    None,
    /// It begins with the next step of the feeder, within a second.
    Asked,
    /// The index is built beside the one in use.
    Building {
        /// How many tickets it was told.
        told: usize,
    },
    /// It is in use.
    Done {
        /// How many tickets it was told.
        told: usize,
    },
    /// The former index is in use.
    Failed {
        /// Why.
        cause: String,
    },
}

/// Nothing can build this index again beside itself: start its process again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this search index cannot be built again while it is in use; it is when its process starts")]
pub struct NoRebuild;

/// The last rebuild. A clone tells of the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Rebuilds(Arc<Mutex<RebuildStatus>>);

impl Rebuilds {
    pub(super) fn status(&self) -> MutexGuard<'_, RebuildStatus> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Search {
    /// Asks for a rebuild: the index is built again from what the store has, while the one in use answers and is fed,
    /// and then takes its place. If one is under way, that is it.
    ///
    /// Each process has its own index. What a process that ends leaves half built is removed.
    ///
    /// # Errors
    ///
    /// [`NoRebuild`].
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    /// use ticketing_core::usecase::search::RebuildStatus;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let market = Market::test().await?;
    /// market.sell(AccountId::from_u128(1), "Opera").price(4500, "EUR").await?;
    /// market.settle().await?;
    ///
    /// market.search().rebuild()?;
    /// market.settle().await?;
    /// assert_eq!(market.search().rebuild_status(), RebuildStatus::Done { told: 1 });
    /// # Ok(())
    /// # }
    /// ```
    pub fn rebuild(&self) -> Result<(), NoRebuild> {
        let rebuilds = self.rebuilds.as_ref().ok_or(NoRebuild)?;
        let mut status = rebuilds.status();
        if !matches!(*status, RebuildStatus::Asked | RebuildStatus::Building { .. }) {
            *status = RebuildStatus::Asked;
        }
        Ok(())
    }

    /// What became of the last rebuild.
    #[must_use]
    pub fn rebuild_status(&self) -> RebuildStatus {
        self.rebuilds.as_ref().map_or(RebuildStatus::None, |rebuilds| rebuilds.status().clone())
    }
}
