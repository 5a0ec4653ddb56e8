//! What the API refused: beside a form, or as a page.

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use http_body_util::BodyExt;
use serde::Deserialize;

use ticketing_web::{ErrorPage, Flash, FlashKind, Form, Shell, error_page, explain};

use crate::front_door::Answer;
use crate::problem::{PROBLEM_JSON, Problem};

/// What was refused, and why.
#[derive(Debug)]
pub(super) struct Refusal {
    problem: Known,
    /// As it is told if no page tells it better.
    response: Box<Response>,
}

/// What a page needs of a problem.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Known {
    code: String,
    errors: Vec<WrongField>,
    request_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WrongField {
    field: String,
    message: String,
}

impl Refusal {
    /// The answer, if the API did what it was asked for.
    pub(super) fn unless_done(answer: Answer) -> Result<Answer, Self> {
        if answer.status.is_success() { Ok(answer) } else { Err(Self::of(answer)) }
    }

    pub(super) fn of(answer: Answer) -> Self {
        let problem = answer.json().unwrap_or_default();
        let mut response = (answer.status, Body::from(answer.body)).into_response();
        for name in [CONTENT_TYPE, RETRY_AFTER] {
            if let Some(value) = answer.headers.get(&name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        Self { problem, response: Box::new(response) }
    }

    pub(super) fn is(&self, code: &str) -> bool {
        self.problem.code == code
    }

    /// Whether fields are to blame.
    pub(super) fn is_about_fields(&self) -> bool {
        !self.problem.errors.is_empty()
    }

    /// Whether the same request may be sent again, because it may or may not have been carried out.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self.response.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS)
    }

    /// Whether a page that has a form should tell it: what is not there has none.
    pub(super) fn suits_a_form(&self) -> bool {
        let status = self.response.status();
        self.is_passing() || (status.is_client_error() && !matches!(status.as_u16(), 400 | 403 | 404))
    }

    /// Says in a form what is wrong, in the words of a reader.
    pub(super) fn onto<V>(&self, form: Form<V>) -> Form<V> {
        let wrong = self.problem.errors.iter();
        wrong.fold(form, |form, wrong| form.refuse(&wrong.field, &wrong.message)).refused(&self.problem.code)
    }

    /// The same in a line above a page.
    pub(super) fn flash(&self) -> Flash {
        Flash { kind: FlashKind::Failure, text: explain(&self.problem.code).message.to_owned() }
    }

    /// A page that tells it, under its status.
    pub(super) fn page(&self, html: String) -> Response {
        let status = match self.response.status() {
            // Not 401, which asks for a header that no form sends.
            StatusCode::UNAUTHORIZED => StatusCode::UNPROCESSABLE_ENTITY,
            status => status,
        };
        let mut response = (status, Html(html)).into_response();
        if let Some(value) = self.response.headers().get(RETRY_AFTER) {
            response.headers_mut().insert(RETRY_AFTER, value.clone());
        }
        response
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let known = Known { code: problem.code().to_owned(), ..Known::default() };
        Self { problem: known, response: Box::new(problem.into_response()) }
    }
}

impl IntoResponse for Refusal {
    /// Leaves the problem for [`as_page`].
    fn into_response(self) -> Response {
        *self.response
    }
}

/// Shows a problem to people as a page. Programs ask below `/api`.
pub(super) async fn as_page(request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    let response = next.run(request).await;
    let is_problem = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM_JSON);
    if !is_problem || uri.path().starts_with("/api/") {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let shell = parts.extensions.remove::<Shell>();
    let shell = shell.unwrap_or_else(|| Shell { path: uri.path().to_owned(), ..Shell::default() });
    let html = problem_page(shell, parts.status, body).await;
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(html))
}

async fn problem_page(shell: Shell, status: StatusCode, body: Body) -> String {
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let problem: Known = serde_json::from_slice(&body).unwrap_or_default();
    let words = explain(&problem.code);
    error_page(ErrorPage {
        shell,
        status: status.as_u16(),
        title: words.title.to_owned(),
        message: words.message.to_owned(),
        // Nobody needs to look into a log for what is merely not there.
        reference: problem.request_id.filter(|_| status != StatusCode::NOT_FOUND),
    })
}
