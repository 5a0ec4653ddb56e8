//! Identifies by a session of ours: a token that verifies, and a session that is alive.

use async_trait::async_trait;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use ticketing_core::usecase::error::{Error, ErrorKind};

use crate::http::client::ClientInfo;
use crate::state::{Actor, Identify, OwnSessions};

use super::cookies::{ACCESS, REFRESH, cookies};

#[async_trait]
impl Identify for OwnSessions {
    async fn identify(&self, request: &Parts) -> Result<Option<Actor>, Error> {
        let secure = ClientInfo::in_request(&request.extensions)?.https;
        let mut refusal = None;
        for token in tokens(&request.headers, secure) {
            match self.owner(token).await {
                Ok(actor) => return Ok(Some(actor)),
                Err(error) => refusal = weightier(refusal, error),
            }
        }
        refusal.map_or(Ok(None), Err)
    }

    fn is_sent_unasked(&self, headers: &HeaderMap) -> bool {
        has_cookies(headers)
    }
}

impl OwnSessions {
    async fn owner(&self, token: &str) -> Result<Actor, Error> {
        let claims = self.verifier.verify(token, self.clock.now())?;
        // Not the token alone, because a session that was revoked is over at once.
        match self.sessions.session(claims.session).await? {
            Some(session) if session.account == claims.account => Ok(claims.into()),
            Some(_) | None => Err(Error::SessionOver),
        }
    }
}

/// Whether a request brings cookies of a session.
pub(super) fn has_cookies(headers: &HeaderMap) -> bool {
    ACCESS.is_in(headers) || REFRESH.is_in(headers)
}

/// The access tokens of a request, of which one is good; a header goes before cookies.
fn tokens(headers: &HeaderMap, secure: bool) -> Vec<&str> {
    match bearer(headers) {
        Some(token) => vec![token],
        None => cookies(headers, ACCESS, secure),
    }
}

/// Of two refusals the one to answer with: not to know goes before "no", so that nobody is signed out by an outage.
pub(super) fn weightier(known: Option<Error>, next: Error) -> Option<Error> {
    known.filter(|known| known.kind() != ErrorKind::NotSignedIn).or(Some(next))
}

/// The token in `Authorization: Bearer`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}
