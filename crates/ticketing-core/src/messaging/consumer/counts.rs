//! What becomes of deliveries, counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::messaging::durations::{DurationCounts, Durations};

/// How many deliveries came to which end. A clone counts the same consumer.
#[derive(Debug, Clone, Default)]
pub struct ConsumerCounts(pub(super) Arc<Counters>);

/// Why a delivery was parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParkedBecause {
    /// Its bytes are no event, or one of a newer schema.
    Undecodable,
    /// The handler failed too often.
    Failed,
    /// An earlier event of its key is parked.
    Follows,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) handled: AtomicU64,
    pub(super) unknown: AtomicU64,
    pub(super) retried: AtomicU64,
    undecodable: AtomicU64,
    failed: AtomicU64,
    follows: AtomicU64,
    pub(super) ages: Durations,
}

impl ConsumerCounts {
    /// Events whose effect was committed, or needed none.
    #[must_use]
    pub fn handled(&self) -> u64 {
        self.0.handled.load(Ordering::Relaxed)
    }

    /// Events of a type that a newer release added.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.0.unknown.load(Ordering::Relaxed)
    }

    /// Deliveries that were put back for later.
    #[must_use]
    pub fn retried(&self) -> u64 {
        self.0.retried.load(Ordering::Relaxed)
    }

    /// Deliveries that were set aside, for whatever reason.
    #[must_use]
    pub fn parked(&self) -> u64 {
        ParkedBecause::ALL.into_iter().map(|reason| self.parked_because(reason)).sum()
    }

    /// Deliveries that were set aside for a reason.
    #[must_use]
    pub fn parked_because(&self, reason: ParkedBecause) -> u64 {
        self.0.parked(reason).load(Ordering::Relaxed)
    }

    /// How old events were once they were handled: the oldest of each batch.
    #[must_use]
    pub fn ages(&self) -> DurationCounts {
        self.0.ages.counts()
    }
}

impl Counters {
    pub(super) const fn parked(&self, reason: ParkedBecause) -> &AtomicU64 {
        match reason {
            ParkedBecause::Undecodable => &self.undecodable,
            ParkedBecause::Failed => &self.failed,
            ParkedBecause::Follows => &self.follows,
        }
    }
}

impl ParkedBecause {
    /// Every reason there is.
    pub const ALL: [Self; 3] = [Self::Undecodable, Self::Failed, Self::Follows];

    /// The reason as a label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Undecodable => "undecodable",
            Self::Failed => "failed",
            Self::Follows => "follows",
        }
    }
}
