//! What can be observed of the loops while they run: what they count, and whom to ask.

use std::sync::Arc;

use crate::messaging::consumer::ConsumerCounts;
use crate::messaging::durations::Durations;
use crate::ports::outbox::Outbox;
use crate::ports::parking::ParkingLot;
use crate::usecase::notifications::LetterCounts;

/// What can be observed of the loops behind one service, or several. A clone observes the same.
#[derive(Debug, Clone, Default)]
pub struct Observables {
    /// What each consumer counts, by its name.
    pub consumers: Vec<(String, ConsumerCounts)>,
    /// Where the events of each service wait for its relay, by its name.
    pub outboxes: Vec<(String, Arc<dyn Outbox>)>,
    /// Where the deliveries of each consumer are parked, by its name.
    pub parking: Vec<(String, Arc<dyn ParkingLot>)>,
    /// How late timers fired, where there are timers.
    pub timer_lateness: Option<Durations>,
    /// What became of letters, where they are sent.
    pub letters: Option<LetterCounts>,
}

impl Observables {
    pub(super) fn extend(&mut self, other: Self) {
        self.consumers.extend(other.consumers);
        self.outboxes.extend(other.outboxes);
        self.parking.extend(other.parking);
        self.timer_lateness = self.timer_lateness.take().or(other.timer_lateness);
        self.letters = self.letters.take().or(other.letters);
    }
}
