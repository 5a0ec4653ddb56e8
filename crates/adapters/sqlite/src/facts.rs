//! The facts of an event as they are stored in listings, stocks and orders.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ticketing_core::domain::event_facts::{EventFacts, FactsKnown, Seating};
use ticketing_core::domain::time_zone::TimeZone;

use crate::document::{Millis, date, time};

/// All but the title.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct FactsDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    venue: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    city: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    starts_at: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time_zone: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    section: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    row: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seats: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    together: bool,
    #[serde(default, skip_serializing_if = "KnownDocument::is_all")]
    known: KnownDocument,
}

/// Which facts somebody knew who wrote them down, such as a release before these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KnownDocument {
    Title,
    PlaceAndTime,
    #[default]
    All,
}

impl FactsDocument {
    pub(crate) fn is_empty(&self) -> bool {
        let Self { venue, city, starts_at, time_zone, section, row, seats, together, known } = self;
        let texts = [venue, city, time_zone, section, row, seats];
        starts_at.is_none() && !together && known.is_all() && texts.iter().all(|text| text.is_none())
    }

    pub(crate) fn into_domain(self, title: Arc<str>) -> EventFacts {
        let Self { venue, city, starts_at, time_zone, section, row, seats, together, known } = self;
        let known = match known {
            KnownDocument::Title => FactsKnown::Title,
            KnownDocument::PlaceAndTime => FactsKnown::PlaceAndTime,
            KnownDocument::All => FactsKnown::All,
        };
        let seating = Seating { section, row, seats, together };
        let time_zone = time_zone.map(TimeZone::stored);
        EventFacts { title, venue, city, starts_at: starts_at.map(time), time_zone, seating, known }
    }
}

impl KnownDocument {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_all(&self) -> bool {
        *self == Self::All
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
            known: match event.known {
                FactsKnown::Title => KnownDocument::Title,
                FactsKnown::PlaceAndTime => KnownDocument::PlaceAndTime,
                FactsKnown::All => KnownDocument::All,
            },
        }
    }
}
