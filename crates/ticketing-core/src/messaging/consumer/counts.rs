//! What becomes of deliveries, counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many deliveries came to which end. A clone counts the same consumer.
#[derive(Debug, Clone, Default)]
pub struct ConsumerCounts(pub(super) Arc<Counters>);

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) handled: AtomicU64,
    pub(super) unknown: AtomicU64,
    pub(super) retried: AtomicU64,
    pub(super) parked: AtomicU64,
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

    /// Deliveries that were set aside.
    #[must_use]
    pub fn parked(&self) -> u64 {
        self.0.parked.load(Ordering::Relaxed)
    }
}
