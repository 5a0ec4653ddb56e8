//! `/signup`, `/signin` and `/signout`.

use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use ticketing_api::accounts::Credentials;
use ticketing_api::paths;
use ticketing_web::{Done, Form, SignInPage, SignInValues, SignUpPage, sign_in_page, sign_up_page};

use crate::http::auth::cookies::SessionCookies;
use crate::http::extract::Lenient;

use super::context::PageContext;
use super::draft::Draft;
use super::form::{Fields, NoFields, Sent};
use super::onward::{LocalPath, Onward};
use super::refusal::Refusal;

/// Where to go afterwards.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Afterwards {
    next: String,
}

/// Who signs up or in.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SignForm {
    email: String,
    password: String,
    next: String,
}

impl SignForm {
    fn credentials(&self) -> Credentials {
        Credentials { email: self.email.clone(), password: self.password.clone() }
    }

    fn next(&self) -> LocalPath {
        LocalPath::of(&self.next)
    }
}

impl Fields for SignForm {
    const KEPT: &'static [&'static str] = &["email"];
}

/// The form as it was typed, but for the password.
fn shown(draft: &Draft) -> Form<SignInValues> {
    let typed: SignForm = draft.form().unwrap_or_default();
    draft.onto(Form::new(SignInValues { email: typed.email }))
}

pub(super) async fn sign_in_form(context: PageContext, Lenient(query): Lenient<Afterwards>) -> Response {
    let next = LocalPath::of(&query.next);
    if context.viewer().is_some() {
        return Onward::to(next.as_str()).into_response();
    }
    let (context, draft) = context.with_draft().await;
    let form = shown(&draft);
    Html(sign_in_page(SignInPage { shell: context.shell(), form, next: next.into_field() })).into_response()
}

pub(super) async fn sign_up_form(context: PageContext, Lenient(query): Lenient<Afterwards>) -> Response {
    let next = LocalPath::of(&query.next);
    if context.viewer().is_some() {
        return Onward::to(next.as_str()).into_response();
    }
    let (context, draft) = context.with_draft().await;
    let form = shown(&draft);
    Html(sign_up_page(SignUpPage { shell: context.shell(), form, next: next.into_field() })).into_response()
}

pub(super) async fn sign_in(context: PageContext, sent: Sent<SignForm>) -> Result<Response, Refusal> {
    let next = sent.form.next();
    match context.post(paths::SIGN_IN, &sent.form.credentials()).await {
        Ok(answer) => Ok(Onward::to(next.as_str()).with_cookies(&answer.headers).into_response()),
        Err(refusal) => context.ask_again(&next.after("/signin"), sent.typed, refusal).await,
    }
}

pub(super) async fn sign_up(context: PageContext, sent: Sent<SignForm>) -> Result<Response, Refusal> {
    let next = sent.form.next();
    match context.post(paths::SIGN_UP, &sent.form.credentials()).await {
        Ok(answer) => {
            let onward = Onward::to(next.as_str()).with_cookies(&answer.headers);
            Ok(onward.telling(Done::SignedUp).into_response())
        }
        Err(refusal) => context.ask_again(&next.after("/signup"), sent.typed, refusal).await,
    }
}

pub(super) async fn sign_out(context: PageContext, sent: Sent<NoFields>) -> Result<Response, Refusal> {
    let Some(viewer) = context.viewer() else {
        // Nobody may believe that a session is over while it is not.
        context.unless_unsure()?;
        let left = SessionCookies::end(context.is_https());
        return Ok(left.values().iter().cloned().fold(Onward::to("/"), Onward::with_cookie).into_response());
    };
    if sent.is_opened_by_another(&viewer.id) {
        return Ok(Onward::to("/").telling(Done::NothingChanged).into_response());
    }
    let answer = context.post(paths::SIGN_OUT, &()).await?;
    Ok(Onward::to("/").with_cookies(&answer.headers).telling(Done::SignedOut).into_response())
}
