//! How to reach the owner of an account, asked at the moment when somebody is written to.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::account::EmailAddress;
use crate::domain::ids::AccountId;

use super::BoxError;

/// What somebody is written to for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactPurpose {
    /// To tell something.
    Tell,
    /// To let them prove that the address is theirs.
    ConfirmAddress,
    /// To let them choose another password.
    ResetPassword,
}

/// How to reach somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Where mail goes to.
    pub email: EmailAddress,
    /// How the owner wants to be called.
    pub display_name: Option<Arc<str>>,
    /// What the link of the letter needs, if the purpose has one.
    pub token: Option<LinkToken>,
}

/// The secret of a link that works once and for a short time. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkToken(Arc<str>);

impl LinkToken {
    /// Wraps a token: letters, digits, `-`, `_` and `.` only.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self(token.into())
    }

    /// The token itself, for the link.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkToken(…)")
    }
}

/// The accounts service did not answer: ask later.
#[derive(Debug, thiserror::Error)]
#[error("the accounts service did not answer")]
pub struct ContactsUnavailable(#[source] pub BoxError);

/// Knows how to reach people. The accounts service is one; another process asks it.
///
/// An address stays with its account: no event and no other store holds it, so that it is gone with the account.
///
/// An account that is gone cannot be reached, and neither can one whose purpose is over, such as an address that is
/// confirmed already: `Ok(None)`.
///
/// # Examples
///
/// An application that has its own users:
///
/// ```
/// use async_trait::async_trait;
/// use ticketing_core::domain::ids::AccountId;
/// use ticketing_core::ports::contacts::{Contact, ContactPurpose, Contacts, ContactsUnavailable};
///
/// #[derive(Debug)]
/// struct Members;
///
/// #[async_trait]
/// impl Contacts for Members {
///     async fn contact(&self, _: AccountId, purpose: ContactPurpose) -> Result<Option<Contact>, ContactsUnavailable> {
///         let email = "ada@example.org".parse().map_err(|error| ContactsUnavailable(Box::new(error)))?;
///         let is_told = purpose == ContactPurpose::Tell;
///         Ok(is_told.then_some(Contact { email, display_name: Some("Ada".into()), token: None }))
///     }
/// }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Contacts: Send + Sync + fmt::Debug + 'static {
    /// How to reach the owner of an account for a purpose; `None` if there is nobody, or nothing, to write to for.
    ///
    /// # Errors
    ///
    /// [`ContactsUnavailable`]: the same call may succeed later.
    async fn contact(
        &self,
        account: AccountId,
        purpose: ContactPurpose,
    ) -> Result<Option<Contact>, ContactsUnavailable>;
}
