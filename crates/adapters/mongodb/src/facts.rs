//! The facts of an event as they are stored in listings, stocks and orders.
//!
//! A release before these facts leaves a field of a record in place that it does not know, and writes nested documents
//! whole. So facts are fields of the record. Those that can change name the version of the ticket that they belong to,
//! because that release moves the version and leaves them as they are.

use std::sync::Arc;

use bson::DateTime;
use serde::{Deserialize, Serialize};
use ticketing_core::domain::event_facts::{EventFacts, FactsKnown, Seating};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::domain::time_zone::TimeZone;

use crate::document::{date, signed, time};

/// All but the title, which has a field that releases before these facts know.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FactsDocument {
    pub(crate) venue: Option<Arc<str>>,
    pub(crate) city: Option<Arc<str>>,
    pub(crate) starts_at: Option<DateTime>,
    time_zone: Option<Arc<str>>,
    section: Option<Arc<str>>,
    row: Option<Arc<str>>,
    seats: Option<Arc<str>>,
    together: bool,
    known: KnownDocument,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KnownDocument {
    Title,
    PlaceAndTime,
    All,
}

/// Facts of one version of a ticket, and until when it was sold then.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VersionedFacts<F = FactsDocument> {
    of_version: i64,
    facts: F,
    sales_end_at: Option<DateTime>,
}

impl FactsDocument {
    pub(crate) fn into_domain(self, title: Arc<str>) -> EventFacts {
        let Self { venue, city, starts_at, time_zone, section, row, seats, together, known } = self;
        let seating = Seating { section, row, seats, together };
        let time_zone = time_zone.map(TimeZone::stored);
        EventFacts { title, venue, city, starts_at: starts_at.map(time), time_zone, seating, known: known.into() }
    }
}

impl From<&EventFacts> for FactsDocument {
    fn from(event: &EventFacts) -> Self {
        let Seating { section, row, seats, together } = &event.seating;
        Self {
            venue: event.venue.clone(),
            city: event.city.clone(),
            starts_at: event.starts_at.map(date),
            time_zone: event.time_zone.clone().map(Into::into),
            section: section.clone(),
            row: row.clone(),
            seats: seats.clone(),
            together: *together,
            known: event.known.into(),
        }
    }
}

impl VersionedFacts {
    pub(crate) fn new(event: &EventFacts, sales_end_at: Option<Timestamp>, version: u64) -> Self {
        Self { of_version: signed(version), facts: event.into(), sales_end_at: sales_end_at.map(date) }
    }
}

impl<F> VersionedFacts<F> {
    /// The facts of this version, and the end of its sales; neither if these are of another.
    pub(crate) fn of(stored: Option<Self>, version: i64) -> (Option<F>, Option<Timestamp>) {
        match stored.filter(|stored| stored.of_version == version) {
            Some(Self { facts, sales_end_at, .. }) => (Some(facts), sales_end_at.map(time)),
            None => (None, None),
        }
    }
}

/// What a release knew of an event that stored its title alone.
pub(crate) fn title_alone(title: Arc<str>) -> EventFacts {
    EventFacts { title, known: FactsKnown::Title, ..EventFacts::default() }
}

impl From<FactsKnown> for KnownDocument {
    fn from(known: FactsKnown) -> Self {
        match known {
            FactsKnown::Title => Self::Title,
            FactsKnown::PlaceAndTime => Self::PlaceAndTime,
            FactsKnown::All => Self::All,
        }
    }
}

impl From<KnownDocument> for FactsKnown {
    fn from(known: KnownDocument) -> Self {
        match known {
            KnownDocument::Title => Self::Title,
            KnownDocument::PlaceAndTime => Self::PlaceAndTime,
            KnownDocument::All => Self::All,
        }
    }
}
