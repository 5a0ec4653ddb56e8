//! Timers that fire at a given time.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::ids::OrderId;
use crate::domain::time::Timestamp;

use super::BoxError;

/// The timers did not respond: the same call may succeed later.
#[derive(Debug, thiserror::Error)]
#[error("the timers are unavailable")]
pub struct TimerError(#[source] pub BoxError);

/// A timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timer {
    /// The order; an order has one timer.
    pub order: OrderId,
    /// When it is due.
    pub due: Timestamp,
}

/// A due timer that was claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueTimer {
    /// The timer.
    pub timer: Timer,
    /// Identifies the claim.
    pub token: Uuid,
}

/// Keeps timers, and lets callers claim those that are due.
///
/// Timers only save time: without them the same work is found too, later.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `timers`.
///
/// - A timer is never early: `a_timer_is_never_early`.
/// - A due timer is claimed: `a_due_timer_is_claimed`.
/// - A claimed timer is not given to anybody else: `a_claimed_timer_is_nobody_elses`.
/// - A claim that is not completed in time expires: `an_abandoned_claim_is_lent_again`.
/// - A completed timer is gone: `a_completed_timer_is_gone`.
/// - An expired token completes nothing: `a_stale_token_completes_nothing`.
/// - Scheduling again moves the timer: `scheduling_again_moves_the_timer`.
/// - A cancelled timer is gone: `a_cancelled_timer_is_gone`.
/// - Ten thousand timers due at once are each claimed once: `many_timers_due_at_once_are_lent_once`.
///
/// # Examples
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use ticketing_core::ports::timers::{Timer, TimerQueue};
/// # use ticketing_core::{domain::ids::OrderId, ports::clock::Clock};
/// # use ticketing_memory::{ManualClock, MemoryTimers};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let clock = ManualClock::default();
/// # let timers = MemoryTimers::new(Arc::new(clock.clone()));
/// let timers: &dyn TimerQueue = &timers;
/// let timer = Timer { order: OrderId::from_u128(1), due: clock.now().after(Duration::from_mins(15)) };
/// timers.schedule(&[timer]).await?;
/// assert_eq!(timers.claim_due(100, Duration::from_secs(30)).await?, []);
///
/// clock.advance(Duration::from_mins(15));
/// let due = timers.claim_due(100, Duration::from_secs(30)).await?;
/// assert_eq!(due.iter().map(|due| due.timer).collect::<Vec<_>>(), [timer]);
/// // Act here: a crash before the next line makes it due again.
/// assert_eq!(timers.complete(&due).await?, 1);
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait TimerQueue: Send + Sync + fmt::Debug + 'static {
    /// Sets timers; an existing one is moved.
    ///
    /// # Errors
    ///
    /// [`TimerError`]: set them again, it does no harm.
    async fn schedule(&self, timers: &[Timer]) -> Result<(), TimerError>;

    /// Deletes timers, if they exist.
    ///
    /// # Errors
    ///
    /// [`TimerError`]: cancel again, it does no harm.
    async fn cancel(&self, orders: &[OrderId]) -> Result<(), TimerError>;

    /// Claims up to `max` due timers, earliest first, for `span`.
    ///
    /// # Errors
    ///
    /// [`TimerError`]: claimed timers come again after `span`.
    async fn claim_due(&self, max: usize, span: Duration) -> Result<Vec<DueTimer>, TimerError>;

    /// Deletes claimed timers; returns how many were still claimed under these tokens.
    ///
    /// # Errors
    ///
    /// [`TimerError`]: they come again.
    async fn complete(&self, claimed: &[DueTimer]) -> Result<usize, TimerError>;
}
