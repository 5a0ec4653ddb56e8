//! `/account`: the name, the password, where the account is signed in, and its end.

use axum::response::{Html, IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Deserialize;

use ticketing_api::accounts::{Deletion, ExportBody, PasswordChange, Renaming, SessionBody, SessionList};
use ticketing_api::paths;
use ticketing_core::domain::ids::SessionId;
use ticketing_web::{
    AccountPage, AskPage, DeleteAccountPage, Done, Form, Question, account_page, ask_page, delete_account_page,
};

use crate::http::extract::Named;
use crate::http::problem::Problem;

use super::context::{ActorContext, PageContext};
use super::form::{Fields, NoFields, SentBy};
use super::onward::Onward;
use super::refusal::Refusal;
use super::view::session;

pub(super) async fn account(ActorContext { context, viewer }: ActorContext) -> Result<Html<String>, Refusal> {
    let sessions: SessionList = context.read(paths::SESSIONS).await?;
    let (context, draft) = context.with_draft().await;
    let known = viewer.display_name.clone().unwrap_or_default();
    // The page has two forms, and one draft: of the one that has a field to keep, or of the other.
    let (name, mut password) = match draft.form::<NameForm>() {
        Some(NameForm { display_name }) => (draft.onto(Form::new(display_name)), Form::default()),
        None => (Form::new(known), draft.onto(Form::default())),
    };
    // The form has two passwords, so each has a name of its own.
    for error in password.errors.iter_mut().filter(|error| error.field == "password") {
        "newPassword".clone_into(&mut error.field);
    }
    Ok(Html(account_page(AccountPage {
        is_unconfirmed: context.has_to_confirm(&viewer),
        has_alerts: context.app.has_alerts(),
        shell: context.shell(),
        email: viewer.email,
        name,
        password,
        sessions: sessions.items.into_iter().map(session).collect(),
    })))
}

/// The form that changes what the owner is called.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct NameForm {
    display_name: String,
}

impl Fields for NameForm {
    const KEPT: &'static [&'static str] = &["displayName"];
}

pub(super) async fn rename(sent: SentBy<NameForm>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, .. }, form, typed } = sent;
    match context.put(paths::NAME, &Renaming { display_name: Some(form.display_name) }).await {
        Ok(_) => Ok(Onward::to("/account").telling(Done::Renamed).into_response()),
        Err(refusal) => context.ask_again("/account", typed, refusal).await,
    }
}

pub(super) async fn export(ActorContext { context, .. }: ActorContext) -> Result<Response, Refusal> {
    let known: ExportBody = context.read(paths::EXPORT).await?;
    let json = serde_json::to_vec_pretty(&known).map_err(Problem::broken)?;
    let as_file = [(CONTENT_TYPE, "application/json"), (CONTENT_DISPOSITION, "attachment; filename=\"account.json\"")];
    Ok((as_file, json).into_response())
}

/// The form that deletes the account.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct DeletionForm {
    password: String,
}

impl Fields for DeletionForm {
    const KEPT: &'static [&'static str] = &[];
}

pub(super) async fn ask_to_delete(ActorContext { context, .. }: ActorContext) -> Html<String> {
    let (context, draft) = context.with_draft().await;
    Html(delete_account_page(DeleteAccountPage { shell: context.shell(), form: draft.onto(Form::default()) }))
}

pub(super) async fn delete(sent: SentBy<DeletionForm>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, .. }, form, typed } = sent;
    match context.post(paths::DELETE_ACCOUNT, &Deletion { password: form.password }).await {
        Ok(answer) => {
            let onward = Onward::to("/").with_cookies(&answer.headers);
            Ok(onward.telling(Done::AccountDeleted).into_response())
        }
        Err(refusal) => context.ask_again("/account/delete", typed, refusal).await,
    }
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
