//! `/account`: the password, and where the account is signed in.

use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use ticketing_api::accounts::{PasswordChange, SessionBody, SessionList};
use ticketing_api::paths;
use ticketing_core::domain::ids::SessionId;
use ticketing_web::{AccountPage, AskPage, Done, Form, Question, account_page, ask_page};

use crate::http::extract::Named;

use super::context::{ActorContext, PageContext};
use super::form::{Fields, NoFields, SentBy};
use super::onward::Onward;
use super::refusal::Refusal;
use super::view::session;

pub(super) async fn account(ActorContext { context, viewer }: ActorContext) -> Result<Html<String>, Refusal> {
    let sessions: SessionList = context.read(paths::SESSIONS).await?;
    let (context, draft) = context.with_draft().await;
    let mut password = draft.onto(Form::default());
    // The form has two passwords, so each has a name of its own.
    for error in password.errors.iter_mut().filter(|error| error.field == "password") {
        "newPassword".clone_into(&mut error.field);
    }
    Ok(Html(account_page(AccountPage {
        shell: context.shell(),
        email: viewer.email,
        password,
        sessions: sessions.items.into_iter().map(session).collect(),
    })))
}

/// The form that changes the password.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PasswordForm {
    current_password: String,
    new_password: String,
}

impl Fields for PasswordForm {
    const KEPT: &'static [&'static str] = &[];
}

pub(super) async fn change_password(sent: SentBy<PasswordForm>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, .. }, form, typed } = sent;
    let change = PasswordChange { current_password: form.current_password, password: form.new_password };
    match context.post(paths::PASSWORD, &change).await {
        Ok(answer) => {
            let onward = Onward::to("/account").with_cookies(&answer.headers);
            Ok(onward.telling(Done::PasswordChanged).into_response())
        }
        Err(refusal) => context.ask_again("/account", typed, refusal).await,
    }
}

/// The other sessions of the account.
async fn others(context: &PageContext) -> Result<Vec<SessionBody>, Refusal> {
    let sessions: SessionList = context.read(paths::SESSIONS).await?;
    Ok(sessions.items.into_iter().filter(|session| !session.current).collect())
}

/// A page that asks; the account instead, if there is nothing to ask.
fn asked(context: &PageContext, question: Option<Question>) -> Response {
    match question {
        Some(question) => Html(ask_page(AskPage { shell: context.shell(), question })).into_response(),
        None => Onward::to("/account").into_response(),
    }
}

pub(super) async fn ask_to_revoke(
    Named(id): Named<SessionId>,
    ActorContext { context, .. }: ActorContext,
) -> Result<Response, Refusal> {
    let session = others(&context).await?.into_iter().find(|session| session.id == id);
    let question = session.map(|session| Question::RevokeSession { id: id.to_string(), device: session.device });
    Ok(asked(&context, question))
}

pub(super) async fn ask_to_revoke_others(ActorContext { context, .. }: ActorContext) -> Result<Response, Refusal> {
    let count = others(&context).await?.len();
    Ok(asked(&context, (count > 0).then_some(Question::RevokeOtherSessions { count })))
}

pub(super) async fn revoke_others(sent: SentBy<NoFields>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, .. }, typed, .. } = sent;
    match context.delete(paths::SESSIONS).await {
        Ok(_) => Ok(Onward::to("/account").telling(Done::OtherSessionsRevoked).into_response()),
        Err(refusal) => context.ask_again("/account", typed, refusal).await,
    }
}

pub(super) async fn revoke_session(Named(id): Named<SessionId>, sent: SentBy<NoFields>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, .. }, typed, .. } = sent;
    match context.delete(&paths::session(id)).await {
        Ok(_) => {}
        // It ended by itself, which is what was asked for.
        Err(refusal) if refusal.is("session_not_found") => {}
        Err(refusal) => return context.ask_again("/account", typed, refusal).await,
    }
    Ok(Onward::to("/account").telling(Done::SessionRevoked).into_response())
}
