//! What came, and how it differs from what was to come.

use std::collections::HashMap;
use std::fmt;

use ticketing_core::domain::ids::EventId;
use ticketing_core::ports::transport::{Arrival, Delivery};
use ticketing_core::wire::EventEnvelope;
use uuid::Uuid;

use crate::events::{Coming, to_come};
use crate::outcome::broken;

#[track_caller]
pub(super) fn event_of(delivery: &Delivery) -> &EventEnvelope {
    match &delivery.arrival {
        Arrival::Event(event) => event,
        Arrival::Undecodable { raw, reason } => broken(&format!("an event of {} came as {reason}", raw.key)),
    }
}

pub(super) fn events_of(deliveries: &[Delivery]) -> Vec<EventEnvelope> {
    deliveries.iter().map(event_of).cloned().collect()
}

/// How what came differs from what was to come. `expect` puts what the rule had done before it, and names the place.
pub(super) struct Deviation(pub(super) String);

impl Deviation {
    /// This, after so many came of those that were to.
    pub(super) fn after(self, wanted: usize, came: usize) -> Self {
        Self(format!("{}; {came} came, then {}", to_come::<EventEnvelope>(wanted), self.0))
    }
}

impl fmt::Debug for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What came of what was wanted.
#[derive(Default)]
pub(super) struct Log {
    wanted: Vec<EventEnvelope>,
    has_come: HashMap<EventId, bool>,
    missing: usize,
    newest: HashMap<Uuid, u64>,
    /// How many deliveries came that had come before.
    pub(super) repeated: usize,
}

impl Log {
    pub(super) fn of(wanted: &[EventEnvelope]) -> Self {
        let mut log = Self::default();
        log.want(wanted);
        log
    }

    /// Adds to what is wanted.
    pub(super) fn want(&mut self, events: &[EventEnvelope]) {
        self.missing += events.len();
        self.has_come.extend(events.iter().map(|event| (event.id, false)));
        self.wanted.extend_from_slice(events);
    }

    /// Lets these come too: they came before.
    pub(super) fn tolerate(&mut self, events: &[EventEnvelope]) {
        self.has_come.extend(events.iter().map(|event| (event.id, true)));
    }

    pub(super) const fn is_complete(&self) -> bool {
        self.missing == 0
    }

    /// Notes a delivery. What comes for the first time comes in the order of versions.
    pub(super) fn note(&mut self, delivery: &Delivery) -> Result<(), Deviation> {
        let event = event_of(delivery);
        match self.has_come.insert(event.id, true) {
            None => return Err(Deviation(format!("{} was not to come and came; {self:?}", event.name()))),
            Some(true) => self.repeated += 1,
            Some(false) => {
                self.missing -= 1;
                match self.newest.insert(event.subject, event.version) {
                    Some(newest) if newest >= event.version => {
                        return Err(Deviation(format!("{} came after version {newest}", event.name())));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// What came, then this, and what is missing.
    pub(super) fn lacks(&self, then: Deviation) -> Deviation {
        let lacks = then.after(self.wanted.len(), self.wanted.len() - self.missing);
        match self.wanted.iter().find(|event| self.has_come.get(&event.id) == Some(&false)) {
            Some(first) => Deviation(format!("{}; {} is the first that is missing", lacks.0, first.name())),
            None => lacks,
        }
    }

    /// Fails if something came again though it was settled.
    #[track_caller]
    pub(super) fn assert_nothing_came_again(&self, done: &str) {
        if self.repeated > 0 {
            broken(&format!("{done}: nothing was to come again; {self:?}"));
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = self.wanted.len();
        write!(f, "{}; {} came", to_come::<EventEnvelope>(wanted), wanted - self.missing)?;
        if self.repeated > 0 { write!(f, ", {} of them again", self.repeated) } else { Ok(()) }
    }
}
