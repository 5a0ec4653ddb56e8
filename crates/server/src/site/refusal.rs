//! What the API refused: beside a form, or as a page.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::response::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};

use ticketing_api::problem::PROBLEM_JSON;
use ticketing_web::{Base, ErrorPage, Flash, FlashKind, Form, Shell, error_page, explain_with_wait};

use crate::config::Gateway;
use crate::http::prefix::Prefix;
use crate::http::problem::Problem;

use super::client::Answer;

/// What was refused, and why.
#[derive(Debug)]
pub(super) struct Refusal {
    reason: Reason,
    /// As it is told if no page tells it better.
    response: Box<Response>,
}

/// Why, as far as a page tells it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Reason {
    code: String,
    errors: Vec<WrongField>,
    request_id: Option<String>,
    /// How many seconds to wait.
    retry_after: Option<u64>,
    /// Whether the same may be sent again, because it may or may not have been carried out.
    is_passing: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct WrongField {
    field: String,
    message: String,
}

impl Reason {
    pub(super) fn is(&self, code: &str) -> bool {
        self.code == code
    }

    pub(super) const fn is_passing(&self) -> bool {
        self.is_passing
    }

    /// Whether it tells how an order stands, and not what was wrong with a form.
    pub(super) fn is_about_the_order(&self) -> bool {
        self.code.starts_with("order_") || matches!(&*self.code, "already_paid" | "payment_in_progress")
    }

    /// Says in a form what is wrong, in the words of a reader.
    pub(super) fn onto<V>(&self, form: Form<V>) -> Form<V> {
        let wrong = self.errors.iter();
        let form = wrong.fold(form, |form, wrong| form.refuse(&wrong.field, &wrong.message));
        form.refused_for(&self.code, self.retry_after)
    }

    /// The same in a line above a page.
    pub(super) fn flash(&self) -> Flash {
        Flash { kind: FlashKind::Failure, text: explain_with_wait(&self.code, self.retry_after).1 }
    }
}

impl Refusal {
    /// The answer, if the API did what it was asked for.
    pub(super) fn unless_done(answer: Answer) -> Result<Answer, Self> {
        if answer.status.is_success() { Ok(answer) } else { Err(Self::of(answer)) }
    }

    pub(super) fn of(mut answer: Answer) -> Self {
        let mut reason: Reason = answer.value().unwrap_or_default();
        reason.retry_after = seconds_to_wait(&answer.headers);
        reason.is_passing = answer.status == StatusCode::TOO_MANY_REQUESTS || answer.status.is_server_error();
        let mut response = (answer.status, Body::from(answer.body)).into_response();
        for name in [CONTENT_TYPE, RETRY_AFTER] {
            if let Some(value) = answer.headers.get(&name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        Self { reason, response: Box::new(response) }
    }

    pub(super) fn is(&self, code: &str) -> bool {
        self.reason.is(code)
    }

    pub(super) const fn reason(&self) -> &Reason {
        &self.reason
    }

    /// Whether fields are to blame.
    pub(super) fn is_about_fields(&self) -> bool {
        !self.reason.errors.is_empty()
    }

    /// Whether a page that has a form should tell it: what is not there has none.
    pub(super) fn suits_a_form(&self) -> bool {
        let status = self.response.status();
        let is_about_form = status.is_client_error() && !matches!(status.as_u16(), 400 | 403 | 404);
        // Once the address is confirmed, the same form is sent again.
        self.reason.is_passing || is_about_form || self.is("address_unconfirmed")
    }

    /// A page that tells it, under its status.
    pub(super) fn page(&self, html: String) -> Response {
        let mut response = (self.response.status(), Html(html)).into_response();
        if let Some(value) = self.response.headers().get(RETRY_AFTER) {
            response.headers_mut().insert(RETRY_AFTER, value.clone());
        }
        response
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let reason = Reason {
            code: problem.code().to_owned(),
            retry_after: problem.seconds_to_wait(),
            is_passing: problem.is_passing(),
            ..Reason::default()
        };
        Self { reason, response: Box::new(problem.into_response()) }
    }
}

impl IntoResponse for Refusal {
    /// Leaves the problem for [`as_page`].
    fn into_response(self) -> Response {
        *self.response
    }
}

/// Shows a problem to people as a page. Programs ask below `/api`.
pub(super) async fn as_page(State(gateway): State<Option<Gateway>>, request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    let prefix = Prefix::of(&uri, request.extensions());
    let response = next.run(request).await;
    let is_problem = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM_JSON);
    if !is_problem || is_for_programs(uri.path()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let shell = parts.extensions.remove::<Shell>();
    let shell = shell.unwrap_or_else(|| Shell {
        base: Base::new(prefix.as_str()),
        path: uri.path().to_owned(),
        sandbox: gateway == Some(Gateway::Sandbox),
        ..Shell::default()
    });
    let html = problem_page(shell, &parts, body).await;
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(html))
}

/// Whether nobody reads what is there: of a file that is missing, a problem says enough.
fn is_for_programs(path: &str) -> bool {
    let (_, name) = path.rsplit_once('/').unwrap_or_default();
    ["/api/", "/assets/", "/.well-known/"].iter().any(|folder| path.starts_with(folder)) || name.contains('.')
}

async fn problem_page(shell: Shell, parts: &Parts, body: Body) -> String {
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let problem: Reason = serde_json::from_slice(&body).unwrap_or_default();
    let (title, message) = explain_with_wait(&problem.code, seconds_to_wait(&parts.headers));
    error_page(ErrorPage {
        shell,
        status: parts.status.as_u16(),
        title: title.to_owned(),
        message,
        // Nobody needs to look into a log for what is merely not there.
        reference: problem.request_id.filter(|_| parts.status != StatusCode::NOT_FOUND),
    })
}

fn seconds_to_wait(headers: &HeaderMap) -> Option<u64> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()
}
