//! Timers, sessions and limits in Redis.

use std::sync::Arc;

use ticketing_core::ports::BoxError;
use ticketing_core::rebuild::{Rebuild, RebuildTimers};
use ticketing_redis::{RedisClient, RedisConfig, RedisLimiter, RedisSessions, RedisTimers};

use crate::config::RedisSettings;
use crate::marketplace::Engines;

/// Puts what is chosen of timers and sessions into Redis, over one connection.
pub(super) async fn plug_in(
    engines: &mut Engines,
    timers: Option<&RedisSettings>,
    sessions: Option<&RedisSettings>,
) -> Result<(), BoxError> {
    let Some(settings) = timers.or(sessions) else { return Ok(()) };
    let client = client(settings).await?;
    if let Some(expiration) = engines.expiration.as_mut().filter(|_| timers.is_some()) {
        expiration.timers = Arc::new(RedisTimers::new(&client));
    }
    if sessions.is_some() {
        let sessions = Arc::new(RedisSessions::new(&client));
        if let Some(accounts) = &mut engines.accounts {
            accounts.sessions = Arc::clone(&sessions) as _;
        }
        engines.edge.sessions = sessions;
        engines.edge.limiter = Arc::new(RedisLimiter::new(&client));
    }
    Ok(())
}

/// The timers, to be set anew.
pub(super) async fn replicas(settings: &RedisSettings) -> Result<Box<dyn Rebuild>, BoxError> {
    Ok(Box::new(RebuildTimers::new(Arc::new(RedisTimers::new(&client(settings).await?)))))
}

async fn client(settings: &RedisSettings) -> Result<RedisClient, BoxError> {
    let RedisSettings { url, prefix } = settings;
    let config = RedisConfig { url: url.expose().to_owned(), prefix: prefix.clone(), ..RedisConfig::default() };
    Ok(RedisClient::connect(&config).await?)
}
