//! The payload of an account's events.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::account::{DisplayName, PublicAccount};
use crate::domain::ids::AccountId;

use super::Rfc3339;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountPayload<'a> {
    id: Uuid,
    registered_at: Rfc3339,
    #[serde(borrow, skip_serializing_if = "Option::is_none", default)]
    display_name: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    confirmed_at: Option<Rfc3339>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    deleted_at: Option<Rfc3339>,
    /// Absent of the first, as it was when an account had a single event.
    #[serde(skip_serializing_if = "is_first", default = "first")]
    version: u64,
}

/// An account from whose browser somebody signed in.
#[derive(Serialize, Deserialize)]
pub(super) struct BrowserPayload<'a> {
    #[serde(flatten, borrow)]
    pub(super) account: AccountPayload<'a>,
    #[serde(borrow)]
    pub(super) device: Cow<'a, str>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a field by reference")]
const fn is_first(version: &u64) -> bool {
    *version == 1
}

const fn first() -> u64 {
    1
}

impl<'a> From<&'a PublicAccount> for AccountPayload<'a> {
    fn from(account: &'a PublicAccount) -> Self {
        Self {
            id: account.id.uuid(),
            registered_at: account.registered_at.into(),
            display_name: account.display_name.as_ref().map(|name| Cow::Borrowed(name.as_str())),
            confirmed_at: account.confirmed_at.map(Rfc3339::from),
            deleted_at: account.deleted_at.map(Rfc3339::from),
            version: account.version,
        }
    }
}

impl From<AccountPayload<'_>> for PublicAccount {
    fn from(payload: AccountPayload<'_>) -> Self {
        Self {
            id: AccountId::new(payload.id),
            registered_at: payload.registered_at.into(),
            display_name: payload.display_name.map(|name| DisplayName::from_stored(&name)),
            confirmed_at: payload.confirmed_at.map(Into::into),
            deleted_at: payload.deleted_at.map(Into::into),
            version: payload.version,
        }
    }
}
