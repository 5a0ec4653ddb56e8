//! The facts of an event: what is sold, where and when.
//!
//! An order freezes them, so they are shared and never changed in place.

use std::sync::Arc;

use super::invalid::{Invalid, Lines, TextRule, WrongFields};
use super::ticket::OfferInput;
use super::time::Timestamp;
use super::time_zone::{LocalTime, TimeZone};

const TITLE: TextRule = TextRule { field: "title", max_chars: 120, lines: Lines::One };
const VENUE: TextRule = TextRule { field: "venue", max_chars: 120, lines: Lines::One };
const CITY: TextRule = TextRule { field: "city", max_chars: EventFacts::LONGEST_CITY, lines: Lines::One };
const SECTION: TextRule = TextRule { field: "section", max_chars: 60, lines: Lines::One };
const ROW: TextRule = TextRule { field: "row", max_chars: 20, lines: Lines::One };
const SEATS: TextRule = TextRule { field: "seats", max_chars: 120, lines: Lines::One };

/// What a buyer gets: the event, its place and time, and the seats.
///
/// Made by [`Offer::parse`](super::ticket::Offer::parse), so every text is trimmed and within its bounds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFacts {
    /// 1 to 120 characters.
    pub title: Arc<str>,
    /// Up to 120 characters.
    pub venue: Option<Arc<str>>,
    /// Up to 80 characters.
    pub city: Option<Arc<str>>,
    /// When it begins.
    pub starts_at: Option<Timestamp>,
    /// The time zone of the place. Offers older than this field have none.
    pub time_zone: Option<TimeZone>,
    /// Where one sits or stands.
    pub seating: Seating,
    /// Which of these are known; the others are absent.
    pub known: FactsKnown,
}

/// Which facts somebody knew who wrote them down. Earlier releases knew fewer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactsKnown {
    /// The title alone, as orders and stocks had it.
    Title,
    /// Title, venue, city and start, as tickets had them.
    PlaceAndTime,
    /// All of them.
    #[default]
    All,
}

/// Where one sits or stands, in the words of the venue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seating {
    /// Up to 60 characters, such as `Stalls`.
    pub section: Option<Arc<str>>,
    /// Up to 20 characters, such as `F`.
    pub row: Option<Arc<str>>,
    /// Up to 120 characters, such as `12-14`.
    pub seats: Option<Arc<str>>,
    /// Whether all places are side by side.
    pub together: bool,
}

impl EventFacts {
    /// The longest name of a city, in characters.
    pub const LONGEST_CITY: usize = 80;

    pub(super) fn parse(input: &OfferInput<'_>, old: Option<&Self>, wrong: &mut WrongFields) -> Self {
        let title = TITLE.parse_over(input.title, old.map(|old| &*old.title));
        let title = wrong.keep(title).unwrap_or_default();
        let was = |of: fn(&Self) -> Option<&Arc<str>>| old.and_then(of).map(|text| &**text);
        let mut keep = |rule: TextRule, text, old| -> Option<Arc<str>> {
            wrong.keep(rule.parse_optional_over(text, old)).flatten().map(Into::into)
        };
        let seating = Seating {
            section: keep(SECTION, input.section, was(|old| old.seating.section.as_ref())),
            row: keep(ROW, input.row, was(|old| old.seating.row.as_ref())),
            seats: keep(SEATS, input.seats, was(|old| old.seating.seats.as_ref())),
            together: input.together,
        };
        let venue = keep(VENUE, input.venue, was(|old| old.venue.as_ref()));
        let city = keep(CITY, input.city, was(|old| old.city.as_ref()));
        let time_zone = wrong.keep(Self::time_zone_of(input, old)).flatten();
        let known = FactsKnown::All;
        let facts = Self { title: title.into(), venue, city, starts_at: input.starts_at, time_zone, seating, known };
        // What was not known is not known better by being sent back.
        match old {
            Some(old) if (Self { known, ..old.clone() }) == facts => old.clone(),
            Some(_) | None => facts,
        }
    }

    /// A start needs the zone in which people read it; only one that is older than the rule may stay without.
    fn time_zone_of(input: &OfferInput<'_>, old: Option<&Self>) -> Result<Option<TimeZone>, Invalid> {
        let is_kept = old.is_some_and(|old| old.time_zone.is_none() && old.starts_at == input.starts_at);
        let was = old.and_then(|old| old.time_zone.clone());
        match input.time_zone.map(str::trim).filter(|name| !name.is_empty()) {
            // It may be one that only another release knows.
            Some(name) if was.as_ref().is_some_and(|was| was.name() == name) => Ok(was),
            Some(name) => name.parse().map(Some),
            None if input.starts_at.is_none() || is_kept => Ok(None),
            None => Err(Invalid::new("timeZone", "is required with a start: the time zone of the place")),
        }
    }

    /// Whether this is still what takes place `now`, as far as both are known.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::domain::event_facts::{EventFacts, FactsKnown};
    ///
    /// let title = EventFacts { title: "Opera".into(), ..EventFacts::default() };
    /// let now = EventFacts { venue: Some("Arena".into()), ..title.clone() };
    /// assert!(!title.is_still(&now));
    ///
    /// let ordered = EventFacts { known: FactsKnown::Title, ..title };
    /// assert!(ordered.is_still(&now), "nobody knows at which venue it was ordered");
    /// ```
    #[must_use]
    pub fn is_still(&self, now: &Self) -> bool {
        let known = self.known.min(now.known);
        self.up_to(known) == now.up_to(known)
    }

    /// Whether what was ordered is over for its buyer: it would have begun, and has begun as it is `after` it was
    /// rescheduled. A seller who moves it to an earlier time, or to a time at all, takes no time from the buyer.
    #[must_use]
    pub fn has_begun(&self, after: &Self, now: Timestamp) -> bool {
        [self, after].iter().all(|event| event.starts_at.is_some_and(|at| at <= now))
    }

    fn up_to(&self, known: FactsKnown) -> Self {
        let title = Self { title: Arc::clone(&self.title), known, ..Self::default() };
        let Self { venue, city, starts_at, .. } = self;
        match known {
            FactsKnown::Title => title,
            FactsKnown::PlaceAndTime => {
                Self { venue: venue.clone(), city: city.clone(), starts_at: *starts_at, ..title }
            }
            FactsKnown::All => Self { known, ..self.clone() },
        }
    }

    /// When it begins on the clocks of the place; on those of UTC if its zone is unknown.
    #[must_use]
    pub fn starts_local(&self) -> Option<LocalTime> {
        self.starts_at.map(|at| self.clocks().local(at))
    }

    /// The zone of the place, or UTC.
    #[must_use]
    pub fn clocks(&self) -> TimeZone {
        self.time_zone.clone().unwrap_or_else(|| TimeZone::stored("UTC"))
    }

    /// Every text by which a search finds it.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let Seating { section, row, seats, .. } = &self.seating;
        let optional = [&self.venue, &self.city, section, row, seats];
        optional.into_iter().filter_map(Option::as_deref).chain([&*self.title])
    }
}
