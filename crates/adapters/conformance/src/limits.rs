//! Rules of [`RateLimiter`].
#![expect(clippy::missing_panics_doc, reason = "rules panic by design")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::ports::limits::{Quota, RateLimiter, Verdict};

use crate::outcome::{Outcome, broken};
use crate::report::Family;
use crate::time::{TimeFixture, soon};

/// Every rule of this module.
pub const LIMITS: Family<dyn LimitsFixture> = crate::limits!(@ [family]);

/// A limiter that has counted nothing yet.
#[async_trait]
pub trait LimitsFixture: TimeFixture {
    /// The limiter; always the same one.
    fn limiter(&self) -> Arc<dyn RateLimiter>;

    /// Sets the clock that the limiter counts by back by `span`, or does to what was counted what that would do.
    async fn set_back(&self, span: Duration);
}

/// So long that nothing is given back while a rule runs.
const SLOW: Duration = Duration::from_secs(3600);

async fn check(fixture: &dyn LimitsFixture, key: &str, quota: Quota) -> Verdict {
    soon("the limiter answers", fixture.limiter().check(key, quota)).await.expect("the limiter answers")
}

async fn allowed(fixture: &dyn LimitsFixture, key: &str, quota: Quota) -> bool {
    check(fixture, key, quota).await == Verdict::Allowed
}

/// Uses up a key; returns after which span one more is allowed.
async fn use_up(fixture: &dyn LimitsFixture, key: &str, quota: Quota) -> Duration {
    for turn in 0..=quota.burst * 2 {
        if let Verdict::Denied { retry_after } = check(fixture, key, quota).await {
            assert!(turn >= quota.burst, "only {turn} of a burst of {} were allowed", quota.burst);
            return retry_after;
        }
    }
    broken(&format!("twice as many as a burst of {} were allowed", quota.burst))
}

/// A burst is allowed and no more, one by one and all at once.
pub async fn a_burst_is_allowed_and_no_more(fixture: &dyn LimitsFixture) -> Outcome {
    for burst in [1, 2, 7] {
        let (key, quota) = (format!("burst of {burst}"), Quota { burst, per: SLOW });
        for _ in 0..burst {
            assert!(allowed(fixture, &key, quota).await, "a burst of {burst} was not allowed");
        }
        assert!(!allowed(fixture, &key, quota).await, "one more than a burst of {burst} was allowed");
    }

    let quota = Quota { burst: 10, per: SLOW };
    let tries = (0..64).map(|_| {
        let limiter = fixture.limiter();
        tokio::spawn(async move { limiter.check("all at once", quota).await })
    });
    let verdicts = futures::future::join_all(tries.collect::<Vec<_>>()).await;
    let allowed = verdicts.into_iter().filter(|verdict| matches!(verdict, Ok(Ok(Verdict::Allowed)))).count();
    assert_eq!(allowed, 10, "of 64 tries at once, a burst of 10 is allowed");
    Outcome::Kept
}

/// After the span that a denial names, one more is allowed, and only one.
pub async fn one_more_is_allowed_after_the_span_named(fixture: &dyn LimitsFixture) -> Outcome {
    let quota = Quota { burst: 2, per: Duration::from_secs(1) };
    let retry_after = use_up(fixture, "key", quota).await;
    assert!(retry_after > Duration::ZERO, "a denial asks for another try at once");
    assert!(retry_after <= quota.per, "one is allowed each {:?}, and {retry_after:?} was asked for", quota.per);

    let denied_at = fixture.now();
    fixture.pass(retry_after).await;
    assert!(allowed(fixture, "key", quota).await, "after the span named, none was allowed");
    let second = check(fixture, "key", quota).await;
    // Where time is real and the machine busy, a second one may be due already.
    if fixture.now().since(denied_at) < retry_after + quota.per / 2 {
        assert_ne!(second, Verdict::Allowed, "after the span named, two were allowed");
    }
    Outcome::Kept
}

/// A denied try costs nothing: however many there are, the next one is allowed at the same time.
pub async fn a_denied_try_costs_nothing(fixture: &dyn LimitsFixture) -> Outcome {
    let quota = Quota { burst: 3, per: Duration::from_secs(1) };
    let mut retry_after = use_up(fixture, "key", quota).await;
    for _ in 0..20 {
        if let Verdict::Denied { retry_after: next } = check(fixture, "key", quota).await {
            assert!(next <= quota.per, "denied tries were counted: {next:?} to wait");
            retry_after = next;
        }
    }

    fixture.pass(retry_after).await;
    assert!(allowed(fixture, "key", quota).await, "denied tries were counted: none was allowed");
    Outcome::Kept
}

/// Keys are counted apart, however alike they look.
pub async fn keys_are_counted_apart(fixture: &dyn LimitsFixture) -> Outcome {
    let quota = Quota { burst: 1, per: SLOW };
    for key in ["a", "A", "a ", "a:b", "a:b:c", "", "ä", "{a}", "*"] {
        assert!(allowed(fixture, key, quota).await, "the key {key:?} was counted under another");
    }
    assert!(!allowed(fixture, "a", quota).await, "a key was not counted");
    Outcome::Kept
}

/// A clock that is set back, as by a failover to a server that is behind, shuts nobody out.
pub async fn a_clock_that_is_set_back_shuts_nobody_out(fixture: &dyn LimitsFixture) -> Outcome {
    let quota = Quota { burst: 3, per: Duration::from_secs(60) };
    use_up(fixture, "key", quota).await;
    fixture.set_back(SLOW).await;

    for turn in 1..=quota.burst {
        assert!(allowed(fixture, "key", quota).await, "after the clock was set back, try {turn} was not allowed");
    }
    assert!(!allowed(fixture, "key", quota).await, "after the clock was set back, nothing is counted");
    Outcome::Kept
}
