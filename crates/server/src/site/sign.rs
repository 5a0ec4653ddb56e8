//! `/signup`, `/signin` and `/signout`.

use axum::response::{Html, IntoResponse, Response};
use serde::{Deserialize, Serialize};

use ticketing_web::{Done, Form, SignInPage, SignInValues, SignUpPage, sign_in_page, sign_up_page};

use crate::extract::Lenient;

use super::form::Sent;
use super::onward::{LocalPath, Onward};
use super::refusal::Refusal;
use super::visit::Visit;

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

#[derive(Serialize)]
struct Credentials<'a> {
    email: &'a str,
    password: &'a str,
}

impl SignForm {
    fn credentials(&self) -> Credentials<'_> {
        Credentials { email: &self.email, password: &self.password }
    }

    fn next(&self) -> LocalPath {
        LocalPath::of(&self.next)
    }

    /// The form as it was typed, but for the password.
    fn refused(self, refusal: &Refusal) -> Form<SignInValues> {
        refusal.onto(Form::new(SignInValues { email: self.email }))
    }
}

pub(super) async fn sign_in_form(visit: Visit, Lenient(query): Lenient<Afterwards>) -> Response {
    let next = LocalPath::of(&query.next);
    if visit.viewer().is_some() {
        return Onward::to(next.as_str()).into_response();
    }
    let form = Form::default();
    Html(sign_in_page(SignInPage { shell: visit.shell(), form, next: next.into_field() })).into_response()
}

pub(super) async fn sign_up_form(visit: Visit, Lenient(query): Lenient<Afterwards>) -> Response {
    let next = LocalPath::of(&query.next);
    if visit.viewer().is_some() {
        return Onward::to(next.as_str()).into_response();
    }
    let form = Form::default();
    Html(sign_up_page(SignUpPage { shell: visit.shell(), form, next: next.into_field() })).into_response()
}

pub(super) async fn sign_in(visit: Visit, Sent(form): Sent<SignForm>) -> Result<Response, Refusal> {
    let next = form.next();
    match visit.post("/api/users/signin", &form.credentials()).await {
        Ok(answer) => Ok(Onward::to(next.as_str()).with_cookies(&answer.headers).into_response()),
        Err(refusal) if refusal.suits_a_form() => {
            let page = SignInPage { shell: visit.shell(), form: form.refused(&refusal), next: next.into_field() };
            Ok(refusal.page(sign_in_page(page)))
        }
        Err(refusal) => Err(refusal),
    }
}

pub(super) async fn sign_up(visit: Visit, Sent(form): Sent<SignForm>) -> Result<Response, Refusal> {
    let next = form.next();
    match visit.post("/api/users/signup", &form.credentials()).await {
        Ok(answer) => {
            let onward = Onward::to(next.as_str()).with_cookies(&answer.headers);
            Ok(onward.telling(Done::SignedUp).into_response())
        }
        Err(refusal) if refusal.suits_a_form() => {
            let page = SignUpPage { shell: visit.shell(), form: form.refused(&refusal), next: next.into_field() };
            Ok(refusal.page(sign_up_page(page)))
        }
        Err(refusal) => Err(refusal),
    }
}

pub(super) async fn sign_out(visit: Visit) -> Result<Response, Refusal> {
    if visit.viewer().is_none() {
        return Ok(Onward::to("/").into_response());
    }
    let answer = visit.post("/api/users/signout", &()).await?;
    Ok(Onward::to("/").with_cookies(&answer.headers).telling(Done::SignedOut).into_response())
}
