//! `/tickets/{id}/reschedule` and `/tickets/{id}/call-off`: an event that is sold changes, or does not take place.

use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use ticketing_api::paths;
use ticketing_api::tickets::{TicketBody, TicketStatusBody};
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::ticket::TicketRefusal;
use ticketing_core::usecase::error::Error;
use ticketing_web::{AskPage, Done, Form, Question, ReschedulePage, ask_page, reschedule_page};

use crate::http::extract::Named;
use crate::http::problem::Problem;

use super::choices::time_zones;
use super::context::ActorContext;
use super::edit;
use super::form::{Fields, SentBy};
use super::onward::Onward;
use super::refusal::Refusal;
use super::sell::TicketForm;
use super::ticket;

/// A ticket of this actor whose event may still take place.
async fn load(actor: &ActorContext, id: TicketId) -> Result<TicketBody, Refusal> {
    let ticket = ticket::load(&actor.context, id).await?;
    let refusal = match ticket.status {
        _ if ticket.seller_id.to_string() != actor.viewer.id => TicketRefusal::NotSeller,
        TicketStatusBody::CalledOff => TicketRefusal::CalledOff,
        _ => return Ok(ticket),
    };
    Err(Problem::from(Error::Ticket(refusal)).into())
}

pub(super) async fn reschedule(Named(id): Named<TicketId>, actor: ActorContext) -> Result<Html<String>, Refusal> {
    let ticket = load(&actor, id).await?;
    let (context, draft) = actor.context.with_draft().await;
    let typed: Option<TicketForm> = draft.form();
    let version = typed.as_ref().map_or(ticket.version, |form| form.version);
    let form = match typed {
        Some(typed) => typed.shown(&draft),
        None => draft.onto(Form::new(edit::values(&ticket))),
    };
    let (shell, id) = (context.shell(), ticket.id.to_string());
    Ok(Html(reschedule_page(ReschedulePage { shell, id, version, form, time_zones: time_zones() })))
}

pub(super) async fn save(Named(id): Named<TicketId>, sent: SentBy<TicketForm>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, .. }, form, typed } = sent;
    match context.for_version(form.version).post(&paths::reschedule(id), &form.schedule()).await {
        Ok(_) => Ok(Onward::to(format!("/tickets/{id}")).telling(Done::TicketRescheduled).into_response()),
        Err(refusal) => context.ask_again(&format!("/tickets/{id}/reschedule"), typed, refusal).await,
    }
}

pub(super) async fn ask(Named(id): Named<TicketId>, actor: ActorContext) -> Result<Html<String>, Refusal> {
    let ticket = load(&actor, id).await?;
    let (id, title) = (ticket.id.to_string(), ticket.title.to_string());
    let question = Question::CallOff { id, version: ticket.version, title };
    Ok(Html(ask_page(AskPage { shell: actor.context.shell(), question })))
}

/// The form that calls off: the version that the seller saw.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CallOffForm {
    version: u64,
}

impl Fields for CallOffForm {
    const KEPT: &'static [&'static str] = &[];
}

pub(super) async fn call_off(Named(id): Named<TicketId>, sent: SentBy<CallOffForm>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, .. }, form, typed } = sent;
    match context.for_version(form.version).post(&paths::call_off(id), &()).await {
        Ok(_) => Ok(Onward::to(format!("/tickets/{id}")).telling(Done::TicketCalledOff).into_response()),
        Err(refusal) => context.ask_again(&format!("/tickets/{id}"), typed, refusal).await,
    }
}
