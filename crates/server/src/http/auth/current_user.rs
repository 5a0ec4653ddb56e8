//! Who is signed in: a token that verifies, and a session that is alive.

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use ticketing_core::domain::ids::{AccountId, SessionId};
use ticketing_core::ports::identity::Claims;
use ticketing_core::usecase::error::Error;
use ticketing_core::wire::Origin;

use crate::http::client;
use crate::http::edge::RequestTrace;
use crate::http::problem::Problem;
use crate::state::App;

use super::cookies::{ACCESS, cookies};

/// Somebody who is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrentUser {
    /// Who.
    pub account: AccountId,
    /// In which session.
    pub session: SessionId,
}

impl From<Claims> for CurrentUser {
    fn from(claims: Claims) -> Self {
        Self { account: claims.account, session: claims.session }
    }
}

impl FromRequestParts<App> for CurrentUser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let secure = client::is_https(&parts.headers, &parts.extensions, app);
        let mut refusal = None;
        for token in tokens(&parts.headers, secure) {
            match who(token, app).await {
                Ok(user) => return Ok(user),
                Err(problem) => refusal = weightier(refusal, problem),
            }
        }
        Err(refusal.unwrap_or_else(Problem::not_signed_in))
    }
}

/// Somebody who is signed in, or nobody; a session that is over is nobody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visitor(pub Option<CurrentUser>);

impl FromRequestParts<App> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match CurrentUser::from_request_parts(parts, app).await {
            Ok(user) => Ok(Self(Some(user))),
            Err(problem) if problem.status() == http::StatusCode::UNAUTHORIZED => Ok(Self(None)),
            Err(problem) => Err(problem),
        }
    }
}

/// Somebody who is signed in and changes something.
#[derive(Debug, Clone)]
pub struct Author {
    /// Who.
    pub user: CurrentUser,
    /// Where the events of the change come from.
    pub origin: Origin,
}

impl FromRequestParts<App> for Author {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let user = CurrentUser::from_request_parts(parts, app).await?;
        Ok(Self { user, origin: RequestTrace::in_request(&parts.extensions)?.origin() })
    }
}

async fn who(token: &str, app: &App) -> Result<CurrentUser, Problem> {
    let now = app.env.now();
    let claims = app.edge.verifier.verify(token, now).map_err(Error::from)?;
    // Not the token alone, because a session that was revoked is over at once.
    match app.edge.sessions.session(claims.session).await.map_err(Error::from)? {
        Some(session) if session.account == claims.account => Ok(claims.into()),
        Some(_) | None => Err(Error::SessionOver.into()),
    }
}

/// The access tokens of a request, of which one is good; a header goes before cookies.
fn tokens(headers: &HeaderMap, secure: bool) -> Vec<&str> {
    match bearer(headers) {
        Some(token) => vec![token],
        None => cookies(headers, ACCESS, secure),
    }
}

/// Of two refusals the one to answer with: not to know goes before "no", so that nobody is signed out by an outage.
pub(super) fn weightier(known: Option<Problem>, next: Problem) -> Option<Problem> {
    known.filter(|known| known.status() != http::StatusCode::UNAUTHORIZED).or(Some(next))
}

/// The token in `Authorization: Bearer`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}
