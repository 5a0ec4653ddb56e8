//! What describes an offer.

use std::sync::Arc;

use crate::domain::attributes::Attributes;
use crate::domain::event_facts::EventFacts;
use crate::domain::invalid::{Invalid, Lines, TextRule, WrongFields};
use crate::domain::text::composed;
use crate::domain::time::Timestamp;

use super::offer::OfferInput;

const DESCRIPTION: TextRule = TextRule { field: "description", max_chars: 4000, lines: Lines::Many };
const CATEGORY: TextRule = TextRule { field: "category", max_chars: Details::LONGEST_CATEGORY, lines: Lines::One };

/// What describes an offer.
///
/// Made by [`Offer::parse`](super::Offer::parse), so every text is trimmed and within its bounds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// What an order freezes: the event, its place and time, and the seats.
    pub event: Arc<EventFacts>,
    /// Up to 4,000 characters, several lines.
    pub description: Option<Arc<str>>,
    /// Up to 40 characters.
    pub category: Option<Arc<str>>,
    /// No orders from then on, although the event has not begun; not after its start.
    pub sales_end_at: Option<Timestamp>,
    /// What an application adds.
    pub attributes: Attributes,
}

impl Details {
    /// The longest category, in characters.
    pub const LONGEST_CATEGORY: usize = 40;

    pub(super) fn parse(input: &OfferInput<'_>, old: Option<&Self>, wrong: &mut WrongFields) -> Self {
        let event = EventFacts::parse(input, old.map(|old| &*old.event), wrong);
        let was = |of: fn(&Self) -> Option<&Arc<str>>| old.and_then(of).map(|text| &**text);
        let mut keep = |rule: TextRule, text, old| -> Option<Arc<str>> {
            wrong.keep(rule.parse_optional_over(text, old)).flatten().map(Into::into)
        };
        let description = keep(DESCRIPTION, input.description, was(|old| old.description.as_ref()));
        let category = keep(CATEGORY, input.category, was(|old| old.category.as_ref()));
        let attributes = old.map(|old| old.attributes.clone()).unwrap_or_default();
        let details = Self { event: event.into(), description, category, sales_end_at: input.sales_end_at, attributes };
        wrong.keep(details.may_end_then());
        details
    }

    fn may_end_then(&self) -> Result<(), Invalid> {
        let starts_at = self.event.starts_at;
        match self.sales_end_at.zip(starts_at) {
            Some((end, start)) if end > start => Err(Invalid::new("salesEndAt", "must not be after the start")),
            Some(_) | None => Ok(()),
        }
    }

    /// From when on nobody orders: the end of sales, or the start of the event.
    #[must_use]
    pub fn closes_at(&self) -> Option<Timestamp> {
        self.sales_end_at.or(self.event.starts_at)
    }

    /// The distinct words of title, venue, city, seats and description, as stores write them for the release before.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let texts = self.event.texts().chain(self.description.as_deref());
        // A text may be older than the rule that composes it.
        let mut found: Vec<String> = texts.flat_map(|text| words(&composed(text)).collect::<Vec<_>>()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The words of a text, in lower case: its runs of letters and digits.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}
