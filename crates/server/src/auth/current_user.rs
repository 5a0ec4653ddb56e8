//! Who is signed in: a token that verifies, and a session that is alive.

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use ticketing_core::domain::ids::{AccountId, SessionId};
use ticketing_core::ports::identity::Claims;
use ticketing_core::usecase::error::Error;
use ticketing_core::wire::Origin;

use crate::edge::RequestTrace;
use crate::marketplace::App;
use crate::problem::Problem;

use super::cookies::{ACCESS, cookie};

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
        let Some(token) = token(&parts.headers) else { return Err(Problem::not_signed_in()) };
        who(token, app).await
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
    let now = app.world.now();
    let claims = app.edge.verifier.verify(token, now).map_err(Error::from)?;
    // Not the token alone, because a session that was revoked is over at once.
    match app.edge.sessions.session(claims.session).await.map_err(Error::from)? {
        Some(session) if session.account == claims.account => Ok(claims.into()),
        Some(_) | None => Err(Error::SessionOver.into()),
    }
}

/// The access token of a request; a header goes before a cookie.
fn token(headers: &HeaderMap) -> Option<&str> {
    bearer(headers).or_else(|| cookie(headers, ACCESS)).filter(|token| !token.is_empty())
}

/// The token in `Authorization: Bearer`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
