//! `/door/{ticket}`: who may come in.

use axum::response::{Html, IntoResponse, Response};
use http::{HeaderName, HeaderValue};
use serde::Deserialize;

use ticketing_api::admissions::{CheckBody, CheckInBody, CheckResultBody, DoorPage as Doorway};
use ticketing_api::page::PageQuery;
use ticketing_api::paths;
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::time::Timestamp;
use ticketing_web::{Done, DoorCounts, DoorPage, Form, Verdict, door_page};

use crate::http::extract::{Json, Lenient, Named, Query};

use super::at_door::{AtDoor, SentAtDoor};
use super::context::answered;
use super::door_key;
use super::form::Fields;
use super::onward::Onward;
use super::refusal::Refusal;
use super::view::time;

/// The door's page alone may use a camera, to read squares.
const PERMISSIONS: [(HeaderName, HeaderValue); 1] = [(
    HeaderName::from_static("permissions-policy"),
    HeaderValue::from_static("camera=(self), geolocation=(), microphone=(), payment=()"),
)];

/// When the pass that was shown last let somebody in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Shown {
    used: String,
}

pub(super) async fn door(
    Named(ticket): Named<TicketId>,
    AtDoor { context, has_key }: AtDoor,
    Lenient(shown): Lenient<Shown>,
) -> Result<Response, Refusal> {
    let door: Doorway = match context.read(&format!("{}?limit=1", paths::door_passes(ticket))).await {
        Ok(door) => door,
        // The link was revoked: the cookie goes, and a visitor who has an account may still be the seller.
        Err(refusal) if has_key && refusal.is("not_your_door") => return Ok(door_key::refused(&context, ticket)),
        Err(refusal) => return Err(refusal),
    };
    let (context, draft) = context.with_draft().await;
    let verdict = context.done().and_then(|done| verdict(done, &shown));
    let mut shell = context.shell();
    // The verdict says it in larger letters.
    shell.flash = shell.flash.filter(|_| verdict.is_none());
    let typed: DoorForm = draft.form().unwrap_or_default();
    let form = if verdict.is_some() { Form::default() } else { draft.onto(Form::new(typed.pass)) };
    let counts = DoorCounts { expected: door.counts.issued, inside: door.counts.used, void: door.counts.voided };
    let (id, title) = (ticket.to_string(), door.title.to_string());
    let page = DoorPage { shell, id, title, verdict, counts, form, by_link: has_key };
    Ok((PERMISSIONS, Html(door_page(page))).into_response())
}

/// What came of the pass that was shown last, if that is why the page is shown.
fn verdict(done: Done, shown: &Shown) -> Option<Verdict> {
    Some(match done {
        Done::LetIn => Verdict::Welcome,
        Done::PassUnknown => Verdict::Unknown,
        Done::PassUsed => Verdict::UsedBefore(time(shown.used.parse::<Timestamp>().ok())),
        Done::PassVoid => Verdict::Void,
        Done::PassOfAnother => Verdict::OtherEvent,
        _ => return None,
    })
}

/// What was shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DoorForm {
    pass: String,
}

impl Fields for DoorForm {
    const KEPT: &'static [&'static str] = &[];
}

pub(super) async fn check(Named(ticket): Named<TicketId>, sent: SentAtDoor<DoorForm>) -> Result<Response, Refusal> {
    let SentAtDoor { context, form, typed } = sent;
    let here = format!("/door/{ticket}");
    let body = CheckInBody { pass: form.pass.trim().to_owned(), at: None };
    let answer = match context.post(&paths::door_checks(ticket), &body).await {
        Ok(answer) => answered::<CheckBody>(answer)?,
        Err(refusal) => return context.ask_again(&here, typed, refusal).await,
    };
    let done = match answer.result {
        CheckResultBody::Welcome => Done::LetIn,
        CheckResultBody::Used => Done::PassUsed,
        CheckResultBody::Void => Done::PassVoid,
        CheckResultBody::OtherTicket => Done::PassOfAnother,
        CheckResultBody::Unknown => Done::PassUnknown,
    };
    let used_before = answer.first_used_at.filter(|_| done == Done::PassUsed);
    let here = used_before.map_or(here.clone(), |at| format!("{here}?used={at}"));
    Ok(Onward::to(here).telling(done).into_response())
}

/// The list of passes, for the script of the page.
pub(super) async fn passes(
    Named(ticket): Named<TicketId>,
    AtDoor { context, .. }: AtDoor,
    Query(query): Query<PageQuery>,
) -> Result<Json<Doorway>, Refusal> {
    let query = serde_urlencoded::to_string(query).unwrap_or_default();
    context.read(&format!("{}?{query}", paths::door_passes(ticket))).await.map(Json)
}

/// A check of the page's script, with what the API says of it.
pub(super) async fn check_by_script(
    Named(ticket): Named<TicketId>,
    AtDoor { context, .. }: AtDoor,
    Json(body): Json<CheckInBody>,
) -> Result<Json<CheckBody>, Refusal> {
    // Its key goes on by itself.
    answered(context.post(&paths::door_checks(ticket), &body).await?).map(Json)
}
