//! What batchers decided, counted once it is committed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::order::{CancelReason, OrderStatus};

use super::state::BatchState;

/// What the batchers of a process count together.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts(pub(super) Arc<Counters>);

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) panics: AtomicU64,
    placed: AtomicU64,
    completed: AtomicU64,
    cancelled: AtomicU64,
    expired: AtomicU64,
    called_off: AtomicU64,
    refunded: AtomicU64,
}

/// Orders that this process placed, and how those ended that it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OrderCounts {
    /// Places were held.
    pub placed: u64,
    /// They were paid.
    pub completed: u64,
    /// The buyer cancelled them.
    pub cancelled: u64,
    /// Nobody paid them in time.
    pub expired: u64,
    /// They were not paid when their event was called off.
    pub called_off: u64,
    /// They were paid, and taken back.
    pub refunded: u64,
}

impl Counts {
    /// Counts what a batch committed.
    pub(super) fn committed(&self, state: &BatchState) {
        for status in state.changes() {
            self.0.of(status).fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn orders(&self) -> OrderCounts {
        let Counters { placed, completed, cancelled, expired, called_off, refunded, .. } = &*self.0;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        OrderCounts {
            placed: read(placed),
            completed: read(completed),
            cancelled: read(cancelled),
            expired: read(expired),
            called_off: read(called_off),
            refunded: read(refunded),
        }
    }
}

impl Counters {
    const fn of(&self, status: OrderStatus) -> &AtomicU64 {
        match status {
            OrderStatus::AwaitingPayment { .. } => &self.placed,
            OrderStatus::Completed { .. } => &self.completed,
            OrderStatus::Cancelled { reason: CancelReason::ByBuyer, .. } => &self.cancelled,
            OrderStatus::Cancelled { reason: CancelReason::Expired, .. } => &self.expired,
            OrderStatus::Cancelled { reason: CancelReason::CalledOff, .. } => &self.called_off,
            OrderStatus::Refunded { .. } => &self.refunded,
        }
    }
}
