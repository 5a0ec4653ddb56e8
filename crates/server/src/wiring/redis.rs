//! Timers, sessions, limits and the ticket feed in Redis.

use std::sync::Arc;

use ticketing_core::ports::BoxError;
#[cfg(all(feature = "mongodb", feature = "sqlite"))]
use ticketing_core::ports::identity::SessionStore;
use ticketing_core::rebuild::{Rebuild, RebuildTimers};
use ticketing_redis::{
    RedisClient, RedisConfig, RedisDrafts, RedisError, RedisLimiter, RedisSessions, RedisTicketFeed, RedisTicketStore,
    RedisTimers,
};

use crate::config::{Config, RedisSettings, Service};
use crate::marketplace::Engines;

use super::failure::Failure;

/// Puts what is chosen of timers and sessions into Redis, over one connection.
///
/// Processes that share sessions share what they know of tickets as well.
pub(super) async fn plug_in(engines: &mut Engines, config: &Config) -> Result<(), BoxError> {
    let serves = config.services.iter().any(|service| service.has_api() || *service == Service::Web);
    let timers = config.engines.timers.as_ref().filter(|_| engines.expiration.is_some());
    let sessions = config.engines.sessions.as_ref().filter(|_| serves);
    let Some(settings) = timers.or(sessions) else { return Ok(()) };
    let client = client(settings).await?;
    if let Some(expiration) = engines.expiration.as_mut().filter(|_| timers.is_some()) {
        expiration.timers = Arc::new(RedisTimers::new(&client));
    }
    if sessions.is_some() {
        if config.services.iter().copied().any(Service::has_api) {
            share_sessions(engines, &client);
        }
        share_tickets(engines, &client).await?;
    }
    Ok(())
}

fn share_sessions(engines: &mut Engines, client: &RedisClient) {
    let sessions = Arc::new(RedisSessions::new(client));
    if let Some(accounts) = &mut engines.accounts {
        accounts.sessions = Arc::clone(&sessions) as _;
    }
    engines.edge.sessions = sessions;
    engines.edge.limiter = Arc::new(RedisLimiter::new(client));
}

async fn share_tickets(engines: &mut Engines, client: &RedisClient) -> Result<(), BoxError> {
    if let Some(tickets) = &mut engines.tickets {
        tickets.service.store = Arc::new(RedisTicketStore::new(client, Arc::clone(&tickets.service.store)));
    }
    if let Some(web) = &mut engines.web {
        web.drafts = Arc::new(RedisDrafts::new(client));
        web.feed = Box::new(RedisTicketFeed::open(client).await?);
    }
    Ok(())
}

/// Where sessions are kept.
#[cfg(all(feature = "mongodb", feature = "sqlite"))]
pub(super) async fn sessions(settings: &RedisSettings) -> Result<Arc<dyn SessionStore>, BoxError> {
    Ok(Arc::new(RedisSessions::new(&client(settings).await?)))
}

/// The timers, to be set again.
pub(super) async fn replicas(settings: &RedisSettings) -> Result<Box<dyn Rebuild>, BoxError> {
    Ok(Box::new(RebuildTimers::new(Arc::new(RedisTimers::new(&client(settings).await?)))))
}

async fn client(settings: &RedisSettings) -> Result<RedisClient, BoxError> {
    let RedisSettings { url, prefix, ca } = settings.clone();
    let config = RedisConfig { url: url.expose().to_owned(), prefix, ca, ..RedisConfig::default() };
    Ok(RedisClient::connect(&config).await?)
}

/// Whether a failure to connect is that nobody answers.
pub(super) fn is_away(error: &Failure) -> bool {
    error.downcast_ref().is_some_and(RedisError::is_away)
}
