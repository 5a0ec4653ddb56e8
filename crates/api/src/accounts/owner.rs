//! What the owner of an account does with it: a name, a copy of all that is known, and its end.

use std::fmt;

use serde::{Deserialize, Serialize};
use ticketing_core::domain::account::{Account, DisplayName};
use ticketing_core::domain::ids::{AccountId, SessionId};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::usecase::accounts::ExportedData;

use crate::as_text;

use super::SessionBody;

/// What somebody wants to be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Renaming {
    /// One line; null or empty for nothing in particular.
    #[cfg_attr(feature = "openapi", schema(example = "Ada Lovelace", max_length = 60))]
    pub display_name: Option<String>,
}

/// Deletes an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deletion {
    /// The password of the account.
    pub password: String,
}

impl fmt::Debug for Deletion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deletion").finish_non_exhaustive()
    }
}

/// All that the accounts service knows about somebody, but for what proves that it is them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExportBody {
    /// Unique id (UUIDv7) of the account.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub id: AccountId,
    /// In its normal form.
    pub email: String,
    /// What its owner wants to be called; null if nothing in particular.
    pub display_name: Option<String>,
    /// When the account was opened.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub registered_at: Timestamp,
    /// When its owner proved that the address is theirs; null if they have not.
    #[cfg_attr(feature = "openapi", schema(format = "date-time"))]
    pub confirmed_at: Option<String>,
    /// How often it was changed.
    pub version: u64,
    /// The sessions that are alive, newest first.
    pub sessions: Vec<SessionBody>,
}

impl ExportBody {
    /// What is known, asked for in the session `current`.
    #[must_use]
    pub fn new(known: ExportedData, current: SessionId) -> Self {
        let ExportedData { account, sessions } = known;
        let Account { id, email, registered_at, display_name, confirmed_at, version, .. } = account;
        Self {
            id,
            email: email.to_string(),
            display_name: display_name.as_ref().map(DisplayName::to_string),
            registered_at,
            confirmed_at: confirmed_at.map(|at| at.to_string()),
            version,
            sessions: sessions.into_iter().map(|session| SessionBody::new(session, current)).collect(),
        }
    }
}
