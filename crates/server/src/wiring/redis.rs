//! Timers, sessions and limits in Redis.

use std::sync::Arc;

use ticketing_core::ports::BoxError;
use ticketing_redis::{RedisClient, RedisConfig, RedisLimiter, RedisSessions, RedisTimers};

use crate::config::RedisSettings;
use crate::marketplace::Engines;

/// Puts what is chosen of timers and sessions into Redis, over one connection.
pub(super) async fn plug_in(
    engines: &mut Engines,
    timers: Option<&RedisSettings>,
    sessions: Option<&RedisSettings>,
) -> Result<(), BoxError> {
    let Some(RedisSettings { url, prefix }) = timers.or(sessions) else { return Ok(()) };
    let config = RedisConfig { url: url.expose().to_owned(), prefix: prefix.clone(), ..RedisConfig::default() };
    let client = RedisClient::connect(&config).await?;
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
