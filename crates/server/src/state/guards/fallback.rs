//! A limiter that goes on counting while its engine is away.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;

use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::error_chain;
use ticketing_core::ports::limits::{LimitError, Quota, RateLimiter, Verdict};

use crate::state::Limiters;

/// Asks the limiter that all processes share; while that does not answer, this process counts for itself.
///
/// So an outage is no free pass, and nobody is kept from buying by it.
#[derive(Debug)]
pub(crate) struct FallbackLimiter {
    shared: Arc<dyn RateLimiter>,
    local: Arc<dyn RateLimiter>,
    clock: Arc<dyn Clock>,
    silent: Seldom,
}

impl FallbackLimiter {
    pub(super) fn new(limiters: &Limiters, clock: Arc<dyn Clock>) -> Self {
        let Limiters { shared, local } = limiters;
        Self { shared: Arc::clone(shared), local: Arc::clone(local), clock, silent: Seldom::default() }
    }
}

#[async_trait]
impl RateLimiter for FallbackLimiter {
    async fn check(&self, key: &str, quota: Quota) -> Result<Verdict, LimitError> {
        let error = match self.shared.check(key, quota).await {
            Ok(verdict) => return Ok(verdict),
            Err(error) => error,
        };
        if self.silent.is_due(self.clock.now()) {
            tracing::warn!(cause = error_chain(&error), "the limiter does not answer: this process counts for itself");
        }
        self.local.check(key, quota).await
    }
}

/// Lets something be said once in a while, however often it happens.
#[derive(Debug)]
struct Seldom(AtomicI64);

impl Seldom {
    const EVERY: i64 = 10_000;

    /// Whether it was not said lately.
    fn is_due(&self, now: Timestamp) -> bool {
        let last = self.0.load(Ordering::Relaxed);
        // A clock that was set back must not silence it.
        let is_due = now.millis().checked_sub(last).is_none_or(|since| !(0..Self::EVERY).contains(&since));
        is_due && self.0.compare_exchange(last, now.millis(), Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl Default for Seldom {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Says this of every try, or nothing.
    #[derive(Debug, Clone)]
    struct Says(Option<Verdict>);

    #[async_trait]
    impl RateLimiter for Says {
        async fn check(&self, _: &str, _: Quota) -> Result<Verdict, LimitError> {
            self.0.ok_or_else(|| LimitError("away".into()))
        }
    }

    #[derive(Debug)]
    struct Noon;

    #[async_trait]
    impl Clock for Noon {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(1_767_225_600_000)
        }

        async fn sleep(&self, _: Duration) {}
    }

    async fn asked(shared: Option<Verdict>, local: Option<Verdict>) -> Option<Verdict> {
        let limiters = Limiters { shared: Arc::new(Says(shared)), local: Arc::new(Says(local)) };
        let limiter = FallbackLimiter::new(&limiters, Arc::new(Noon));
        limiter.check("key", Quota { burst: 1, per: Duration::from_secs(1) }).await.ok()
    }

    #[tokio::test]
    async fn an_outage_is_no_free_pass() {
        let denied = Verdict::Denied { retry_after: Duration::from_secs(1) };

        assert_eq!(asked(Some(Verdict::Allowed), Some(denied)).await, Some(Verdict::Allowed));
        assert_eq!(asked(Some(denied), Some(Verdict::Allowed)).await, Some(denied));
        assert_eq!(asked(None, Some(denied)).await, Some(denied));
        assert_eq!(asked(None, Some(Verdict::Allowed)).await, Some(Verdict::Allowed));
    }

    #[test]
    fn what_happens_often_is_said_seldom() {
        let seldom = Seldom::default();
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);

        let said: Vec<_> = (0..30).filter(|second| seldom.is_due(at(*second))).collect();

        assert_eq!(said, [0, 10, 20]);
        assert!(seldom.is_due(at(-100)), "after the clock was set back");
    }
}
