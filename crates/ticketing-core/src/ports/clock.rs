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

/// Tells the time and waits for it to pass.
///
/// A clock of the machine follows the wall clock, also where that is set back by
/// much: a wrong time must not last as long as the process. Sleeps do not notice.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `clock`.
///
/// - A sleep ends once its span has passed, and not before: `a_sleep_lasts_as_long_as_asked`.
/// - Time never runs backwards while nobody sets the clock: `time_never_runs_backwards`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Clock: Send + Sync + fmt::Debug + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Waits until `span` has passed.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the wait and nothing else.
    async fn sleep(&self, span: Duration);
}

/// Draws identities and secrets.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `clock`.
///
/// - No identity is drawn twice, and later ones sort after earlier ones: `ids_are_unique_and_sorted`.
/// - An identity is a UUID of version 7: `ids_are_uuid_version_7`.
/// - No secret is drawn twice: `secrets_are_unique`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Ids: Send + Sync + fmt::Debug + 'static {
    /// A new UUID of version 7, drawn at `now`.
    fn uuid(&self, now: Timestamp) -> Uuid;

    /// 256 bits that nobody can guess.
    fn secret(&self) -> [u8; 32];
}

/// The clock and the ids of a process. A clone shares them.
#[derive(Debug, Clone)]
pub struct ClockAndIds {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Draws ids and secrets.
    pub ids: Arc<dyn Ids>,
}

impl ClockAndIds {
    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new id, drawn at `now`.
    #[must_use]
    pub fn uuid(&self, now: Timestamp) -> Uuid {
        self.ids.uuid(now)
    }

    pub(crate) fn seal(&self, event: &Event, now: Timestamp, origin: &Origin) -> EventEnvelope {
        seal(event, EventId::new(self.uuid(now)), now, origin)
    }
}
