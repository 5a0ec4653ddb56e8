//! How to reach people, asked of the accounts service in another process.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::Request;
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http_body_util::{BodyExt, Limited};
use serde::{Deserialize, Serialize};

use ticketing_core::domain::account::EmailAddress;
use ticketing_core::domain::ids::AccountId;
use ticketing_core::ports::BoxError;
use ticketing_core::ports::contacts::{Contact, ContactPurpose, Contacts, ContactsUnavailable, LinkToken};
use uuid::Uuid;

use crate::state::ContactsKey;

use super::Upstream;

/// Where it is asked; not part of the API, and never forwarded.
pub(crate) const CONTACTS: &str = "/internal/contacts";

/// The longest that one answer may take.
const WITHIN: Duration = Duration::from_secs(5);
/// The most bytes of an answer.
const MOST: usize = 16 * 1024;

/// Asks the accounts service in another process. A clone uses the same connections.
#[derive(Debug, Clone)]
pub struct RemoteContacts {
    accounts: Upstream,
    key: ContactsKey,
}

/// What is asked.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ContactQuestion {
    account: Uuid,
    purpose: Purpose,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Purpose {
    Tell,
    ConfirmAddress,
    ResetPassword,
}

/// What is answered.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContactAnswer {
    contact: Option<ContactBody>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContactBody {
    email: String,
    display_name: Option<String>,
    token: Option<String>,
}

impl RemoteContacts {
    /// Asks a process that has the same key.
    #[must_use]
    pub const fn new(accounts: Upstream, key: ContactsKey) -> Self {
        Self { accounts, key }
    }

    async fn ask(&self, question: ContactQuestion) -> Result<ContactAnswer, BoxError> {
        let request = Request::post(CONTACTS)
            .header(AUTHORIZATION, format!("Bearer {}", self.key.bearer()))
            .header(CONTENT_TYPE, "application/json")
            .body(Body::from(serde_json::to_vec(&question)?))?;
        let answer = self.accounts.send(request).await?;
        if answer.status() != StatusCode::OK {
            return Err(Refused(answer.status()).into());
        }
        let body = Limited::new(answer.into_body(), MOST).collect().await?.to_bytes();
        Ok(serde_json::from_slice(&body)?)
    }
}

#[async_trait]
impl Contacts for RemoteContacts {
    async fn contact(
        &self,
        account: AccountId,
        purpose: ContactPurpose,
    ) -> Result<Option<Contact>, ContactsUnavailable> {
        let question = ContactQuestion { account: account.uuid(), purpose: purpose.into() };
        match tokio::time::timeout(WITHIN, self.ask(question)).await {
            Ok(Ok(answer)) => Ok(answer.contact.map(Contact::from)),
            Ok(Err(error)) => Err(ContactsUnavailable(error)),
            Err(late) => Err(ContactsUnavailable(late.into())),
        }
    }
}

impl ContactQuestion {
    pub(crate) const fn account(self) -> AccountId {
        AccountId::new(self.account)
    }

    pub(crate) const fn purpose(self) -> ContactPurpose {
        match self.purpose {
            Purpose::Tell => ContactPurpose::Tell,
            Purpose::ConfirmAddress => ContactPurpose::ConfirmAddress,
            Purpose::ResetPassword => ContactPurpose::ResetPassword,
        }
    }
}

impl From<ContactPurpose> for Purpose {
    fn from(purpose: ContactPurpose) -> Self {
        match purpose {
            ContactPurpose::Tell => Self::Tell,
            ContactPurpose::ConfirmAddress => Self::ConfirmAddress,
            ContactPurpose::ResetPassword => Self::ResetPassword,
        }
    }
}

impl From<Option<Contact>> for ContactAnswer {
    fn from(contact: Option<Contact>) -> Self {
        let body = |Contact { email, display_name, token }: Contact| ContactBody {
            email: email.to_string(),
            display_name: display_name.map(|name| name.to_string()),
            token: token.map(|token| token.expose().to_owned()),
        };
        Self { contact: contact.map(body) }
    }
}

impl From<ContactBody> for Contact {
    fn from(body: ContactBody) -> Self {
        Self {
            // The accounts service accepted it, perhaps by rules of its time.
            email: EmailAddress::from_stored(body.email),
            display_name: body.display_name.map(Into::into),
            token: body.token.as_deref().map(LinkToken::new),
        }
    }
}

impl fmt::Debug for ContactAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContactAnswer(…)")
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the accounts service answered {0}")]
struct Refused(StatusCode);
