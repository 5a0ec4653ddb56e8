//! Proves that an adapter keeps every promise of the ports of `ticketing-core`.
//!
//! Each line of a `# Contract` in `ticketing_core::ports` names a rule, and each
//! rule is a function here: it gets its own fixture, uses the port as
//! the marketplace would, and panics if the promise is broken.
//!
//! It is a crate and not a folder of tests, so that an adapter outside of this project is proved by the same rules as
//! those within. Each rule is a test by itself: one failure hides no other.
//!
//! To prove an adapter:
//!
//! 1. Add this crate to its dev-dependencies.
//! 2. Implement the fixture of the port, which says how to make a world that
//!    nobody else uses: an empty store, topics with a unique prefix.
//! 3. Write one line: the macro of the family makes a test of each rule, with a
//!    new fixture for each, so that all run in parallel and one failure hides
//!    nothing.
//!    A rule gives up what must happen after [`PATIENCE`](time::PATIENCE); `patience = …` behind the fixture sets
//!    another span, shorter while one works on an adapter, longer for a slow engine.
//! 4. Optionally print the table with [`report!`].
//!
//! A failure says what the rule had done, what was to come and what came: "10 of 60 deliveries were dropped unsettled,
//! and the others settled: 60 events were to come; 50 came, then nothing for 30s".
//!
//! ```
//! use std::collections::HashMap;
//! use std::sync::{Arc, Mutex};
//! use std::time::{Duration, Instant};
//!
//! use async_trait::async_trait;
//! use ticketing_conformance::limits::LimitsFixture;
//! use ticketing_conformance::time::TimeFixture;
//! use ticketing_core::domain::time::Timestamp;
//! use ticketing_core::ports::limits::{LimitError, Quota, RateLimiter, Verdict};
//!
//! /// When each key will have nothing left to wait for.
//! #[derive(Debug, Default)]
//! struct WallLimiter(Mutex<HashMap<String, Instant>>);
//!
//! #[async_trait]
//! impl RateLimiter for WallLimiter {
//!     async fn check(&self, key: &str, quota: Quota) -> Result<Verdict, LimitError> {
//!         let now = Instant::now();
//!         let mut free = self.0.lock().expect("nobody panics while counting");
//!         let free_at = free.entry(key.to_owned()).or_insert(now);
//!         // Further ahead than any try leads to: the clock was set back.
//!         if *free_at > now + quota.per * quota.burst {
//!             *free_at = now;
//!         }
//!         let next = (*free_at).max(now) + quota.per;
//!         let retry_after = next.saturating_duration_since(now + quota.per * quota.burst);
//!         if retry_after > Duration::ZERO {
//!             return Ok(Verdict::Denied { retry_after });
//!         }
//!         *free_at = next;
//!         Ok(Verdict::Allowed)
//!     }
//! }
//!
//! #[derive(Default)]
//! struct Wall(Arc<WallLimiter>);
//!
//! #[async_trait]
//! impl TimeFixture for Wall {
//!     fn now(&self) -> Timestamp {
//!         let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
//!         Timestamp::EPOCH.after(since)
//!     }
//!     async fn pass(&self, span: Duration) {
//!         tokio::time::sleep(span).await;
//!     }
//! }
//!
//! #[async_trait]
//! impl LimitsFixture for Wall {
//!     fn limiter(&self) -> Arc<dyn RateLimiter> {
//!         self.0.clone()
//!     }
//!     async fn set_back(&self, span: Duration) {
//!         // Nobody sets the clock of the machine back: what was counted is moved ahead instead.
//!         self.0.0.lock().expect("nobody panics while counting").values_mut().for_each(|free_at| *free_at += span);
//!     }
//! }
//!
//! // In `tests/it/main.rs` this line makes five tests:
//! ticketing_conformance::limits!(Wall::default(), patience = Duration::from_secs(5));
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let report = ticketing_conformance::report! { limits: Wall::default() };
//! assert!(report.conforms(), "{report}");
//! # });
//! ```
//!
//! A rule that does not apply, because a transport does not claim a feature,
//! says so: on standard error, and in the table.

#[macro_use]
mod macros;
mod events;
mod outcome;

pub mod report;
pub mod sample;
pub mod time;

pub mod attempt_keys;
pub mod attempt_notes;
pub mod audit_reader;
pub mod clock;
pub mod drafts;
pub mod gateway;
pub mod identity;
pub mod limits;
pub mod log;
pub mod mailer;
pub mod outbox;
pub mod parking;
pub mod search_index;
pub mod sessions;
pub mod store;
pub mod ticket_feed;
pub mod timers;
pub mod transport;

pub use outcome::Outcome;
#[doc(hidden)]
pub use ticketing_core;
