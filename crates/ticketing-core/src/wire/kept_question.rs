//! A question that is kept ⇄ a line of JSON, for stores. Fields are added as optional.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::alert::KeptQuestion;
use crate::domain::attributes::{Attributes, Value};
use crate::domain::money::Currency;
use crate::domain::search::{Days, Filters, Moment, Places, PriceRange};
use crate::domain::time::Timestamp;

/// The text is no question: a human is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what should be a question is none")]
pub struct NoQuestion;

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    from: Option<MomentPayload>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    to: Option<MomentPayload>,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    weekends: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    price: Option<PricePayload>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    left: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    together: Option<u32>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    attributes: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    event: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum MomentPayload {
    /// In milliseconds.
    At(i64),
    AtPlace(String),
}

#[derive(Debug, Serialize, Deserialize)]
struct PricePayload {
    currency: String,
    least: Option<u64>,
    most: Option<u64>,
}

/// A question as a store keeps it.
///
/// # Examples
///
/// ```
/// use ticketing_core::domain::alert::KeptQuestion;
/// use ticketing_core::domain::search::Filters;
/// use ticketing_core::wire::{kept_question, question_of};
///
/// let opera = KeptQuestion::stored("opera", Filters { city: Some("Wien".to_owned()), ..Filters::default() });
/// assert_eq!(kept_question(&opera), r#"{"text":"opera","city":"Wien"}"#);
/// assert_eq!(question_of(&kept_question(&opera)), Ok(opera));
/// ```
#[must_use]
pub fn kept_question(question: &KeptQuestion) -> String {
    let Filters { category, city, country, from, to, days, price, places, attributes, event } =
        question.filters().clone();
    let (left, together) = match places {
        Places::Any => (None, None),
        Places::Left(left) => (Some(left), None),
        Places::Together(together) => (None, Some(together)),
    };
    let payload = Payload {
        text: question.text().to_owned(),
        category,
        city,
        country,
        from: from.map(MomentPayload::of),
        to: to.map(MomentPayload::of),
        weekends: days == Days::Weekends,
        price: price.map(PricePayload::of),
        left,
        together,
        attributes: attributes.iter().map(|(key, value)| (key.to_owned(), value.clone())).collect(),
        event,
    };
    // Writing to memory does not fail; if it did, nobody could read the question.
    serde_json::to_string(&payload).unwrap_or_default()
}

/// The question that a store has kept.
///
/// # Errors
///
/// [`NoQuestion`].
pub fn question_of(kept: &str) -> Result<KeptQuestion, NoQuestion> {
    let Payload { text, category, city, country, from, to, weekends, price, left, together, attributes, event } =
        serde_json::from_str(kept).map_err(|_| NoQuestion)?;
    let filters = Filters {
        category,
        city,
        country,
        from: from.map(MomentPayload::read).transpose()?,
        to: to.map(MomentPayload::read).transpose()?,
        days: if weekends { Days::Weekends } else { Days::Any },
        price: price.map(PricePayload::read).transpose()?,
        places: together.map(Places::Together).or(left.map(Places::Left)).unwrap_or_default(),
        attributes: Attributes::parse(attributes).map_err(|_| NoQuestion)?,
        event,
    };
    Ok(KeptQuestion::stored(text, filters))
}

impl MomentPayload {
    fn of(moment: Moment) -> Self {
        match moment {
            Moment::At(time) => Self::At(time.millis()),
            Moment::AtPlace(time) => Self::AtPlace(time.to_string()),
        }
    }

    fn read(self) -> Result<Moment, NoQuestion> {
        match self {
            Self::At(millis) => Ok(Moment::At(Timestamp::from_millis(millis))),
            Self::AtPlace(time) => time.parse().map(Moment::AtPlace).map_err(|_| NoQuestion),
        }
    }
}

impl PricePayload {
    fn of(PriceRange { currency, least, most }: PriceRange) -> Self {
        Self { currency: currency.code().to_owned(), least, most }
    }

    fn read(self) -> Result<PriceRange, NoQuestion> {
        let currency: Currency = self.currency.parse().map_err(|_| NoQuestion)?;
        Ok(PriceRange { currency, least: self.least, most: self.most })
    }
}
