//! `/internal/contacts`: how to reach people, for processes of this marketplace that have the same keys.
//!
//! It is not part of the API and in no description of it, and no front door forwards it.

use axum::Router;
use axum::extract::{FromRequest, Request, State};
use axum::routing::post;

use ticketing_core::ports::contacts::Contacts;

use crate::http::auth::own_sessions::bearer;
use crate::http::extract::Json;
use crate::http::problem::Problem;
use crate::remote::{CONTACTS, ContactAnswer, ContactQuestion};
use crate::state::App;

pub(crate) fn routes() -> Router<App> {
    Router::new().route(CONTACTS, post(contact))
}

async fn contact(State(app): State<App>, request: Request) -> Result<Json<ContactAnswer>, Problem> {
    let shown = bearer(request.headers()).unwrap_or_default();
    if !app.contacts_key.as_ref().is_some_and(|key| key.is_shown_by(shown)) {
        // As where there is nothing: a stranger learns no more.
        return Err(Problem::not_found("route_not_found", "there is nothing at this path"));
    }
    let Json(question) = Json::<ContactQuestion>::from_request(request, &app).await?;
    let contact = app.accounts()?.contact(question.account(), question.purpose()).await;
    Ok(Json(contact.map_err(Problem::unavailable)?.into()))
}
