//! What a form sent, and who sent it.

use std::collections::BTreeMap;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::http::extract::{fields, read_body};
use crate::http::problem::Problem;
use crate::state::App;

use super::context::{ActorContext, PageContext};
use super::draft::Typed;

/// A form, and which of its fields are kept if it is not accepted.
pub(super) trait Fields: DeserializeOwned + Send {
    /// Never a password, never the token of a card.
    const KEPT: &'static [&'static str];
}

/// A form without any field of its own.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct NoFields {}

impl Fields for NoFields {
    const KEPT: &'static [&'static str] = &[];
}

/// The fields of a form. One that is missing is empty, so that the API says what it lacks.
#[derive(Debug, Clone)]
pub(super) struct Sent<T> {
    pub(super) form: T,
    /// What is kept of it if it is not accepted.
    pub(super) typed: Typed,
    /// The account that opened it; empty if nobody was signed in, `None` if it does not say.
    opened_by: Option<String>,
}

impl<T: Fields> FromRequest<App> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Problem::unsupported_media_type());
        }
        let body = read_body(request, app.http.body_limit).await?;
        let malformed = |_| Problem::malformed("the body is not what the form sends");
        let form = fields(&body).map_err(malformed)?;
        let mut sent: BTreeMap<String, String> = fields(&body).map_err(malformed)?;
        let opened_by = sent.remove("for");
        sent.retain(|name, _| T::KEPT.contains(&name.as_str()));
        Ok(Self { form, typed: Typed(sent.into_iter().collect()), opened_by })
    }
}

impl<T> Sent<T> {
    /// Whether another account opened the form, or nobody did: then its sender has not agreed to anything.
    pub(super) fn is_opened_by_another(&self, account: &str) -> bool {
        self.opened_by.as_deref().is_some_and(|opened_by| opened_by != account)
    }
}

/// A form that somebody sent who is signed in, and was when they opened it.
///
/// Anybody else is asked to sign in, or told that they are now somebody else, and
/// finds the form afterwards as they left it.
#[derive(Debug, Clone)]
pub(super) struct SentBy<T> {
    pub(super) actor: ActorContext,
    pub(super) form: T,
    pub(super) typed: Typed,
}

impl<T: Fields> FromRequest<App> for SentBy<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let context = PageContext::from_request_parts(&mut parts, app).await.map_err(IntoResponse::into_response)?;
        let request = Request::from_parts(parts, body);
        let sent = Sent::<T>::from_request(request, app).await.map_err(IntoResponse::into_response)?;
        let Some(viewer) = context.viewer().cloned() else {
            return Err(context.sign_in_first(sent.typed, sent.opened_by).await);
        };
        if sent.is_opened_by_another(&viewer.id) {
            return Err(context.nothing_changed(sent.typed, sent.opened_by).await);
        }
        Ok(Self { actor: ActorContext { context, viewer }, form: sent.form, typed: sent.typed })
    }
}
