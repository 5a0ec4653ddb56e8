//! Keeps what was rendered, and never an old version of it.

use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use redis::Script;

use crate::client::RedisClient;
use crate::error::RedisError;
use crate::script::Call;

/// Keeps bytes by key and version, for all processes. A clone is a handle to the same entries.
///
/// Whoever changes something calls [`invalidate`](Self::invalidate) with its
/// new version. From then on a lower version is neither found nor stored, so
/// that a slow writer, who read the old state before and stores what became of
/// it after, cannot bring it back.
///
/// The highest version of a key is remembered for a day after it was last
/// told; no writer may be slower than that. Entries and versions expire, so
/// what Redis holds is bounded by what was stored or told within a day.
///
/// # Examples
///
/// ```no_run
/// use std::time::Duration;
/// use bytes::Bytes;
/// use ticketing_redis::{CacheEntry, RedisCache, RedisClient, RedisConfig};
///
/// # async fn example() -> Result<(), ticketing_redis::RedisError> {
/// let cache = RedisCache::new(&RedisClient::connect(&RedisConfig::default()).await?);
/// cache.invalidate("ticket 7", 2).await?;
///
/// let old = CacheEntry { version: 1, bytes: Bytes::from("old"), ttl: Duration::from_secs(60) };
/// assert!(!cache.put("ticket 7", &old).await?);
/// let new = CacheEntry { version: 2, bytes: Bytes::from("new"), ..old };
/// assert!(cache.put("ticket 7", &new).await?);
/// assert_eq!(cache.get("ticket 7").await?, Some(new.bytes));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisCache {
    client: RedisClient,
}

/// What is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheEntry {
    /// Of which version of the key's subject it was made.
    pub version: u64,
    /// What was made.
    pub bytes: Bytes,
    /// How long to keep it; at most a day.
    pub ttl: Duration,
}

static PUT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("cache/put.lua")));
static INVALIDATE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("cache/invalidate.lua")));

/// How long a version is remembered, and the longest that an entry is kept.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);

impl RedisCache {
    /// The entries of the marketplace that the client's prefix names.
    #[must_use]
    pub fn new(client: &RedisClient) -> Self {
        Self { client: client.clone() }
    }

    /// The bytes of a key, if there are any.
    ///
    /// # Errors
    ///
    /// [`RedisError`]: do without.
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, RedisError> {
        let found = self.client.get(&self.key(key, "entry")).await?;
        Ok(found.map(Bytes::from))
    }

    /// Keeps an entry, unless a higher version of the key was seen; tells whether it did.
    ///
    /// # Errors
    ///
    /// [`RedisError`]: it may be kept or not; put it again or do without.
    pub async fn put(&self, key: &str, entry: &CacheEntry) -> Result<bool, RedisError> {
        let ttl = millis(entry.ttl.min(REMEMBERED));
        let call = self.call(&PUT, key).arg(digits(entry.version)).arg(&entry.bytes[..]).arg(ttl);
        self.client.run(&call.arg(millis(REMEMBERED))).await
    }

    /// Makes every entry of a lower version unreadable, at once and also if it is still to be put.
    ///
    /// # Errors
    ///
    /// [`RedisError`]: an old entry may be readable until it expires; try again, it does no harm.
    pub async fn invalidate(&self, key: &str, version: u64) -> Result<(), RedisError> {
        let call = self.call(&INVALIDATE, key).arg(digits(version)).arg(millis(REMEMBERED));
        self.client.run(&call).await
    }

    fn call<'a>(&self, script: &'a Script, key: &str) -> Call<'a> {
        Call::of(script, &[&self.key(key, "entry"), &self.key(key, "seen")])
    }

    /// On a cluster, all that is about a key is side by side.
    fn key(&self, key: &str, what: &str) -> String {
        self.client.tag(&["cache:", key].concat()) + what
    }
}

fn digits(version: u64) -> String {
    format!("{version:020}")
}

/// At least one, because Redis keeps nothing for no time.
fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1)
}

impl fmt::Debug for RedisCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCache").field("client", &self.client).finish()
    }
}
