//! The time, and new ids and secrets.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::event::Event;
use crate::domain::ids::EventId;
use crate::domain::time::Timestamp;
use crate::wire::{EventEnvelope, Origin, seal};

/// Returns the time, and sleeps.
///
/// A system clock follows the wall clock, even when that is set back by much:
/// a wrong time must not last as long as the process. Sleeps are not affected.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `clock`.
///
/// - A sleep ends once its span has passed, and not before: `a_sleep_lasts_as_long_as_asked`.
/// - Time never runs backwards unless the clock is set back: `time_never_runs_backwards`.
///
/// # Examples
///
/// A clock that is ahead of another, to see what such a process does:
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use ticketing_core::{domain::time::Timestamp, ports::clock::Clock};
/// # use ticketing_memory::ManualClock;
///
/// #[derive(Debug)]
/// struct Ahead(Arc<dyn Clock>, Duration);
///
/// #[async_trait::async_trait]
/// impl Clock for Ahead {
///     fn now(&self) -> Timestamp {
///         self.0.now().after(self.1)
///     }
///
///     async fn sleep(&self, span: Duration) {
///         self.0.sleep(span).await;
///     }
/// }
///
/// let clock = Arc::new(ManualClock::default());
/// let ahead = Ahead(clock.clone(), Duration::from_mins(5));
/// assert_eq!(ahead.now().since(clock.now()), Duration::from_mins(5));
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Clock: Send + Sync + fmt::Debug + 'static {
    /// The current time.
    fn now(&self) -> Timestamp;

    /// Waits until `span` has passed.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the wait and nothing else.
    async fn sleep(&self, span: Duration);
}

/// Generates ids and secrets.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `clock`.
///
/// - No id is generated twice, and later ones sort after earlier ones: `ids_are_unique_and_sorted`.
/// - An id is a UUID of version 7: `ids_are_uuid_version_7`.
/// - No secret is generated twice: `secrets_are_unique`.
///
/// # Examples
///
/// ```
/// use ticketing_core::{domain::ids::OrderId, domain::time::Timestamp, ports::clock::Ids};
/// # use ticketing_memory::RandomIds;
///
/// let ids: &dyn Ids = &RandomIds::new();
/// let now = Timestamp::from_millis(1_800_000_000_000);
/// let [first, second] = [(); 2].map(|()| OrderId::new(ids.uuid(now)));
/// assert!(first < second);
/// assert_eq!(first.drawn_at(), Some(now));
/// assert_ne!(ids.secret(), ids.secret());
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Ids: Send + Sync + fmt::Debug + 'static {
    /// A new UUID of version 7 with the time `now`.
    fn uuid(&self, now: Timestamp) -> Uuid;

    /// 256 unpredictable bits.
    fn secret(&self) -> [u8; 32];
}

/// The clock and the ids of a process. A clone shares them.
#[derive(Debug, Clone)]
pub struct ClockAndIds {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids and secrets.
    pub ids: Arc<dyn Ids>,
}

impl ClockAndIds {
    /// The current time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new id with the time `now`.
    #[must_use]
    pub fn uuid(&self, now: Timestamp) -> Uuid {
        self.ids.uuid(now)
    }

    pub(crate) fn seal(&self, event: &Event, now: Timestamp, origin: &Origin) -> EventEnvelope {
        seal(event, EventId::new(self.uuid(now)), now, origin)
    }
}
