//! Tells when a time has come.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::ids::OrderId;
use crate::domain::time::Timestamp;

use super::BoxError;

/// The timers did not answer: the same call may succeed later.
#[derive(Debug, thiserror::Error)]
#[error("the timers are unavailable")]
pub struct TimerError(#[source] pub BoxError);

/// Something to do at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timer {
    /// About which order; an order has one timer.
    pub order: OrderId,
    /// When.
    pub due: Timestamp,
}

/// A timer that came due, on loan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueTimer {
    /// Which.
    pub timer: Timer,
    /// Proves that it was claimed, and by which claim.
    pub token: Uuid,
}

/// Keeps timers, and lends those that are due.
///
/// Timers only save time: whatever they are about is found without them too, later.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `timers`.
///
/// - A timer is never early: `a_timer_is_never_early`.
/// - A timer that is due is claimed: `a_due_timer_is_claimed`.
/// - A claimed timer is nobody else's: `a_claimed_timer_is_nobody_elses`.
/// - A claim that is not completed in time is lent again: `an_abandoned_claim_is_lent_again`.
/// - A completed timer is gone: `a_completed_timer_is_gone`.
/// - A token that ran out completes nothing: `a_stale_token_completes_nothing`.
/// - Scheduling again moves the timer: `scheduling_again_moves_the_timer`.
/// - A cancelled timer is gone: `a_cancelled_timer_is_gone`.
/// - Ten thousand timers due at once are each lent once: `many_timers_due_at_once_are_lent_once`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait TimerQueue: Send + Sync + fmt::Debug + 'static {
    /// Sets timers; one that exists is moved.
    ///
    /// # Errors
    ///
    /// [`TimerError`]: set them again, it does no harm.
    async fn schedule(&self, timers: &[Timer]) -> Result<(), TimerError>;

    /// Forgets timers, where they exist.
    ///
    /// # Errors
    ///
    /// [`TimerError`]: cancel again, it does no harm.
    async fn cancel(&self, orders: &[OrderId]) -> Result<(), TimerError>;

    /// Lends up to `max` timers that are due, earliest first, for `span`.
    ///
    /// # Errors
    ///
    /// [`TimerError`]: what was lent comes again after `span`.
    async fn claim_due(&self, max: usize, span: Duration) -> Result<Vec<DueTimer>, TimerError>;

    /// Forgets claimed timers; returns how many were still on loan under these tokens.
    ///
    /// # Errors
    ///
    /// [`TimerError`]: they come again.
    async fn complete(&self, claimed: &[DueTimer]) -> Result<usize, TimerError>;
}
