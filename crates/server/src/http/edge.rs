//! Around every request: its id, the same-origin check, limits, the time it may take, its headers.
//!
//! One layer for all of it, since every layer costs a request an allocation.

mod host;
mod upload;

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method};
use uuid::Uuid;

use ticketing_api::headers::{TRACEPARENT, X_REQUEST_ID};
use ticketing_core::wire::Origin;

use crate::http::auth::same_origin;
use crate::http::extract::read_body;
use crate::http::problem::Problem;
use crate::http::{client, limits};
use crate::state::App;

pub(crate) use upload::Upload;

/// Marks a request that a page of this process makes: it was admitted when the page was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Forwarded;

/// A form that comes too early: the site carries nothing out, keeps what was typed and says how long to wait.
#[derive(Debug, Clone)]
pub(crate) struct Postponed(pub(crate) Problem);

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// Which request a handler works for.
#[derive(Debug, Clone)]
pub struct RequestTrace {
    /// Its id: the caller's, where it is a UUID, or a new one.
    pub id: Uuid,
    /// The W3C trace context it came with.
    pub traceparent: Option<String>,
}

impl RequestTrace {
    fn of(headers: &HeaderMap, app: &App) -> Self {
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let id = text(&X_REQUEST_ID).and_then(|id| Uuid::try_parse(id).ok());
        Self {
            id: id.unwrap_or_else(|| app.env.uuid(app.env.now())),
            traceparent: text(&TRACEPARENT).filter(|context| is_trace_context(context)).map(str::to_owned),
        }
    }

    /// The trace of a request that passed the edge.
    pub(crate) fn in_request(extensions: &Extensions) -> Result<&Self, Problem> {
        extensions.get().ok_or_else(|| Problem::broken(NoTrace))
    }

    /// The id, as `x-request-id` carries it.
    pub(crate) fn header(&self) -> HeaderValue {
        request_id(self.id)
    }

    /// Where the events of this request come from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin { traceparent: self.traceparent.clone(), ..Origin::new(self.id) }
    }
}

/// `00-<32 hex digits>-<16 hex digits>-<2 hex digits>`, as W3C Trace Context has it.
fn is_trace_context(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([2, 32, 16, 2]) && text.bytes().all(|byte| byte == b'-' || matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

pub(crate) async fn edge(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let trace = RequestTrace::of(request.headers(), &app);
    let id = trace.id;
    request.extensions_mut().insert(trace);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let https = client::is_https(request.headers(), request.extensions(), &app);

    let (path, headers, extensions) = (request.uri().path(), request.headers(), request.extensions());
    let admitted = match host::check(&request) {
        Ok(()) if is_safe(&method) => admit_read(&app, path, headers, extensions).await,
        Ok(()) => admit_change(&app, path, headers, extensions).await,
        Err(problem) => Err(problem),
    };
    let is_form = !is_safe(&method) && !path.starts_with("/api/");
    let mut response = match admitted {
        Ok(()) => within_time(&app, request, next).await,
        Err(problem) if is_form && problem.is_passing() => {
            request.extensions_mut().insert(Postponed(problem));
            within_time(&app, request, next).await
        }
        Err(problem) => problem.into_response(),
    };
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        problem.render(id, &mut response);
    }
    decorate(response.headers_mut(), id, https);
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    app.metrics.request((&method, route), response.status(), began.elapsed());
    tracing::debug!(request_id = %id, %method, route, status = response.status().as_u16(), "answered");
    response
}

/// Whether a change may go on to its handler.
///
/// Each process looks at what it is sent, so a service is safe without a front door before it.
async fn admit_change(app: &App, path: &str, headers: &HeaderMap, extensions: &Extensions) -> Result<(), Problem> {
    if is_admitted(extensions) {
        return Ok(());
    }
    same_origin::check(headers, client::host(headers, extensions, app), &app.http)?;
    if is_counted_elsewhere(app, path) {
        return Ok(());
    }
    limits::check_write(app, path, client::address(headers, extensions, app)).await
}

/// Whether a read may go on to its handler.
async fn admit_read(app: &App, path: &str, headers: &HeaderMap, extensions: &Extensions) -> Result<(), Problem> {
    if is_admitted(extensions) || is_counted_elsewhere(app, path) {
        return Ok(());
    }
    limits::check_read(app, path, headers, extensions).await
}

/// What a page of this process asks for was admitted when the page was.
fn is_admitted(extensions: &Extensions) -> bool {
    extensions.get::<Forwarded>().is_some()
}

/// The process that carries it out counts it.
fn is_counted_elsewhere(app: &App, path: &str) -> bool {
    app.is_remote(path)
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

async fn within_time(app: &App, request: Request, next: Next) -> Response {
    let (request, upload) = Upload::watch(request);
    let answer = AssertUnwindSafe(answer(app, request, next)).catch_unwind();
    match tokio::time::timeout(app.http.request_timeout, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Problem::broken(Panicked).into_response(),
        Err(_) if upload.is_some_and(|upload| upload.is_awaited()) => Problem::slow_body().into_response(),
        Err(_) => Problem::timeout().into_response(),
    }
}

async fn answer(app: &App, request: Request, next: Next) -> Response {
    let limit = app.http.body_limit;
    if declared_length(request.headers()) <= limit {
        return next.run(request).await;
    }
    // Not left to handlers: one that refuses before it reads would cut off a client that still sends.
    match read_body(request, limit).await {
        Ok(_) => Problem::malformed("the body is shorter than the request says").into_response(),
        Err(problem) => problem.into_response(),
    }
}

fn declared_length(headers: &HeaderMap) -> usize {
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    length.and_then(|length| length.parse().ok()).unwrap_or_default()
}

#[derive(Debug, thiserror::Error)]
#[error("a request did not pass the edge")]
struct NoTrace;

#[derive(Debug, thiserror::Error)]
#[error("a handler panicked")]
struct Panicked;

fn decorate(headers: &mut HeaderMap, id: Uuid, https: bool) {
    const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
                          frame-ancestors 'none'; form-action 'self'";
    let fixed = |text| HeaderValue::from_static(text);
    headers.insert(X_REQUEST_ID, request_id(id));
    headers.insert(CONTENT_SECURITY_POLICY, fixed(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
    headers.insert(REFERRER_POLICY, fixed("same-origin"));
    headers.insert(PERMISSIONS_POLICY, fixed("camera=(), geolocation=(), microphone=(), payment=()"));
    headers.insert(CROSS_ORIGIN_OPENER_POLICY, fixed("same-origin"));
    headers.entry(CACHE_CONTROL).or_insert(fixed("no-store"));
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, fixed("max-age=31536000"));
    }
}

fn request_id(id: Uuid) -> HeaderValue {
    let mut buffer = Uuid::encode_buffer();
    HeaderValue::from_str(id.hyphenated().encode_lower(&mut buffer)).expect("a UUID is a header value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trace_context_is_taken_over() {
        assert!(is_trace_context("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        assert!(!is_trace_context("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"));
        assert!(!is_trace_context("00-4bf92f3577b34da6a3ce929d0e0e473\r-00f067aa0ba902b7-01"));
        assert!(!is_trace_context(""));
    }
}
