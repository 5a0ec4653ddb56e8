//! `/door/{ticket}/enter`: a door link is opened, and its key waits in a cookie for this door alone.
//!
//! The key comes in the fragment of the address, which browsers send to nobody, and from there in a form; so it is in
//! no log and in no `Referer`.

use std::time::Duration;

use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, HeaderValue};
use serde::Deserialize;

use ticketing_api::admissions::DoorPage as Doorway;
use ticketing_api::headers::DOOR_KEY;
use ticketing_api::paths;
use ticketing_core::domain::door_links::DoorKey;
use ticketing_core::domain::ids::TicketId;
use ticketing_web::{Done, DoorEntryPage, Form, door_entry_page};

use crate::http::auth::cookies::cookies_named;
use crate::http::extract::Named;

use super::context::PageContext;
use super::form::{Fields, Sent};
use super::onward::Onward;
use super::refusal::Refusal;

/// The cookie of a door. It is for one path and so has no `__Host-`.
const fn name(https: bool) -> &'static str {
    if https { "__Secure-door" } else { "door" }
}

/// How long a browser keeps a key: links are made for an evening.
const LASTS: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The key that a request brings, as the API takes it.
pub(super) fn read(headers: &HeaderMap, https: bool) -> Option<HeaderValue> {
    let keys = cookies_named(headers, name(https));
    keys.into_iter().find_map(|key| sensitive(key.parse::<DoorKey>().ok()?.expose()))
}

fn sensitive(text: String) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn cookie(context: &PageContext, ticket: TicketId, key: &str, lasts: Duration) -> Option<HeaderValue> {
    let https = context.is_https();
    let (path, secure) = (context.base.at(&format!("/door/{ticket}")), if https { "; Secure" } else { "" });
    let (name, seconds) = (name(https), lasts.as_secs());
    sensitive(format!("{name}={key}; Max-Age={seconds}; Path={path}; HttpOnly; SameSite=Lax{secure}"))
}

/// Takes a key away that opens nothing any more.
pub(super) fn refused(context: &PageContext, ticket: TicketId) -> Response {
    let here = format!("/door/{ticket}");
    let onward = match context.viewer() {
        Some(_) => Onward::to(here),
        None => Onward::to(format!("{here}/enter")).telling(Done::DoorClosed),
    };
    cookie(context, ticket, "", Duration::ZERO).into_iter().fold(onward, Onward::with_cookie).into_response()
}

pub(super) async fn ask(Named(ticket): Named<TicketId>, context: PageContext) -> Html<String> {
    let (context, draft) = context.with_draft().await;
    let form = draft.onto(Form::new(()));
    Html(door_entry_page(DoorEntryPage { shell: context.shell(), id: ticket.to_string(), form }))
}

/// The key of a link.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct KeyForm {
    key: String,
}

impl Fields for KeyForm {
    const KEPT: &'static [&'static str] = &[];
}

pub(super) async fn enter(
    Named(ticket): Named<TicketId>,
    context: PageContext,
    sent: Sent<KeyForm>,
) -> Result<Response, Refusal> {
    let closed = || Onward::to(format!("/door/{ticket}/enter")).telling(Done::DoorClosed).into_response();
    // A whole link may be pasted.
    let typed = sent.form.key.rsplit('#').next().unwrap_or_default();
    let Ok(key) = typed.parse::<DoorKey>() else { return Ok(closed()) };
    let Some(header) = sensitive(key.expose()) else { return Ok(closed()) };
    let asking = PageContext { api: context.api.clone().acting(None).with_header(DOOR_KEY, header), ..context.clone() };
    match asking.read::<Doorway>(&format!("{}?limit=1", paths::door_passes(ticket))).await {
        Ok(_) => {
            let onward = Onward::to(format!("/door/{ticket}"));
            let cookie = cookie(&context, ticket, &key.expose(), LASTS);
            Ok(cookie.into_iter().fold(onward, Onward::with_cookie).into_response())
        }
        Err(refusal) if refusal.is("not_your_door") || refusal.is("ticket_not_found") => Ok(closed()),
        Err(refusal) => Err(refusal),
    }
}
