//! A question that is kept, and asked again of every ticket.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::invalid::{Invalid, Lines, TextRule, WrongFields};
use crate::domain::search::{Filters, Places, Question, SearchEntry, SearchSort, SearchTexts};
use crate::domain::time::Timestamp;

use super::Handle;
use super::handle::filed_under;

/// The longest name that is filtered by, in characters: more than any city or category has.
const LONGEST_NAME: usize = 120;

/// The digits of an event, as [`event_to_find`](crate::domain::search::event_to_find) writes them.
const EVENT_DIGITS: usize = 32;

/// A question that is kept: a text whose words are whole words, and filters.
///
/// Only what has a place left answers it, even if it does not ask for places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptQuestion {
    text: Arc<str>,
    filters: Filters,
}

impl KeptQuestion {
    /// A question that is to be kept from `now` on.
    ///
    /// # Errors
    ///
    /// Those of [`Question::parse`]; and a question that names nothing, or that no ticket to come can answer.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::domain::alert::KeptQuestion;
    /// use ticketing_core::domain::search::Filters;
    /// use ticketing_core::domain::time::Timestamp;
    ///
    /// let filters = Filters { city: Some("Wien".to_owned()), ..Filters::default() };
    /// assert!(KeptQuestion::parse("opera", filters, Timestamp::EPOCH).is_ok());
    /// assert!(KeptQuestion::parse(" ", Filters::default(), Timestamp::EPOCH).is_err());
    /// ```
    pub fn parse(text: &str, filters: Filters, now: Timestamp) -> Result<Self, WrongFields> {
        const TEXT: TextRule = TextRule { field: "q", max_chars: Question::LONGEST, lines: Lines::One };
        let mut wrong = WrongFields::default();
        let text = wrong.keep(TEXT.parse_optional(Some(text))).flatten().unwrap_or_default();
        wrong.keep(Question::parse(&text, filters.clone(), SearchSort::BestMatch, now));
        let filters = named(filters, &mut wrong);
        let kept = Self { text: text.into(), filters };
        // What was refused names nothing either, which is no second mistake.
        if wrong.0.is_empty() && filed_under(&kept.at(now)).is_empty() {
            wrong
                .0
                .push(Invalid::new("q", "must have a word, unless a category, a city, a country or an event is named"));
        }
        if kept.is_over(now) {
            wrong.0.push(Invalid::new("to", "must not be over"));
        }
        wrong.finish(Some(kept))
    }

    /// A question that was parsed before it was stored.
    #[must_use]
    pub fn stored(text: impl Into<Arc<str>>, filters: Filters) -> Self {
        Self { text: text.into(), filters }
    }

    /// As it was typed; empty if it has filters alone.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it is narrowed by.
    #[must_use]
    pub const fn filters(&self) -> &Filters {
        &self.filters
    }

    /// The question as it is asked at `now`.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Question {
        let places = match self.filters.places {
            Places::Any | Places::Left(0) => Places::Left(1),
            Places::Together(0) => Places::Together(1),
            places => places,
        };
        Question::again(&self.text, Filters { places, ..self.filters.clone() }, now)
    }

    /// Whether a ticket answers it at `now`.
    #[must_use]
    pub fn is_answered_by(&self, entry: &SearchEntry, now: Timestamp) -> bool {
        let texts = entry.shown().map(|ticket| SearchTexts::of(&ticket.offer.details));
        texts.is_some_and(|texts| self.at(now).is_answered_by(entry, &texts))
    }

    /// Whether no event to come can answer it.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.filters.to.is_some_and(|to| to.window().1 <= now)
    }

    /// What it is filed under.
    #[must_use]
    pub fn handles(&self) -> BTreeSet<Handle> {
        filed_under(&self.at(Timestamp::EPOCH))
    }
}

/// The filters with their names trimmed and within bounds.
fn named(filters: Filters, wrong: &mut WrongFields) -> Filters {
    let mut name = |field, text: Option<String>| {
        let rule = TextRule { field, max_chars: LONGEST_NAME, lines: Lines::One };
        wrong.keep(rule.parse_optional(text.as_deref())).flatten()
    };
    let category = name("category", filters.category);
    let city = name("city", filters.city);
    let country = name("country", filters.country);
    let is_event = |event: &String| event.len() == EVENT_DIGITS && event.bytes().all(|byte| byte.is_ascii_hexdigit());
    if filters.event.as_ref().is_some_and(|event| !is_event(event)) {
        wrong.0.push(Invalid::new("event", "must be the event of a ticket"));
    }
    Filters { category, city, country, ..filters }
}
