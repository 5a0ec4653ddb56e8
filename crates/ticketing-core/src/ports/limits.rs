//! Limits how often something may be done.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::BoxError;

/// The limiter did not respond: the caller decides whether to allow.
#[derive(Debug, thiserror::Error)]
#[error("the rate limiter is unavailable")]
pub struct LimitError(#[source] pub BoxError);

/// A quota: `burst` at once, and one more each `per`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// At once.
    pub burst: u32,
    /// The time after which one more is allowed.
    pub per: Duration,
}

/// Whether it may be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Yes, and it was counted.
    Allowed,
    /// No; it was not counted.
    Denied {
        /// When to try again.
        retry_after: Duration,
    },
}

/// Counts by key, by the generic cell rate algorithm (ITU-T I.371).
///
/// If there are more keys than fit, those closest to a full quota are dropped first.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `limits`.
///
/// - A burst is allowed and no more: `a_burst_is_allowed_and_no_more`.
/// - After the returned span, one more is allowed: `one_more_is_allowed_after_the_span_named`.
/// - A denied attempt costs nothing: `a_denied_try_costs_nothing`.
/// - Keys are counted separately: `keys_are_counted_apart`.
/// - A clock that is set back locks nobody out: `a_clock_that_is_set_back_shuts_nobody_out`.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ticketing_core::ports::limits::{Quota, RateLimiter, Verdict};
/// # use ticketing_memory::MemoryEngines;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let limiter: &dyn RateLimiter = &MemoryEngines::default().limiter;
/// let quota = Quota { burst: 2, per: Duration::from_mins(1) };
/// assert_eq!(limiter.check("192.0.2.7", quota).await?, Verdict::Allowed);
/// assert_eq!(limiter.check("192.0.2.7", quota).await?, Verdict::Allowed);
/// assert!(matches!(limiter.check("192.0.2.7", quota).await?, Verdict::Denied { retry_after } if retry_after <= quota.per));
/// assert_eq!(limiter.check("192.0.2.8", quota).await?, Verdict::Allowed);
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait RateLimiter: Send + Sync + fmt::Debug + 'static {
    /// Checks whether one more is allowed, and counts it if so.
    ///
    /// # Errors
    ///
    /// [`LimitError`]: nothing was counted.
    async fn check(&self, key: &str, quota: Quota) -> Result<Verdict, LimitError>;
}
