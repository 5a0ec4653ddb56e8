//! What people search with: the words of a text and of a question, questions with their filters, and what they find.
//!
//! One analyser ([`text_terms`], [`wanted`]) reads the texts of tickets and the questions about them.
//! The forms `…_to_find` compare names as a whole, here and in what stores keep.

mod change;
mod correction;
mod facets;
mod fold;
mod found;
mod moment;
mod pieces;
mod question;
mod ranking;
mod terms;

use sha2::{Digest, Sha256};

use super::attributes::{Attributes, Value};
use super::event_facts::EventFacts;
use super::text::{compatible, composed};

pub use change::{SearchChange, SearchEntry, Watermark};
pub use correction::{differs_by_one, is_correctable, may_be_meant};
pub use facets::{Choice, Facet, Facets};
pub use found::{Found, Hit, SearchCursor, SearchPage};
pub use moment::Moment;
pub use question::{Days, Filters, Places, PriceRange, Question, SearchSort, country_of};
pub use ranking::{Errors, Likeness, SearchTexts, Standing, WHOLE_TITLE, is_long_beginning, rank_of};
pub use terms::{
    FEWEST_TO_CORRECT, Gram, LONGEST_BEGINNING, LONGEST_WORD, MOST_WORDS, TextTerms, Wanted, WantedWord, beginnings,
    grams_of, text_terms, wanted,
};

/// The form in which names of cities and categories are compared as a whole: composed, in lower case.
#[must_use]
pub fn name_to_find(name: &str) -> String {
    composed(&composed(name).to_lowercase()).into_owned()
}

/// The form in which an event is recognised, no matter who offers it: its title, its place and its start.
///
/// `None` without a start: then nothing tells that two are one event.
#[must_use]
pub fn event_to_find(event: &EventFacts) -> Option<String> {
    let starts_at = event.starts_at?;
    let name = |text: Option<&str>| {
        let name = name_to_find(&compatible(text.unwrap_or_default()));
        name.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let texts = [Some(&*event.title), event.venue.as_deref(), event.city.as_deref()].map(name);
    let digest = Sha256::new_with_prefix(texts.join("\n")).chain_update(starts_at.millis().to_be_bytes()).finalize();
    Some(digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}

/// The form in which attributes are found: `key=value` of each whose value is a text, a number or a boolean.
#[must_use]
pub fn attributes_to_find(attributes: &Attributes) -> Vec<String> {
    let is_found = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    attributes.iter().filter(|(_, value)| is_found(value)).map(|(key, value)| format!("{key}={value}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;
    use serde_json::json;

    #[test]
    fn attributes_are_found_by_plain_values_of_their_own_kind() {
        let values = [json!("F"), json!("2"), json!(2.0), json!(true), json!(null), json!([2]), json!({ "f": 2 })];
        let keys = ["a", "b", "c", "d", "e", "f", "g"];
        let attributes = Attributes::parse(keys.into_iter().zip(values)).unwrap();

        assert_eq!(attributes_to_find(&attributes), [r#"a="F""#, r#"b="2""#, "c=2", "d=true"]);
    }

    #[test]
    fn all_spellings_of_a_name_are_one() {
        for (name, spellings) in [
            ("zürich", &["Zürich", "ZÜRICH", "Zu\u{308}rich", "ZU\u{308}RICH"][..]),
            ("άσσος", &["ΆΣΣΟΣ", "Α\u{301}σσος"]),
        ] {
            for spelling in spellings.iter().chain([&name]) {
                assert_eq!(name_to_find(spelling), name, "{spelling:?}");
            }
        }
    }

    #[test]
    fn an_event_is_one_however_it_is_written_and_another_at_another_time_or_place() {
        let event = |title: &str, city: Option<&str>, at: Option<i64>| {
            let (title, city) = (title.into(), city.map(Into::into));
            let starts_at = at.map(Timestamp::from_millis);
            event_to_find(&EventFacts { title, city, starts_at, ..EventFacts::default() })
        };
        let tosca = event("Tosca in Zürich", Some("Zürich"), Some(1));

        assert_eq!(event("  TOSCA  in Zu\u{308}rich ", Some("ZÜRICH"), Some(1)), tosca);
        for other in [
            event("Tosca", Some("Zürich"), Some(1)),
            event("Tosca in Zürich", None, Some(1)),
            event("Tosca in Zürich", Some("Zürich"), Some(2)),
            event("Tosca in Zürich\nzürich", None, Some(1)),
        ] {
            assert!(other.is_some() && other != tosca);
        }
        assert_eq!(event("Tosca in Zürich", Some("Zürich"), None), None);
    }
}
