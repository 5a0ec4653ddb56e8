//! The facts of an event as they are stored in listings, stocks and orders.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ticketing_core::domain::event_facts::{EventFacts, Seating};
use ticketing_core::domain::time_zone::TimeZone;

use crate::document::{Millis, date, time};

/// All but the title.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct FactsDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) venue: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) city: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) starts_at: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) time_zone: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) section: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) row: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seats: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) together: bool,
}

impl FactsDocument {
    pub(crate) fn is_empty(&self) -> bool {
        let Self { venue, city, starts_at, time_zone, section, row, seats, together } = self;
        let texts = [venue, city, time_zone, section, row, seats];
        starts_at.is_none() && !together && texts.iter().all(|text| text.is_none())
    }

    pub(crate) fn into_domain(self, title: Arc<str>) -> EventFacts {
        let Self { venue, city, starts_at, time_zone, section, row, seats, together } = self;
        let seating = Seating { section, row, seats, together };
        let time_zone = time_zone.map(TimeZone::stored);
        EventFacts { title, venue, city, starts_at: starts_at.map(time), time_zone, seating }
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
        }
    }
}
