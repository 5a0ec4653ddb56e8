//! Keeps anybody from doing too much of something.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use redis::Script;
use ticketing_core::ports::limits::{LimitError, Quota, RateLimiter, Verdict};

use crate::client::RedisClient;
use crate::script::Call;

/// Counts in Redis, by the generic cell rate algorithm. A clone is a handle to the same counts.
///
/// It keeps one time for each key, by the clock of the server and in
/// microseconds; the key of who is idle expires. When an answer was lost and
/// the call is sent again, one may be counted twice: one too few is allowed
/// rather than one too many.
///
/// # Examples
///
/// ```no_run
/// use std::time::Duration;
/// use ticketing_core::ports::limits::{Quota, RateLimiter, Verdict};
/// use ticketing_redis::{RedisClient, RedisConfig, RedisLimiter};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let limiter = RedisLimiter::new(&RedisClient::connect(&RedisConfig::default()).await?);
/// let quota = Quota { burst: 1, per: Duration::from_secs(60) };
///
/// assert_eq!(limiter.check("203.0.113.7", quota).await?, Verdict::Allowed);
/// assert_ne!(limiter.check("203.0.113.7", quota).await?, Verdict::Allowed);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct RedisLimiter {
    client: RedisClient,
}

static CHECK: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("limits/check.lua")));

/// A hundred years: longer spans are as good as endless, and Lua counts exactly only so far.
const LONGEST: u64 = 100 * 366 * 24 * 3600 * 1_000_000;

impl RedisLimiter {
    /// The counts of the marketplace that the client's prefix names.
    #[must_use]
    pub fn new(client: &RedisClient) -> Self {
        Self { client: client.clone() }
    }
}

#[async_trait]
impl RateLimiter for RedisLimiter {
    async fn check(&self, key: &str, quota: Quota) -> Result<Verdict, LimitError> {
        let per = whole_micros(quota.per);
        let tolerance = per.saturating_mul(u64::from(quota.burst.saturating_sub(1)));
        let call = Call::of(&CHECK, &[&self.client.key("limit", key)]).arg(per).arg(tolerance);
        Ok(match self.client.run(&call).await? {
            0 => Verdict::Allowed,
            millis => Verdict::Denied { retry_after: Duration::from_millis(millis) },
        })
    }
}

/// Rounds up, so that nobody is allowed too much.
fn whole_micros(span: Duration) -> u64 {
    u64::try_from(span.as_nanos().div_ceil(1000)).map_or(LONGEST, |micros| micros.min(LONGEST))
}
