//! A part of a Redis that no other test uses, and time that is real.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use redis::FromRedisValue;
use ticketing_conformance::drafts::DraftsFixture;
use ticketing_conformance::limits::LimitsFixture;
use ticketing_conformance::sessions::SessionsFixture;
use ticketing_conformance::time::TimeFixture;
use ticketing_conformance::timers::TimersFixture;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::drafts::DraftStore;
use ticketing_core::ports::identity::SessionStore;
use ticketing_core::ports::limits::RateLimiter;
use ticketing_core::ports::timers::TimerQueue;
use ticketing_redis::{RedisClient, RedisConfig, RedisDrafts, RedisLimiter, RedisSessions, RedisTimers};
use uuid::Builder;

use crate::engine::Engine;

/// One of every adapter, with a unique prefix.
pub(crate) struct World {
    pub(crate) config: RedisConfig,
    pub(crate) client: RedisClient,
    /// A Redis that ends with it, if it has one.
    own: Option<Engine>,
}

impl World {
    /// In the Redis that all tests share.
    pub(crate) async fn start() -> Self {
        let url = std::env::var("REDIS_URL")
            .expect("set REDIS_URL: this test needs a real Redis; `deploy/engines.sh run cargo test …` brings one");
        Self::at(url).await
    }

    pub(crate) async fn at(url: String) -> Self {
        let prefix = format!("test-{}", Builder::from_random_bytes(rand::random()).into_uuid());
        // Patient, because the tests share the machine with each other.
        let (response_timeout, connection_timeout) = (Duration::from_secs(10), Duration::from_secs(10));
        let config = RedisConfig { url, prefix, response_timeout, connection_timeout, ..RedisConfig::default() };
        let client = RedisClient::connect(&config).await.expect("Redis answers at REDIS_URL");
        Self { config, client, own: None }
    }

    /// In a Redis Cluster of its own.
    pub(crate) async fn on_cluster() -> Self {
        let engine = Engine::start_cluster();
        let mut world = Self::at(engine.url()).await;
        world.own = Some(engine);
        world
    }

    /// Asks Redis itself.
    pub(crate) fn ask<T: FromRedisValue>(&self, words: &[&str]) -> T {
        ask(&self.config.url, words).expect("Redis answers")
    }

    /// The keys of this world.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.ask(&["KEYS", &format!("*{}*", self.config.prefix)])
    }
}

/// Asks a Redis on a separate connection.
pub(crate) fn ask<T: FromRedisValue>(url: &str, words: &[&str]) -> redis::RedisResult<T> {
    let mut command = redis::Cmd::new();
    for word in words {
        command.arg(*word);
    }
    let mut connection = redis::Client::open(url)?.get_connection_with_timeout(Duration::from_secs(10))?;
    command.query(&mut connection)
}

impl Drop for World {
    fn drop(&mut self) {
        // A Redis that ends with this has nothing to tidy up, and one that a test stopped neither.
        if self.own.is_some() {
            return;
        }
        let pattern = format!("*{}*", self.config.prefix);
        for key in ask::<Vec<String>>(&self.config.url, &["KEYS", &pattern]).unwrap_or_default() {
            ask::<()>(&self.config.url, &["DEL", &key]).ok();
        }
    }
}

/// The time of this machine, which is the server's too.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970");
    Timestamp::EPOCH.after(since)
}

/// Asks again and again until the answer is `Some`.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(10)).await; // between two looks
        }
    };
    tokio::time::timeout(Duration::from_secs(30), asking).await.expect(what)
}

#[async_trait]
impl TimeFixture for World {
    fn now(&self) -> Timestamp {
        now()
    }

    async fn pass(&self, span: Duration) {
        tokio::time::sleep(span).await; // time is real
    }
}

impl TimersFixture for World {
    fn timers(&self) -> Arc<dyn TimerQueue> {
        Arc::new(RedisTimers::new(&self.client))
    }
}

impl SessionsFixture for World {
    fn sessions(&self) -> Arc<dyn SessionStore> {
        Arc::new(RedisSessions::new(&self.client))
    }
}

#[async_trait]
impl LimitsFixture for World {
    fn limiter(&self) -> Arc<dyn RateLimiter> {
        Arc::new(RedisLimiter::new(&self.client))
    }

    /// Others share this Redis, so what was noted moves ahead in place of the clock that goes back.
    async fn set_back(&self, span: Duration) {
        for key in self.keys().into_iter().filter(|key| key.contains(":limit:")) {
            let arrival: u128 = self.ask(&["GET", &key]);
            self.ask::<()>(&["SET", &key, &(arrival + span.as_micros()).to_string()]);
        }
    }
}

impl DraftsFixture for World {
    fn drafts(&self) -> Arc<dyn DraftStore> {
        Arc::new(RedisDrafts::new(&self.client))
    }
}
