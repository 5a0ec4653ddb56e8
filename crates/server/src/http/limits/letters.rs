//! How often somebody may have letters sent to an account.
//!
//! Counted by network, so that nobody writes to many, and by account, so that nobody's mailbox is flooded. An account
//! that does not exist is counted like one that does.

use axum::extract::FromRequestParts;
use http::request::Parts;

use ticketing_core::domain::account::EmailAddress;
use ticketing_core::domain::ids::AccountId;
use ticketing_core::ports::limits::Verdict;

use crate::http::auth::devices::AccountMark;
use crate::http::client::ClientInfo;
use crate::http::problem::Problem;
use crate::state::App;

use super::counting::{allowed, by_network};

/// Somebody who asks that a letter be sent.
#[derive(Debug)]
pub(crate) struct LetterRequest(ClientInfo);

impl FromRequestParts<App> for LetterRequest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        Ok(Self(ClientInfo::in_request(&parts.extensions)?.clone()))
    }
}

impl LetterRequest {
    /// Lets an address be signed up that has no account: it gets a letter each time, so who deletes the account and
    /// signs up again is slowed down. Where the limiter does not answer, people may sign up all the same.
    ///
    /// # Errors
    ///
    /// [`Problem::rate_limited`].
    pub(crate) async fn admit_first(&self, app: &App, email: &EmailAddress) -> Result<(), Problem> {
        let Some(quota) = app.http.limits.letters_per_account else { return Ok(()) };
        let verdict = app.limiters.shared.check(&format!("letter:first:{}", AccountMark::of(email)), quota).await;
        verdict.map_or(Ok(()), |verdict| allowed(app, "letters", verdict))
    }

    /// Lets a request pass for a letter that confirms the address of an account.
    ///
    /// # Errors
    ///
    /// [`Problem::rate_limited`], or [`Problem::unavailable`] if the limiter does not answer: mailboxes stay guarded.
    pub(crate) async fn admit_confirmation(&self, app: &App, account: AccountId) -> Result<(), Problem> {
        self.admit(app, &format!("letter:confirm:{account}")).await
    }

    /// Lets a request pass for a letter with which a password is replaced.
    ///
    /// # Errors
    ///
    /// As [`LetterRequest::admit_confirmation`].
    pub(crate) async fn admit_reset(&self, app: &App, email: &EmailAddress) -> Result<(), Problem> {
        self.admit(app, &format!("letter:reset:{}", AccountMark::of(email))).await
    }

    async fn admit(&self, app: &App, letter: &str) -> Result<(), Problem> {
        let limits = &app.http.limits;
        if let Some(quota) = limits.letters_per_address {
            let verdict = by_network(&*app.limiters.shared, "letter", self.0.address, quota).await;
            allowed(app, "letters", verdict.map_err(Problem::unavailable)?)?;
        }
        let Some(quota) = limits.letters_per_account else { return Ok(()) };
        allowed(app, "letters", app.limiters.shared.check(letter, quota).await.map_err(Problem::unavailable)?)
    }
}

/// Whether the owner of an account is told once more of a browser that signed in; if it is not known, they are.
pub(super) async fn tells_of_browser(app: &App, account: &AccountMark) -> bool {
    let Some(quota) = app.http.limits.letters_per_account else { return true };
    let verdict = app.limiters.shared.check(&format!("letter:browser:{account}"), quota).await;
    !matches!(verdict, Ok(Verdict::Denied { .. }))
}
