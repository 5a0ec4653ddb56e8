//! `/door/{ticket}`: who may come in.

use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use ticketing_api::admissions::{CheckInBody, DoorPage as Door};
use ticketing_api::paths;
use ticketing_core::domain::ids::TicketId;
use ticketing_web::{Done, DoorCounts, DoorPage, Form, Verdict, door_page};

use crate::http::extract::Named;

use super::context::ActorContext;
use super::draft::Draft;
use super::form::{Fields, SentBy};
use super::onward::Onward;
use super::refusal::{Reason, Refusal};

pub(super) async fn door(
    Named(ticket): Named<TicketId>,
    ActorContext { context, .. }: ActorContext,
) -> Result<Html<String>, Refusal> {
    let door: Door = context.read(&format!("{}?limit=1", paths::admissions_to(ticket))).await?;
    let (context, draft) = context.with_draft().await;
    let verdict = verdict(context.done(), &draft);
    let mut shell = context.shell();
    // The verdict says it in larger letters.
    shell.flash = shell.flash.filter(|_| verdict.is_none());
    let typed: DoorForm = draft.form().unwrap_or_default();
    let form = if verdict.is_some() { Form::default() } else { draft.onto(Form::new(typed.pass)) };
    let counts = DoorCounts { expected: door.counts.issued, inside: door.counts.used, void: door.counts.voided };
    let (id, title) = (ticket.to_string(), door.title.to_string());
    Ok(Html(door_page(DoorPage { shell, id, title, verdict, counts, form })))
}

/// What came of the pass that was shown last, if that is why the page is shown. A refusal stands until another pass is
/// checked, so it comes first: what an earlier pass was told is older.
fn verdict(done: Option<Done>, draft: &Draft) -> Option<Verdict> {
    if let Some(reason) = &draft.reason {
        return refused(reason);
    }
    match done {
        Some(Done::LetIn) => Some(Verdict::Welcome),
        Some(Done::PassUnknown) => Some(Verdict::Unknown),
        _ => None,
    }
}

fn refused(reason: &Reason) -> Option<Verdict> {
    if reason.is("pass_already_used") {
        return Some(Verdict::UsedBefore(reason.message().map(str::to_owned)));
    }
    if reason.is("pass_voided") {
        return Some(Verdict::Void);
    }
    reason.is("pass_of_another_ticket").then_some(Verdict::OtherEvent)
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

pub(super) async fn check(Named(ticket): Named<TicketId>, sent: SentBy<DoorForm>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, .. }, form, typed } = sent;
    let here = format!("/door/{ticket}");
    match context.post(&paths::admissions_to(ticket), &CheckInBody { pass: form.pass.trim().to_owned() }).await {
        Ok(_) => Ok(Onward::to(here).telling(Done::LetIn).into_response()),
        Err(refusal) if refusal.is("pass_not_found") => Ok(Onward::to(here).telling(Done::PassUnknown).into_response()),
        Err(refusal) => context.ask_again(&here, typed, refusal).await,
    }
}
