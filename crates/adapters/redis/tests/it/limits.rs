//! Quirks of limits in Redis.

use std::time::Duration;

use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::limits::{Quota, RateLimiter, Verdict};
use ticketing_redis::RedisLimiter;

use crate::world::{World, now};

#[tokio::test]
async fn a_count_expires_when_it_says_nothing_any_more() {
    let world = World::start().await;
    let limiter = RedisLimiter::new(&world.client);
    let quota = Quota { burst: 5, per: Duration::from_secs(100) };
    for _ in 0..3 {
        limiter.check("key", quota).await.unwrap();
    }

    let left: i64 = world.ask(&["TTL", &format!("{}:limit:key", world.config.prefix)]);
    assert!((250..=300).contains(&left), "three of 100 s each, and {left} s are left");
}

#[tokio::test]
async fn any_quota_is_answered() {
    let world = World::start().await;
    let limiter = RedisLimiter::new(&world.client);
    for per in [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(1), Duration::MAX] {
        for burst in [0, 1, u32::MAX] {
            let (key, quota) = (format!("{burst} {per:?}"), Quota { burst, per });

            assert_eq!(limiter.check(&key, quota).await.unwrap(), Verdict::Allowed, "{quota:?}");
            limiter.check(&key, quota).await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_is_allowed_comes_evenly() {
    let world = World::start().await;
    let limiter = RedisLimiter::new(&world.client);
    let quota = Quota { burst: 3, per: Duration::from_millis(50) };
    let began = std::time::Instant::now();
    let mut allowed = 0;
    while allowed < 13 {
        match limiter.check("key", quota).await.unwrap() {
            Verdict::Allowed => allowed += 1,
            Verdict::Denied { retry_after } => tokio::time::sleep(retry_after).await, // time is real
        }
    }

    assert!(began.elapsed() >= quota.per * 10, "three at once and ten more took {:?}", began.elapsed());
}

#[tokio::test]
async fn a_clock_of_redis_that_was_set_back_shuts_nobody_out() {
    let world = World::start().await;
    let limiter = RedisLimiter::new(&world.client);
    let quota = Quota { burst: 2, per: Duration::from_secs(100) };
    let key = format!("{}:limit:key", world.config.prefix);
    for (ahead, allowed) in [(3600_u64, 2), (201, 2), (199, 0), (99, 1)] {
        let arrival = u64::try_from(now().since(Timestamp::EPOCH).as_micros()).unwrap() + ahead * 1_000_000;
        world.ask::<()>(&["SET", &key, &arrival.to_string()]);

        for turn in 0..3 {
            let verdict = limiter.check("key", quota).await.unwrap();
            assert_eq!(verdict == Verdict::Allowed, turn < allowed, "{ahead} s ahead, try {turn}: {verdict:?}");
        }
    }
}
