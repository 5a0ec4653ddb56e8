//! Keeps anybody from doing too much of something.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::BoxError;

/// The limiter did not answer: the caller decides whether that means yes or no.
#[derive(Debug, thiserror::Error)]
#[error("the rate limiter is unavailable")]
pub struct LimitError(#[source] pub BoxError);

/// How much is allowed: `burst` at once, and one more each `per`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// At once.
    pub burst: u32,
    /// The time in which one more is allowed.
    pub per: Duration,
}

/// Whether it may be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Yes, and it is counted.
    Allowed,
    /// No; it is not counted.
    Denied {
        /// After this span it is worth another try.
        retry_after: Duration,
    },
}

/// Counts by key, by the generic cell rate algorithm (ITU-T I.371).
///
/// Where there are more keys than can be kept, those that owe least are forgotten first.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `limits`.
///
/// - A burst is allowed and no more: `a_burst_is_allowed_and_no_more`.
/// - After the span it names, one more is allowed: `one_more_is_allowed_after_the_span_named`.
/// - A denied try costs nothing: `a_denied_try_costs_nothing`.
/// - Keys are counted apart: `keys_are_counted_apart`.
/// - A clock that is set back shuts nobody out: `a_clock_that_is_set_back_shuts_nobody_out`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait RateLimiter: Send + Sync + fmt::Debug + 'static {
    /// Asks for one, and counts it if allowed.
    ///
    /// # Errors
    ///
    /// [`LimitError`]: nothing was counted.
    async fn check(&self, key: &str, quota: Quota) -> Result<Verdict, LimitError>;
}
