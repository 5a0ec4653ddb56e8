//! Accounts and their sessions.

mod letters;
mod owner;

use std::fmt;

use serde::{Deserialize, Serialize};
use ticketing_core::domain::account::{Account, DisplayName, EmailAddress};
use ticketing_core::domain::ids::{AccountId, SessionId};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::identity::Session;

use crate::as_text;

pub use letters::{Confirmation, ForgottenPassword, PasswordReset};
pub use owner::{Deletion, ExportBody, Renaming};

/// What signs a person up or in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Credentials {
    /// Case does not matter.
    #[cfg_attr(feature = "openapi", schema(example = "ada@example.org", max_length = 254))]
    pub email: String,
    /// 10 to 128 characters, hard to guess.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "correct horse battery staple", min_length = 10, max_length = 128)
    )]
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// An account, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AccountBody {
    /// Unique id (UUIDv7).
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub id: AccountId,
    /// In its normal form.
    pub email: String,
    /// What its owner wants to be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Whether its owner has proved that the address is theirs.
    #[serde(default)]
    pub confirmed: bool,
}

impl AccountBody {
    /// The account with this id and address, which is not confirmed.
    #[must_use]
    pub fn new(id: AccountId, email: &EmailAddress) -> Self {
        Self { id, email: email.as_str().to_owned(), display_name: None, confirmed: false }
    }
}

impl From<&Account> for AccountBody {
    fn from(account: &Account) -> Self {
        Self {
            display_name: account.display_name.as_ref().map(DisplayName::to_string),
            confirmed: account.confirmed_at.is_some(),
            ..Self::new(account.id, &account.email)
        }
    }
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CurrentUserBody {
    /// The account; null if nobody is signed in.
    pub current_user: Option<AccountBody>,
}

/// A change of password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PasswordChange {
    /// The password until now.
    pub current_password: String,
    /// 10 to 128 characters, hard to guess.
    #[cfg_attr(feature = "openapi", schema(min_length = 10, max_length = 128))]
    pub password: String,
}

impl fmt::Debug for PasswordChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordChange").finish_non_exhaustive()
    }
}

/// The sessions of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionList {
    /// Newest first.
    pub items: Vec<SessionBody>,
}

/// One sign-in on one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionBody {
    /// Unique id (UUIDv7).
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub id: SessionId,
    /// How the browser identified itself.
    pub device: String,
    /// When its owner signed in.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub created_at: Timestamp,
    /// When it was last refreshed.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub refreshed_at: Timestamp,
    /// When it ends unless it is refreshed first.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub expires_at: Timestamp,
    /// Whether it is the session of this request.
    pub current: bool,
}

impl SessionBody {
    /// A session in a list that the session `current` asked for.
    #[must_use]
    pub fn new(session: Session, current: SessionId) -> Self {
        let Session { id, device, created_at, refreshed_at, expires_at, .. } = session;
        Self { id, device, created_at, refreshed_at, expires_at, current: id == current }
    }
}
