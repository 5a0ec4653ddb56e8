//! Who acts: a port, for sessions of ours and for those of an application around us.

use async_trait::async_trait;
use http::HeaderMap;
use http::header::COOKIE;
use http::request::Parts;

use ticketing_core::domain::ids::{AccountId, SessionId};
use ticketing_core::ports::identity::Claims;
use ticketing_core::usecase::error::Error;

/// Somebody who is signed in.
///
/// `Option<Actor>` is `None` for anybody else; a session that is over is nobody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub account: AccountId,
    /// In which session of ours; `None` if an application around us identified them.
    pub session: Option<SessionId>,
    /// Whether their address is confirmed, or an application around us answers for them.
    pub confirmed: bool,
}

impl Actor {
    /// The session of ours in which they act.
    ///
    /// # Errors
    ///
    /// [`Error::SessionOver`]: there is none.
    pub fn session(self) -> Result<SessionId, Error> {
        self.session.ok_or(Error::SessionOver)
    }
}

impl From<AccountId> for Actor {
    fn from(account: AccountId) -> Self {
        Self { account, session: None, confirmed: true }
    }
}

impl From<Claims> for Actor {
    fn from(claims: Claims) -> Self {
        Self { account: claims.account, session: Some(claims.session), confirmed: claims.confirmed }
    }
}

/// Finds out who acts, by what a request carries.
#[async_trait]
pub trait Identify: Send + Sync + 'static {
    /// Who acts; `None` if nobody is signed in.
    ///
    /// # Errors
    ///
    /// [`Error::SessionOver`] (401): what the request carries is worth nothing any more.
    /// [`Error::Unavailable`] (503): it cannot be found out now.
    ///
    /// # Cancel safety
    ///
    /// The future is dropped when the client goes away or the request takes too long.
    async fn identify(&self, request: &Parts) -> Result<Option<Actor>, Error>;

    /// Whether a request carries what a browser sends by itself, whichever site makes it ask.
    ///
    /// If it does, and the browser does not say that a page of this site asks, no change is carried out.
    fn is_sent_unasked(&self, headers: &HeaderMap) -> bool {
        headers.contains_key(COOKIE)
    }
}
