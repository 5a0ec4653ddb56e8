//! Accounts and their sessions.

mod owner;

use std::fmt;

use http::Method;
use http::header::COOKIE;
use serde::de::Error as _;
use ticketing_core::domain::ids::SessionId;

use crate::accounts::{AccountBody, Credentials, CurrentUserBody, PasswordChange, SessionList};
use crate::headers::{ACCESS_COOKIE, REFRESH_COOKIE};
use crate::paths;

use super::Client;
use super::call::{Answer, Call};
use super::error::ClientError;

/// What proves who asks. Keep them as you keep a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Proves it for five minutes.
    pub access: String,
    /// Exchanged for the next pair, once.
    pub refresh: String,
}

/// An account, and the tokens of a new session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Who it is.
    pub account: AccountBody,
    /// What proves it.
    pub tokens: Tokens,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl Client {
    /// Opens an account, and a session with it.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `email_taken` and `invalid` among others.
    pub async fn sign_up(&self, credentials: &Credentials) -> Result<SignedIn, ClientError> {
        self.welcomed(paths::SIGN_UP, credentials).await
    }

    /// Begins a session.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `wrong_credentials` and `rate_limited` among others.
    pub async fn sign_in(&self, credentials: &Credentials) -> Result<SignedIn, ClientError> {
        self.welcomed(paths::SIGN_IN, credentials).await
    }

    async fn welcomed(&self, path: &str, credentials: &Credentials) -> Result<SignedIn, ClientError> {
        let answer = self.call(Method::POST, path).json(credentials).done().await?;
        Ok(SignedIn { account: answer.json()?, tokens: Tokens::of(&answer)? })
    }

    /// Exchanges the refresh token for the next pair. The answer to a repetition is the same pair, for a while.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `session_over` among others.
    pub async fn refresh(&self) -> Result<Tokens, ClientError> {
        let answer = self.with_cookies(Method::POST, paths::REFRESH).done().await?;
        Tokens::of(&answer)
    }

    /// Ends the session.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn sign_out(&self) -> Result<(), ClientError> {
        self.with_cookies(Method::POST, paths::SIGN_OUT).done().await.map(drop)
    }

    /// The account in whose name is asked, if the session is alive.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn current_user(&self) -> Result<Option<AccountBody>, ClientError> {
        let known: CurrentUserBody = self.get(paths::CURRENT_USER).read().await?;
        Ok(known.current_user)
    }

    /// Changes the password, which ends every other session; returns the next tokens of this one.
    ///
    /// `None` if an earlier answer to the same change brought them, or if sessions are away: then sign in.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `wrong_credentials` and `invalid` among others.
    pub async fn change_password(&self, change: &PasswordChange) -> Result<Option<Tokens>, ClientError> {
        let answer = self.with_cookies(Method::POST, paths::PASSWORD).json(change).done().await?;
        Ok(Tokens::set_by(&answer))
    }

    /// The sessions of the account.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn sessions(&self) -> Result<SessionList, ClientError> {
        self.get(paths::SESSIONS).read().await
    }

    /// Ends one session of the account.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn end_session(&self, id: SessionId) -> Result<(), ClientError> {
        self.call(Method::DELETE, paths::session(id)).done().await.map(drop)
    }

    /// A request with both tokens as cookies, as the paths of sessions need it.
    fn with_cookies(&self, method: Method, path: &str) -> Call<'_> {
        let call = self.call(method, path);
        let Some(Tokens { access, refresh }) = self.tokens() else { return call };
        let ([access_name, _], [refresh_name, _]) = (ACCESS_COOKIE, REFRESH_COOKIE);
        call.header(COOKIE, format!("{access_name}={access}; {refresh_name}={refresh}"))
    }
}

impl Tokens {
    /// What the cookies of an answer say, if it sets both.
    fn set_by(answer: &Answer) -> Option<Self> {
        let set = |names: [&str; 2]| names.into_iter().find_map(|name| answer.cookie(name)).map(str::to_owned);
        Some(Self { access: set(ACCESS_COOKIE)?, refresh: set(REFRESH_COOKIE)? })
    }

    /// The same for an answer that has to set both.
    fn of(answer: &Answer) -> Result<Self, ClientError> {
        let missing = || serde_json::Error::custom("it sets no cookies of a session");
        Self::set_by(answer).ok_or_else(|| ClientError::Unreadable { status: answer.status(), source: missing() })
    }
}
