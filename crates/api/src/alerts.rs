//! Alerts: searches that people keep, to be told by mail of tickets that begin to answer them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ticketing_core::domain::alert::KeptQuestion;
use ticketing_core::domain::ids::AlertId;
use ticketing_core::domain::search::{Days, Filters, Moment, Places};
use ticketing_core::domain::time::Timestamp;

use crate::as_text;
use crate::tickets::TicketSearch;

/// A search to keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct KeepAlertBody {
    /// The search as `GET /api/tickets` has it behind its `?`. What sorts it or turns its pages makes no difference.
    /// It has a word, a category, a city or a country, and its last word is a whole word.
    #[cfg_attr(feature = "openapi", schema(example = "q=opera&city=Vienna", max_length = 4000))]
    pub search: String,
}

/// A search that somebody keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AlertBody {
    /// Unique id (UUIDv7).
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub id: AlertId,
    /// The search, as `GET /api/tickets` takes it behind its `?`.
    #[cfg_attr(feature = "openapi", schema(example = "q=opera&city=Vienna"))]
    pub search: String,
    /// Since when it is kept.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub created_at: Timestamp,
}

/// The searches that somebody keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertList {
    /// Oldest first; without those whose last day is over.
    #[cfg_attr(feature = "openapi", schema(max_items = 20))]
    pub items: Vec<AlertBody>,
}

/// What ends an alert without a sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EndAlertBody {
    /// The end of the link in a letter.
    #[cfg_attr(feature = "openapi", schema(max_length = 200))]
    pub link: String,
}

impl From<&KeptQuestion> for TicketSearch {
    /// The search that asks for the same.
    fn from(question: &KeptQuestion) -> Self {
        let Filters { category, city, country, from, to, days, price, places, attributes, event: _ } =
            question.filters().clone();
        let (places, together) = match places {
            Places::Any => (None, None),
            Places::Left(places) => (Some(places), None),
            Places::Together(places) => (Some(places), Some("true".to_owned())),
        };
        let attributes: BTreeMap<_, _> = attributes.iter().collect();
        Self {
            q: Some(question.text().to_owned()).filter(|text| !text.is_empty()),
            category,
            city,
            country,
            from: from.map(|from| at(from, false)),
            to: to.map(|to| at(to, true)),
            days: (days == Days::Weekends).then(|| "weekends".to_owned()),
            currency: price.map(|price| price.currency.code().to_owned()),
            min_price: price.and_then(|price| price.least).map(|amount| amount.to_string()),
            max_price: price.and_then(|price| price.most).map(|amount| amount.to_string()),
            places: places.map(|places| places.to_string()),
            together,
            attributes: (!attributes.is_empty()).then(|| serde_json::to_string(&attributes).unwrap_or_default()),
            ..Self::default()
        }
    }
}

/// A bound in time; the last day of a search ends where the next one begins.
fn at(moment: Moment, is_end: bool) -> String {
    match moment {
        Moment::At(time) => time.to_string(),
        Moment::AtPlace(time) => {
            let (year, month, day) = if is_end { time.previous_day() } else { time }.date();
            format!("{year:04}-{month:02}-{day:02}")
        }
    }
}
