//! Around every request: its id, the same-origin check, limits, the time it may take, its headers.
//!
//! One layer for all of it, since every layer costs a request an allocation.

mod host;
mod upload;

use std::net::IpAddr;
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
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tracing::Instrument;
use uuid::Uuid;

use ticketing_api::headers::X_REQUEST_ID;

use crate::config::Gateway;
use crate::http::auth::same_origin;
use crate::http::client::ClientInfo;
use crate::http::extract::read_body;
use crate::http::limits;
use crate::http::prefix::Prefix;
use crate::http::problem::Problem;
use crate::http::trace::{RequestTrace, request_id};
use crate::http::unwritten::Unwritten;
use crate::state::App;
use crate::telemetry::{spans, within_request};

pub(crate) use upload::Upload;

/// A form that comes too early: the site carries nothing out, keeps what was typed and says how long to wait.
#[derive(Debug, Clone)]
pub(crate) struct Postponed(pub(crate) Problem);

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

pub(crate) async fn edge(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let client = ClientInfo::of(&request, &app.http);
    let (trace, span) = RequestTrace::begin(&request, &client, &app);
    let (id, https) = (trace.id, client.https);
    request.extensions_mut().insert(trace);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let prefix = Prefix::of(request.uri(), request.extensions());

    let answered = async {
        let mut response = admit_and_answer(&app, request, next, client).await;
        Unwritten::write(&mut response);
        rendered(id, &mut response);
        tracing::debug!(request_id = %id, %method, route, status = response.status().as_u16(), "answered");
        response
    };
    let mut response = within_request(id, answered.instrument(span.clone())).await;
    prefix.complete(response.headers_mut());
    decorate(response.headers_mut(), id, https, app.gateway);
    app.metrics.request(&method, route, response.status(), began.elapsed());
    spans::answered(&span, response.status());
    response
}

async fn admit_and_answer(app: &App, mut request: Request, next: Next, client: ClientInfo) -> Response {
    let admitted = match check(&request, &client, app) {
        Ok(()) => count(app, request.method(), request.uri().path(), client.address).await,
        Err(problem) => Err(problem),
    };
    request.extensions_mut().insert(client);
    match admitted {
        Ok(()) => within_time(app, request, next).await,
        Err(problem) if is_form(&request) && problem.is_passing() => {
            request.extensions_mut().insert(Postponed(problem));
            within_time(app, request, next).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// Writes the problem that a handler left, if it left one.
pub(crate) fn rendered(id: Uuid, response: &mut Response) {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        problem.render(id, response);
    }
}

/// Whether a request is meant for this site, and no other site makes a browser send it.
///
/// Each process looks at what it is sent, so a service is safe without a front door before it.
fn check(request: &Request, client: &ClientInfo, app: &App) -> Result<(), Problem> {
    host::check(request)?;
    if app.is_tokens_only || is_safe(request.method()) {
        return Ok(());
    }
    let unasked = |headers: &HeaderMap| app.identity.is_sent_unasked(headers);
    same_origin::check(request.headers(), client.host(), &app.http, unasked)
}

/// Counts a request for the network of its client, unless the process that carries it out does.
async fn count(app: &App, method: &Method, path: &str, address: IpAddr) -> Result<(), Problem> {
    match app.is_remote(path) {
        true => Ok(()),
        false if is_safe(method) => limits::check_read(app, path, address).await,
        false => limits::check_write(app, path, address).await,
    }
}

fn is_form(request: &Request) -> bool {
    !is_safe(request.method()) && !request.uri().path().starts_with("/api/")
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

async fn within_time(app: &App, request: Request, next: Next) -> Response {
    let (request, upload) = Upload::watch(request);
    match tokio::time::timeout(app.http.request_timeout, unless_panicked(answer(app, request, next))).await {
        Ok(response) => response,
        Err(_) if upload.is_some_and(|upload| upload.is_awaited()) => Problem::slow_body().into_response(),
        Err(_) => Problem::timeout().into_response(),
    }
}

/// The answer of a handler; one that panics takes nothing down with it.
pub(crate) async fn unless_panicked(answer: impl Future<Output = Response>) -> Response {
    let answer = AssertUnwindSafe(answer).catch_unwind().await;
    answer.unwrap_or_else(|_| Problem::broken(Panicked).into_response())
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
#[error("a handler panicked")]
struct Panicked;

const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
                      frame-ancestors 'none'; form-action 'self'";

/// `form-action` also applies to redirects after a form, so it names the page where the buyer pays.
fn content_policy(gateway: Option<Gateway>) -> HeaderValue {
    let with = |pages: &str| HeaderValue::try_from(format!("{POLICY} {}", pages.trim_end_matches('/')));
    let policy = gateway.and_then(Gateway::pages).and_then(|pages| with(pages).ok());
    policy.unwrap_or(HeaderValue::from_static(POLICY))
}

fn decorate(headers: &mut HeaderMap, id: Uuid, https: bool, gateway: Option<Gateway>) {
    let fixed = |text| HeaderValue::from_static(text);
    headers.insert(X_REQUEST_ID, request_id(id));
    headers.insert(CONTENT_SECURITY_POLICY, content_policy(gateway));
    headers.insert(X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
    // A page whose address is a secret says so more strictly.
    headers.entry(REFERRER_POLICY).or_insert(fixed("same-origin"));
    // A page that may use the camera says so.
    let nothing = fixed("camera=(), geolocation=(), microphone=(), payment=()");
    headers.entry(PERMISSIONS_POLICY).or_insert(nothing);
    headers.insert(CROSS_ORIGIN_OPENER_POLICY, fixed("same-origin"));
    headers.entry(CACHE_CONTROL).or_insert(fixed("no-store"));
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, fixed("max-age=31536000"));
    }
}
