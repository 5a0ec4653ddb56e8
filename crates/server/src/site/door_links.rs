//! `/door/{ticket}/links`: who stands at a door besides its seller.

use std::time::Duration;

use axum::response::{Html, IntoResponse, Response};
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};
use serde::Deserialize;

use ticketing_api::admissions::{DoorLinkBody, DoorLinkList, DoorPage as Doorway, MakeDoorLinkBody};
use ticketing_api::paths;
use ticketing_core::domain::door_links::DoorKey;
use ticketing_core::domain::ids::{DoorLinkId, TicketId};
use ticketing_web::{Done, DoorLinkRow, DoorLinksPage, Form, door_links_page};

use crate::http::auth::cookies::cookies_named;
use crate::http::extract::Named;

use super::context::{ActorContext, PageContext, answered};
use super::form::{Fields, SentBy};
use super::onward::Onward;
use super::refusal::Refusal;

/// The cookie that takes a new key to the page that shows it, once.
const NEW_KEY: &str = "new-door-key";
const LASTS: Duration = Duration::from_secs(60);

pub(super) async fn links(
    Named(ticket): Named<TicketId>,
    ActorContext { context, .. }: ActorContext,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let found: DoorLinkList = context.read(&paths::door_links(ticket)).await?;
    let door: Doorway = context.read(&format!("{}?limit=1", paths::door_passes(ticket))).await?;
    let (context, draft) = context.with_draft().await;
    let typed: LinkForm = draft.form().unwrap_or_default();
    let new_key = cookies_named(&headers, NEW_KEY).into_iter().find_map(|key| key.parse::<DoorKey>().ok());
    let is_shown = new_key.is_some();
    let origin = context.origin().unwrap_or_default();
    let enter = context.base.at(&format!("/door/{ticket}/enter"));
    let page = DoorLinksPage {
        shell: context.shell(),
        id: ticket.to_string(),
        title: door.title.to_string(),
        links: found.items.into_iter().map(row).collect(),
        new_link: new_key.map(|key| format!("{origin}{enter}#{}", key.expose())),
        form: draft.onto(Form::new(typed.label)),
    };
    let mut response = Html(door_links_page(page)).into_response();
    let forgotten = is_shown.then(|| new_key_cookie(&context, ticket, "", Duration::ZERO)).flatten();
    response.headers_mut().extend(forgotten.map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}

fn row(link: DoorLinkBody) -> DoorLinkRow {
    DoorLinkRow { id: link.id.to_string(), label: link.label, made_at: link.made_at.to_string() }
}

/// A new link, or one to revoke.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LinkForm {
    label: String,
    revoke: String,
}

impl Fields for LinkForm {
    const KEPT: &'static [&'static str] = &["label"];
}

pub(super) async fn change(Named(ticket): Named<TicketId>, sent: SentBy<LinkForm>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, .. }, form, typed } = sent;
    let here = format!("/door/{ticket}/links");
    if let Ok(link) = form.revoke.parse::<DoorLinkId>() {
        context.delete(&paths::door_link(ticket, link)).await?;
        return Ok(Onward::to(here).telling(Done::DoorLinkRevoked).into_response());
    }
    match context.post(&paths::door_links(ticket), &MakeDoorLinkBody { label: form.label }).await {
        Ok(answer) => {
            let made: DoorLinkBody = answered(answer)?;
            let cookie = new_key_cookie(&context, ticket, made.key.as_deref().unwrap_or_default(), LASTS);
            Ok(cookie.into_iter().fold(Onward::to(here), Onward::with_cookie).into_response())
        }
        Err(refusal) => context.ask_again(&here, typed, refusal).await,
    }
}

fn new_key_cookie(context: &PageContext, ticket: TicketId, key: &str, lasts: Duration) -> Option<HeaderValue> {
    let (path, seconds) = (context.base.at(&format!("/door/{ticket}/links")), lasts.as_secs());
    let secure = if context.is_https() { "; Secure" } else { "" };
    let text = format!("{NEW_KEY}={key}; Max-Age={seconds}; Path={path}; HttpOnly; SameSite=Strict{secure}");
    let mut cookie = HeaderValue::try_from(text).ok()?;
    cookie.set_sensitive(true);
    Some(cookie)
}
