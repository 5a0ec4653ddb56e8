//! Who is signed in: a token that verifies, and a session that is alive.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};

use ticketing_core::domain::ids::{AccountId, SessionId};
use ticketing_core::ports::identity::Claims;
use ticketing_core::usecase::error::Error;
use ticketing_core::wire::Origin;

use crate::http::client::ClientInfo;
use crate::http::problem::Problem;
use crate::http::trace::RequestTrace;
use crate::state::App;

use super::cookies::{ACCESS, cookies};

/// Somebody who is signed in.
///
/// `Option<Actor>` is `None` for anybody else; a session that is over is nobody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub account: AccountId,
    /// In which session.
    pub session: SessionId,
}

impl From<Claims> for Actor {
    fn from(claims: Claims) -> Self {
        Self { account: claims.account, session: claims.session }
    }
}

impl FromRequestParts<App> for Actor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        // A page of this process has found out, and hands it on with what it asks for.
        if let Some(actor) = parts.extensions.get::<Self>() {
            return Ok(*actor);
        }
        let secure = ClientInfo::in_request(&parts.extensions)?.https;
        let mut refusal = None;
        for token in tokens(&parts.headers, secure) {
            match who(token, app).await {
                Ok(actor) => return Ok(actor),
                Err(problem) => refusal = weightier(refusal, problem),
            }
        }
        Err(refusal.unwrap_or_else(Problem::not_signed_in))
    }
}

impl OptionalFromRequestParts<App> for Actor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, Problem> {
        match <Self as FromRequestParts<App>>::from_request_parts(parts, app).await {
            Ok(actor) => Ok(Some(actor)),
            Err(problem) if problem.status() == http::StatusCode::UNAUTHORIZED => Ok(None),
            Err(problem) => Err(problem),
        }
    }
}

/// A change that somebody asks for who is signed in.
#[derive(Debug, Clone)]
pub struct Change {
    /// Who asks for it.
    pub actor: Actor,
    /// Where its events come from.
    pub origin: Origin,
}

impl FromRequestParts<App> for Change {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let actor = <Actor as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        Ok(Self { actor, origin: RequestTrace::in_request(&parts.extensions)?.origin() })
    }
}

/// The access token of a session, as `Authorization` carries it: for what a page goes on to ask.
#[derive(Debug, Clone)]
pub(crate) struct Bearer(pub(crate) HeaderValue);

impl Bearer {
    pub(crate) fn new(token: &str) -> Self {
        let mut value = HeaderValue::from_str(&format!("Bearer {token}")).expect("tokens are visible ASCII");
        value.set_sensitive(true);
        Self(value)
    }
}

async fn who(token: &str, app: &App) -> Result<Actor, Problem> {
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
