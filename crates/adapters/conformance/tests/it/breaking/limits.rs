//! Limiters that count wrongly.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_conformance::limits::LIMITS;
use ticketing_core::ports::limits::{LimitError, Quota, RateLimiter, Verdict};
use ticketing_memory::{ManualClock, MemoryLimiter};

use super::assert_notices;
use crate::world::World;

/// Changes what a sound limiter is asked.
#[derive(Debug)]
struct Changed(Arc<dyn RateLimiter>, fn(&str, Quota) -> (String, Quota));

#[async_trait]
impl RateLimiter for Changed {
    async fn check(&self, key: &str, quota: Quota) -> Result<Verdict, LimitError> {
        let (key, quota) = (self.1)(key, quota);
        self.0.check(&key, quota).await
    }
}

async fn assert_changed(rule: &str, change: fn(&str, Quota) -> (String, Quota)) {
    let sound = World::default();
    let limiter = Arc::new(Changed(sound.limiter, change));
    assert_notices(&LIMITS, rule, &World::default(), &World { limiter, ..sound }).await;
}

#[tokio::test]
async fn one_too_many() {
    assert_changed("a_burst_is_allowed_and_no_more", |key, quota| {
        (key.to_owned(), Quota { burst: quota.burst + 1, ..quota })
    })
    .await;
}

#[tokio::test]
async fn one_too_soon() {
    assert_changed("one_more_is_allowed_after_the_span_named", |key, quota| {
        (key.to_owned(), Quota { per: quota.per * 3, ..quota })
    })
    .await;
}

#[tokio::test]
async fn one_key_for_all() {
    assert_changed("keys_are_counted_apart", |key, quota| (key.to_lowercase(), quota)).await;
}

#[tokio::test]
async fn a_time_that_never_goes_back() {
    let limiter = Arc::new(MemoryLimiter::new(Arc::new(ManualClock::default())));
    let broken = World { limiter, ..World::default() };
    assert_notices(&LIMITS, "a_clock_that_is_set_back_shuts_nobody_out", &World::default(), &broken).await;
}

/// Counts what it denies.
#[derive(Debug)]
struct Punishing(Arc<dyn RateLimiter>);

#[async_trait]
impl RateLimiter for Punishing {
    async fn check(&self, key: &str, quota: Quota) -> Result<Verdict, LimitError> {
        match self.0.check(key, quota).await? {
            Verdict::Allowed => Ok(Verdict::Allowed),
            Verdict::Denied { retry_after } => {
                let debt = self.0.check(key, Quota { burst: quota.burst + 1000, ..quota }).await?;
                assert_eq!(debt, Verdict::Allowed, "debts are taken on");
                Ok(Verdict::Denied { retry_after: retry_after + Duration::from_secs(1) })
            }
        }
    }
}

#[tokio::test]
async fn a_price_for_denied_tries() {
    let sound = World::default();
    let limiter = Arc::new(Punishing(sound.limiter));
    let broken = World { limiter, ..sound };
    assert_notices(&LIMITS, "a_denied_try_costs_nothing", &World::default(), &broken).await;
}
