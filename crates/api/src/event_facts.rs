//! How much of an event is known.

use serde::{Deserialize, Serialize};
use ticketing_core::domain::event_facts::FactsKnown;

/// Which facts of an event are known; earlier releases stored fewer. The others are absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum FactsKnownBody {
    /// The title alone.
    Title,
    /// Title, venue, city and start.
    PlaceAndTime,
    /// All of them.
    #[default]
    All,
}

impl FactsKnownBody {
    /// Whether all of them are known, which is not said.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    pub(crate) fn is_all(&self) -> bool {
        *self == Self::All
    }
}

impl From<FactsKnown> for FactsKnownBody {
    fn from(known: FactsKnown) -> Self {
        match known {
            FactsKnown::Title => Self::Title,
            FactsKnown::PlaceAndTime => Self::PlaceAndTime,
            FactsKnown::All => Self::All,
        }
    }
}

impl From<FactsKnownBody> for FactsKnown {
    fn from(known: FactsKnownBody) -> Self {
        match known {
            FactsKnownBody::Title => Self::Title,
            FactsKnownBody::PlaceAndTime => Self::PlaceAndTime,
            FactsKnownBody::All => Self::All,
        }
    }
}
