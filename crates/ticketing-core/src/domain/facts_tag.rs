//! Tags of facts: by which an order names the event that its buyer saw.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::event_facts::{EventFacts, FactsKnown, Seating};
use super::invalid::Invalid;
use super::time_zone::TimeZone;

/// Stands for the facts of an event: equal facts have equal tags, and facts that differ have different ones.
///
/// Not the version of the ticket, which also rises when places are added or a description is corrected.
///
/// # Examples
///
/// ```
/// use ticketing_core::domain::event_facts::EventFacts;
/// use ticketing_core::domain::facts_tag::FactsTag;
///
/// let opera = EventFacts { title: "Opera".into(), ..EventFacts::default() };
/// let tag = FactsTag::of(&opera);
/// assert_eq!(tag.to_string().parse(), Ok(tag));
/// assert!(tag.stands_for(&opera));
///
/// let elsewhere = EventFacts { venue: Some("Arena".into()), ..opera };
/// assert!(!tag.stands_for(&elsewhere));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FactsTag([u8; Self::BYTES]);

impl FactsTag {
    const BYTES: usize = 12;

    /// The tag of some facts.
    ///
    /// Absent facts add nothing to it, so it stays when events get new optional facts.
    #[must_use]
    pub fn of(facts: &EventFacts) -> Self {
        let EventFacts { title, venue, city, starts_at, time_zone, seating, .. } = facts;
        let Seating { section, row, seats, together } = seating;
        let starts_at = starts_at.map(|at| at.millis().to_string());
        let mut digest = Sha256::new();
        for (fact, value) in [
            ("title", Some(&**title)),
            ("venue", venue.as_deref()),
            ("city", city.as_deref()),
            ("startsAt", starts_at.as_deref()),
            ("timeZone", time_zone.as_ref().map(TimeZone::name)),
            ("section", section.as_deref()),
            ("row", row.as_deref()),
            ("seats", seats.as_deref()),
            ("together", together.then_some("true")),
        ] {
            for part in value.map(|value| [fact, value]).into_iter().flatten() {
                // The length marks where the text ends.
                digest.update((part.len() as u64).to_be_bytes());
                digest.update(part);
            }
        }
        let mut tag = Self([0; Self::BYTES]);
        tag.0.iter_mut().zip(digest.finalize()).for_each(|(byte, digested)| *byte = digested);
        tag
    }

    /// Its first 64 bits, as a number.
    pub(crate) const fn number(self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// Whether these are the facts that it was made of, or may be: of an event whose title alone is known, nobody can say.
    #[must_use]
    pub fn stands_for(self, facts: &EventFacts) -> bool {
        facts.known == FactsKnown::Title || self == Self::of(facts)
    }
}

impl fmt::Display for FactsTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for FactsTag {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("factsTag", "must be the factsTag of a ticket");
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let text =
            Some(text).filter(|text| text.len() == 2 * Self::BYTES && text.bytes().all(is_hex)).ok_or_else(wrong)?;
        let mut tag = Self([0; Self::BYTES]);
        for (n, byte) in tag.0.iter_mut().enumerate() {
            let digits = text.get(2 * n..2 * n + 2).ok_or_else(wrong)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        Ok(tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    fn opera() -> EventFacts {
        EventFacts { title: "Opera".into(), venue: Some("Arena".into()), ..EventFacts::default() }
    }

    #[test]
    fn every_fact_counts_and_none_stands_for_another() {
        let seating = |seating| EventFacts { seating, ..opera() };
        let others = [
            EventFacts { title: "Ballet".into(), ..opera() },
            EventFacts { venue: None, ..opera() },
            EventFacts { venue: None, city: Some("Arena".into()), ..opera() },
            EventFacts { starts_at: Some(Timestamp::EPOCH), ..opera() },
            EventFacts { time_zone: Some(TimeZone::stored("UTC")), ..opera() },
            seating(Seating { section: Some("F".into()), ..Seating::default() }),
            seating(Seating { row: Some("F".into()), ..Seating::default() }),
            seating(Seating { seats: Some("F".into()), ..Seating::default() }),
            seating(Seating { together: true, ..Seating::default() }),
        ];
        let tags: std::collections::HashSet<_> = others.iter().chain([&opera()]).map(FactsTag::of).collect();

        assert_eq!(tags.len(), others.len() + 1);
    }

    #[test]
    fn any_tag_may_stand_for_an_event_of_which_the_title_alone_is_known() {
        let title = EventFacts { title: "Opera".into(), known: FactsKnown::Title, ..EventFacts::default() };

        assert!(FactsTag::of(&opera()).stands_for(&title));
    }

    #[test]
    fn a_tag_is_kept_by_clients_so_it_stays_what_it_was() {
        assert_eq!(FactsTag::of(&opera()).to_string(), "8eeef02a39185cfc2295ba81");
        for wrong in ["", "1", "G18f1e9b8a3b8c2d4e5f6071", "018F1E9B8A3B8C2D4E5F6071", "+18f1e9b8a3b8c2d4e5f6071"] {
            assert_eq!(wrong.parse::<FactsTag>().unwrap_err().field, "factsTag", "{wrong}");
        }
    }
}
