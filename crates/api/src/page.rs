//! Lists that are read page by page.

use serde::{Deserialize, Serialize};

/// Which page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PageQuery {
    /// Where the page before ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many entries; 1 to 100, 20 if nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(value_type = Option<u32>, minimum = 1, maximum = 100))]
    pub limit: Option<String>,
}

impl PageQuery {
    /// The first page, of so many entries.
    #[must_use]
    pub fn first(limit: u32) -> Self {
        Self { cursor: None, limit: Some(limit.to_string()) }
    }

    /// The page that follows, if the one before named a cursor.
    #[must_use]
    pub fn next(self, cursor: Option<String>) -> Option<Self> {
        cursor.map(|cursor| Self { cursor: Some(cursor), ..self })
    }
}
