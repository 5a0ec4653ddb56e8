//! Timers, sessions and limits of the marketplace in Redis, and its ticket feed.
//!
//! | port | adapter | a lost Redis |
//! | --- | --- | --- |
//! | `TimerQueue` | [`RedisTimers`] | delays: what a timer is about is found without it, later |
//! | `SessionStore` | [`RedisSessions`] | signs everybody out: what cannot be found is over |
//! | `RateLimiter` | [`RedisLimiter`] | counts from zero again |
//! | `TicketStore` | [`RedisTicketStore`], before another one | publishes nothing; the other one goes on |
//! | `TicketFeed` | [`RedisTicketFeed`] | is silent; once it is back, the feed reports that items were missed |
//!
//! All of them share the one connection of a [`RedisClient`], which comes back
//! by itself. A clone of any of them is a handle to the same thing.
//!
//! Each operation is one round trip, and each change is one script, so that it
//! happens as a whole or not at all. Due times, loans and limits go by the
//! clock of the server, so processes need not agree on the time.
//!
//! # Why so
//!
//! - **Only what may be lost, or is short-lived, is here.** Timers are derived from orders, counts come again by
//!   themselves; nothing that was sold or paid rests on Redis.
//! - **A script for each change**, because what happens in two commands happens halfway when a client dies.
//!
//! # The server
//!
//! - Redis 7 or later; one node, or the primary of several. The keys of each
//!   port share a hash tag, so a cluster keeps them together.
//! - `rediss://` reaches it over TLS, with the feature `tls`. It must take clients
//!   without a certificate: `tls-auth-clients no`.
//! - `maxmemory-policy noeviction`: an index that was evicted would hide the
//!   sessions it lists from their owner. Every key but those of timers expires.
//! - `appendonly yes` keeps sessions over a restart. With `appendfsync
//!   everysec` a power failure may take back the last second: a revoked session
//!   may live again, a refreshed one may ask for the token before.
//!
//! # Examples
//!
//! ```no_run
//! use std::time::Duration;
//! use ticketing_core::ports::limits::{Quota, RateLimiter, Verdict};
//! use ticketing_redis::{RedisClient, RedisConfig, RedisLimiter};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let url = "redis://127.0.0.1:6379/".to_owned();
//! let client = RedisClient::connect(&RedisConfig { url, ..RedisConfig::default() }).await?;
//! let limiter = RedisLimiter::new(&client);
//!
//! let quota = Quota { burst: 5, per: Duration::from_secs(60) };
//! assert_eq!(limiter.check("sign-in ada@example.org", quota).await?, Verdict::Allowed);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod client;
mod config;
mod drafts;
mod error;
mod handshake;
mod limits;
mod script;
mod sessions;
mod ticket_feed;
mod ticket_store;
mod timers;
mod tls;

pub use client::RedisClient;
pub use config::RedisConfig;
pub use drafts::RedisDrafts;
pub use error::RedisError;
pub use limits::RedisLimiter;
pub use sessions::RedisSessions;
pub use ticket_feed::RedisTicketFeed;
pub use ticket_store::RedisTicketStore;
pub use timers::RedisTimers;
