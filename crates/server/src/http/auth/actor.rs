//! What a handler asks for that acts for somebody.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::HeaderValue;
use http::request::Parts;

use ticketing_core::wire::Origin;

use crate::http::problem::Problem;
use crate::http::trace::RequestTrace;
use crate::state::{Actor, App};

impl FromRequestParts<App> for Actor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        // A page of this process has found out, and hands it on with what it asks for.
        if let Some(actor) = parts.extensions.get::<Self>() {
            return Ok(*actor);
        }
        app.identity.identify(parts).await?.ok_or_else(Problem::not_signed_in)
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
