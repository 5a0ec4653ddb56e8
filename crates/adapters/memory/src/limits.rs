//! Keeps anybody from doing too much of something.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::limits::{LimitError, Quota, RateLimiter, Verdict};

use crate::faults::{FaultPlan, Operation};
use crate::lock::Lock;

/// Counts in memory, by the generic cell rate algorithm. A clone is a handle to the same counts.
///
/// It keeps one time for each key, and forgets those of idle keys. Beyond some
/// hundred thousand busy ones it forgets those that owe least, so no crowd
/// takes more memory than that, and a client that does too much stays limited.
///
/// # Examples
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use ticketing_core::ports::limits::{Quota, RateLimiter, Verdict};
/// use ticketing_memory::{ManualClock, MemoryLimiter};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = ManualClock::default();
/// let limiter = MemoryLimiter::new(Arc::new(clock.clone()));
/// let quota = Quota { burst: 1, per: Duration::from_mins(1) };
/// assert_eq!(limiter.check("sign-in", quota).await?, Verdict::Allowed);
/// assert_eq!(limiter.check("sign-in", quota).await?, Verdict::Denied { retry_after: quota.per });
/// clock.advance(quota.per);
/// assert_eq!(limiter.check("sign-in", quota).await?, Verdict::Allowed);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct MemoryLimiter {
    clock: Arc<dyn Clock>,
    counts: Arc<Lock<Counts>>,
    faults: FaultPlan,
}

struct Counts {
    /// When the next one of a key would arrive if they came evenly (ITU-T I.371: the theoretical arrival time).
    arrivals: HashMap<String, Duration>,
    /// Idle keys are forgotten when there are so many.
    crowded: usize,
}

/// Below so many keys it is not worth looking for idle ones.
const FEW_KEYS: usize = 1024;
/// More keys than this are never kept.
const MOST_KEYS: usize = 1 << 17;

impl MemoryLimiter {
    /// Nothing was counted yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let counts = Counts { arrivals: HashMap::new(), crowded: FEW_KEYS };
        Self { clock, counts: Arc::new(Lock::new(counts)), faults: FaultPlan::none() }
    }

    /// A handle to the same counts that fails by this plan.
    #[must_use]
    pub fn with_faults(&self, faults: FaultPlan) -> Self {
        Self { faults, ..self.clone() }
    }
}

#[async_trait]
impl RateLimiter for MemoryLimiter {
    async fn check(&self, key: &str, quota: Quota) -> Result<Verdict, LimitError> {
        let now = self.clock.now().since(Timestamp::EPOCH);
        self.faults.run(Operation::Limit, || Ok(self.counts.lock().check(key, quota, now))).await
    }
}

impl Counts {
    fn check(&mut self, key: &str, quota: Quota, now: Duration) -> Verdict {
        let tolerance = quota.per * quota.burst.saturating_sub(1);
        // One that lies further ahead than any try leads to was noted before the clock was set back.
        let noted = self.arrivals.get(key).copied().filter(|arrival| *arrival <= now + tolerance + quota.per);
        let arrival = noted.unwrap_or(now).max(now);
        let early = (arrival - now).saturating_sub(tolerance);
        if !early.is_zero() {
            return Verdict::Denied { retry_after: whole_millis(early) };
        }
        self.forget_idle(now);
        self.arrivals.insert(key.to_owned(), arrival + quota.per);
        Verdict::Allowed
    }

    /// Looks through all keys only when their number has doubled, so a check costs little on average.
    fn forget_idle(&mut self, now: Duration) {
        if self.arrivals.len() >= self.crowded {
            self.arrivals.retain(|_, arrival| *arrival > now);
            if self.arrivals.len() > MOST_KEYS / 2 {
                self.forget_who_owes_least();
            }
            self.crowded = FEW_KEYS.max(self.arrivals.len() * 2);
        }
    }

    fn forget_who_owes_least(&mut self) {
        let mut arrivals: Vec<Duration> = self.arrivals.values().copied().collect();
        let middle = arrivals.len() / 2;
        let (_, median, _) = arrivals.select_nth_unstable(middle);
        let median = *median;
        self.arrivals.retain(|_, arrival| *arrival > median);
    }
}

/// Rounds up, since clocks show whole milliseconds.
fn whole_millis(span: Duration) -> Duration {
    let above = u64::from(!span.subsec_nanos().is_multiple_of(1_000_000));
    Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX).saturating_add(above))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn a_clock_that_is_set_back_shuts_nobody_out() {
        let mut counts = Counts { arrivals: HashMap::new(), crowded: FEW_KEYS };
        let quota = Quota { burst: 2, per: Duration::from_secs(1) };
        let hour = Duration::from_secs(3600);
        for _ in 0..3 {
            counts.check("a", quota, hour * 2);
        }

        assert_eq!([(); 3].map(|()| counts.check("a", quota, hour) == Verdict::Allowed), [true, true, false]);
    }

    #[tokio::test]
    async fn idle_keys_are_forgotten() {
        let clock = ManualClock::default();
        let limiter = MemoryLimiter::new(Arc::new(clock.clone()));
        let quota = Quota { burst: 1, per: Duration::from_secs(1) };
        for key in 0..100_000 {
            limiter.check(&key.to_string(), quota).await.unwrap();
            clock.advance(Duration::from_millis(10));
        }

        assert!(limiter.counts.lock().arrivals.len() <= FEW_KEYS);
    }

    #[tokio::test]
    async fn a_crowd_of_keys_is_bounded_and_frees_nobody_who_does_too_much() {
        let limiter = MemoryLimiter::new(Arc::new(ManualClock::default()));
        let quota = Quota { burst: 3, per: Duration::from_secs(60) };
        for _ in 0..3 {
            limiter.check("flood", quota).await.unwrap();
        }
        for key in 0..3 * MOST_KEYS {
            limiter.check(&key.to_string(), quota).await.unwrap();
        }

        assert!(limiter.counts.lock().arrivals.len() <= MOST_KEYS);
        assert!(matches!(limiter.check("flood", quota).await, Ok(Verdict::Denied { .. })));
    }
}
