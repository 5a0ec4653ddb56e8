//! Who stands at a door: by the key of a door link, or else signed in.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;

use ticketing_api::headers::DOOR_KEY;

use crate::state::App;

use super::context::{ActorContext, PageContext};
use super::door_key;
use super::draft::Typed;
use super::form::{Fields, Sent, SentBy};

/// The context of a door's page; a visitor who has no key is asked to sign in.
#[derive(Debug, Clone)]
pub(super) struct AtDoor {
    pub(super) context: PageContext,
    /// Whether they came by a door link. The API says whether it opens this door.
    pub(super) has_key: bool,
}

impl FromRequestParts<App> for AtDoor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let context = PageContext::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        if let Some(context) = with_key(&context, parts) {
            return Ok(Self { context, has_key: true });
        }
        parts.extensions.insert(context);
        let ActorContext { context, .. } = ActorContext::from_request_parts(parts, app).await?;
        Ok(Self { context, has_key: false })
    }
}

/// The same, asking the API by the key alone.
fn with_key(context: &PageContext, parts: &Parts) -> Option<PageContext> {
    let key = door_key::read(&parts.headers, context.is_https())?;
    Some(PageContext { api: context.api.clone().acting(None).with_header(DOOR_KEY, key), ..context.clone() })
}

/// A form that was sent at a door, by a key or by who opened it.
#[derive(Debug)]
pub(super) struct SentAtDoor<T> {
    pub(super) context: PageContext,
    pub(super) form: T,
    pub(super) typed: Typed,
}

impl<T: Fields> FromRequest<App> for SentAtDoor<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let context = PageContext::from_request_parts(&mut parts, app).await.map_err(IntoResponse::into_response)?;
        if let Some(context) = with_key(&context, &parts) {
            let sent = Sent::<T>::from_request(Request::from_parts(parts, body), app).await;
            let Sent { form, typed, .. } = sent.map_err(IntoResponse::into_response)?;
            return Ok(Self { context, form, typed });
        }
        parts.extensions.insert(context);
        let SentBy { actor, form, typed } = SentBy::from_request(Request::from_parts(parts, body), app).await?;
        Ok(Self { context: actor.context, form, typed })
    }
}
