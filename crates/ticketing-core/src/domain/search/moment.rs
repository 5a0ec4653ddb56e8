//! A bound of the time at which an event starts.

use std::time::Duration;

use crate::domain::event_facts::EventFacts;
use crate::domain::time::Timestamp;
use crate::domain::time_zone::LocalTime;

/// A bound of the time at which an event starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The same everywhere.
    At(Timestamp),
    /// On the clocks of the place of the event; those of UTC if its zone is unknown.
    AtPlace(LocalTime),
}

/// More than the clocks of any place differ from those of UTC.
const OFFSET: Duration = Duration::from_secs(26 * 60 * 60);

impl Moment {
    /// The instants at which it may be, somewhere; for indexes.
    #[must_use]
    pub fn window(self) -> (Timestamp, Timestamp) {
        match self {
            Self::At(time) => (time, time),
            Self::AtPlace(time) => {
                let time = Timestamp::from_millis(time.millis());
                (time.before(OFFSET), time.after(OFFSET))
            }
        }
    }

    /// Whether an event starts before it. One without a time is after every moment.
    #[must_use]
    pub fn is_after_start(self, event: &EventFacts) -> bool {
        match self {
            Self::At(time) => event.starts_at.is_some_and(|at| at < time),
            Self::AtPlace(time) => event.starts_local().is_some_and(|at| at < time),
        }
    }
}
