//! `/account`: the password, and where the account is signed in.

use axum::response::{Html, IntoResponse, Response};
use serde::{Deserialize, Serialize};

use ticketing_core::domain::ids::SessionId;
use ticketing_web::{AccountPage, Done, Form, account_page};

use crate::extract::Named;

use super::form::Sent;
use super::onward::Onward;
use super::refusal::Refusal;
use super::view::{Listed, SignedIn};
use super::visit::Member;

pub(super) async fn account(member: Member) -> Result<Html<String>, Refusal> {
    Ok(Html(page(member, Form::default()).await?))
}

async fn page(Member { visit, viewer }: Member, password: Form<()>) -> Result<String, Refusal> {
    let sessions: Listed<SignedIn> = visit.read("/api/users/sessions").await?;
    Ok(account_page(AccountPage {
        shell: visit.shell(),
        email: viewer.email,
        password,
        sessions: sessions.items.into_iter().map(Into::into).collect(),
    }))
}

/// The form that changes the password.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PasswordForm {
    current_password: String,
    new_password: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PasswordChange {
    current_password: String,
    password: String,
}

pub(super) async fn change_password(member: Member, Sent(form): Sent<PasswordForm>) -> Result<Response, Refusal> {
    let change = PasswordChange { current_password: form.current_password, password: form.new_password };
    match member.visit.post("/api/users/password", &change).await {
        Ok(answer) => {
            let onward = Onward::to("/account").with_cookies(&answer.headers);
            Ok(onward.telling(Done::PasswordChanged).into_response())
        }
        Err(refusal) if refusal.suits_a_form() => {
            let mut form = refusal.onto(Form::default());
            // The form has two passwords, so each has a name of its own.
            for error in form.errors.iter_mut().filter(|error| error.field == "password") {
                "newPassword".clone_into(&mut error.field);
            }
            let html = page(member, form).await?;
            Ok(refusal.page(html))
        }
        Err(refusal) => Err(refusal),
    }
}

pub(super) async fn revoke_session(
    Named(session): Named<SessionId>,
    Member { visit, .. }: Member,
) -> Result<Response, Refusal> {
    match visit.delete(&format!("/api/users/sessions/{session}")).await {
        Ok(_) => {}
        // It ended by itself, which is what was asked for.
        Err(refusal) if refusal.is("session_not_found") => {}
        Err(refusal) => return Err(refusal),
    }
    Ok(Onward::to("/account").telling(Done::SessionRevoked).into_response())
}
