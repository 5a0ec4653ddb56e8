//! What the cache promises.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use ticketing_redis::{CacheEntry, RedisCache};

use crate::world::{World, eventually};

const HOUR: Duration = Duration::from_secs(3600);

fn entry(version: u64) -> CacheEntry {
    CacheEntry { version, bytes: Bytes::from(version.to_string()), ttl: HOUR }
}

async fn version(cache: &RedisCache, key: &str) -> Option<u64> {
    let found = cache.get(key).await.expect("the cache answers")?;
    Some(str::from_utf8(&found).expect("digits").parse().expect("a version"))
}

#[tokio::test]
async fn an_entry_is_found_until_its_version_is_over() {
    let world = World::start().await;
    let cache = RedisCache::new(&world.client);
    assert_eq!(version(&cache, "key").await, None);
    assert!(cache.put("key", &entry(3)).await.unwrap());
    assert!(cache.put("other", &entry(3)).await.unwrap());
    for same_or_older in [3, 2] {
        cache.invalidate("key", same_or_older).await.unwrap();
    }
    assert_eq!(version(&cache, "key").await, Some(3));

    for _ in 0..2 {
        cache.invalidate("key", 4).await.unwrap();
        assert_eq!(version(&cache, "key").await, None);
    }
    assert!(!cache.put("key", &entry(3)).await.unwrap());
    assert_eq!(version(&cache, "key").await, None);
    assert!(cache.put("key", &entry(4)).await.unwrap());
    assert_eq!((version(&cache, "key").await, version(&cache, "other").await), (Some(4), Some(3)));
}

#[tokio::test]
async fn a_lower_version_does_not_replace_a_higher_one_even_when_that_expired() {
    let world = World::start().await;
    let cache = RedisCache::new(&world.client);
    assert!(cache.put("key", &CacheEntry { ttl: Duration::from_millis(1), ..entry(10) }).await.unwrap());
    eventually("it expires", || async { version(&cache, "key").await.is_none().then_some(()) }).await;

    assert!(!cache.put("key", &entry(9)).await.unwrap());
    assert_eq!(version(&cache, "key").await, None);
}

#[tokio::test]
async fn versions_are_compared_exactly() {
    let world = World::start().await;
    let cache = RedisCache::new(&world.client);
    for (low, high) in [(9, 10), (1 << 53, (1 << 53) + 1), (u64::MAX - 1, u64::MAX)] {
        let key = high.to_string();
        cache.invalidate(&key, high).await.unwrap();

        assert!(!cache.put(&key, &entry(low)).await.unwrap(), "{low} after {high}");
        assert!(cache.put(&key, &entry(high)).await.unwrap(), "{high}");
    }
}

#[tokio::test]
async fn any_bytes_are_kept_and_every_key_expires() {
    let world = World::start().await;
    let cache = RedisCache::new(&world.client);
    let bytes: Bytes = (0..=255).cycle().take(1 << 20).collect();
    assert!(cache.put("key", &CacheEntry { bytes: bytes.clone(), ttl: Duration::MAX, version: 0 }).await.unwrap());

    assert!(cache.get("key").await.unwrap() == Some(bytes));
    for key in world.keys() {
        assert!((-2..=24 * 3600).contains(&world.ask::<i64>(&["TTL", &key])), "{key}");
        assert_ne!(world.ask::<i64>(&["TTL", &key]), -1, "{key}");
    }
}

#[tokio::test]
async fn an_old_version_never_comes_back_however_writers_race() {
    const LAST: u64 = 300;
    let world = World::start().await;
    let (cache, told) = (RedisCache::new(&world.client), AtomicU64::new(0));
    let change = async {
        for version in 1..=LAST {
            cache.invalidate("key", version).await.unwrap();
            told.store(version, Ordering::SeqCst);
            world.client.ping().await.unwrap();
            world.client.ping().await.unwrap();
        }
    };
    // What a writer stores was read so many versions ago.
    let write = async |lag: u64| {
        while told.load(Ordering::SeqCst) < LAST {
            let version = told.load(Ordering::SeqCst).saturating_sub(lag);
            cache.put("key", &entry(version)).await.unwrap();
        }
    };
    let read = async {
        let mut found = 0;
        while told.load(Ordering::SeqCst) < LAST {
            let least = told.load(Ordering::SeqCst);
            if let Some(version) = version(&cache, "key").await {
                assert!(version >= least, "version {version} after {least} was told");
                found += 1;
            }
        }
        found
    };

    let (found, ..) = tokio::join!(read, change, join_all((0..6).map(write)));
    assert!(found > 0, "the reader met no entry");
}
