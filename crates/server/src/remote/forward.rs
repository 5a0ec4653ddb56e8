//! Passes a request on to the process that serves its path, and its answer back.
//!
//! Nothing is looked into: bodies stream both ways, and refusals are the
//! service's own. What belongs to a connection stays with it, and the service
//! learns who its client is.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::{CONNECTION, EXPECT, HOST, ORIGIN, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Version};
use tracing::{Instrument, Span};

use ticketing_api::headers::{TRACEPARENT, X_REQUEST_ID};
use ticketing_core::ports::BoxError;

use crate::http::auth::same_origin::SEC_FETCH_SITE;
use crate::http::client::{ClientInfo, X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO};
use crate::http::edge::Upload;
use crate::http::problem::Problem;
use crate::http::trace::RequestTrace;
use crate::telemetry::spans;

use super::{RemoteServices, Upstream};

/// What is between two neighbours alone (RFC 9110, section 7.6.1), besides what `Connection` names.
const HOP_BY_HOP: [HeaderName; 10] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("proxy-authenticate"),
    HeaderName::from_static("proxy-authorization"),
    HeaderName::from_static("proxy-authentication-info"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// What the service goes by, from us or from a proxy before us: no visitor's `Connection` takes it away.
const OURS: [HeaderName; 8] =
    [HOST, ORIGIN, SEC_FETCH_SITE, TRACEPARENT, X_REQUEST_ID, X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO];

/// Marks what a page of this process asks for: it was admitted when the page was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FromPage;

/// Answers what another process serves; whatever nobody serves is not there.
pub(crate) async fn forward(State(services): State<RemoteServices>, request: Request) -> Result<Response, Problem> {
    match services.owner(request.uri().path()) {
        Some(service) => pass(service, request).await,
        None => Err(Problem::not_found("route_not_found", "there is nothing at this path")),
    }
}

/// Passes a request on to a service.
///
/// # Errors
///
/// [`Problem::unavailable`] if it does not answer.
pub(crate) async fn pass(service: &Upstream, request: Request) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let extensions = std::mem::take(&mut parts.extensions);
    remove_hop_by_hop(&mut parts.headers);
    // The client got `100 Continue` as soon as its body was read.
    parts.headers.remove(EXPECT);
    introduce(&mut parts.headers, &extensions)?;
    parts.version = Version::HTTP_11;
    let authority = service.authority();
    let span = spans::forwarded(&parts.method, authority.host(), authority.port_u16());
    trace(&mut parts.headers, &span, &extensions)?;
    let sent = service.send(Request::from_parts(parts, body)).instrument(span.clone()).await;
    let mut answer = sent.map_err(|cause| {
        spans::failed(&span, "unavailable");
        match extensions.get::<Upload>().is_some_and(Upload::broke_off) {
            true => Problem::malformed("the body broke off"),
            false => Problem::unavailable(Silent::new(service, cause)),
        }
    })?;
    spans::answered(&span, answer.status());
    remove_hop_by_hop(answer.headers_mut());
    Ok(answer.map(Body::new))
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
        .filter(|name| !OURS.contains(name))
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

/// Passes the client of the request on to the service.
fn introduce(headers: &mut HeaderMap, extensions: &Extensions) -> Result<(), Problem> {
    ClientInfo::in_request(extensions)?.introduce(headers);
    headers.remove(HOST);
    headers.insert(X_REQUEST_ID, RequestTrace::in_request(extensions)?.header());
    if extensions.get::<FromPage>().is_some() {
        // A page of this site asks, which was admitted when it was asked for. No other site can make a browser say so.
        headers.remove(ORIGIN);
        headers.insert(SEC_FETCH_SITE, HeaderValue::from_static("same-origin"));
    }
    Ok(())
}

/// Passes the trace on to the service, or that it is not recorded: this was decided here.
fn trace(headers: &mut HeaderMap, span: &Span, extensions: &Extensions) -> Result<(), Problem> {
    let trace = RequestTrace::in_request(extensions)?;
    let context = spans::traceparent(span).or_else(|| trace.traceparent.clone()).unwrap_or_else(|| trace.unrecorded());
    headers.remove(TRACEPARENT);
    headers.extend(HeaderValue::try_from(context).ok().map(|context| (TRACEPARENT, context)));
    Ok(())
}

#[derive(Debug, thiserror::Error)]
#[error("{service} does not answer")]
struct Silent {
    service: String,
    source: BoxError,
}

impl Silent {
    fn new(service: &Upstream, source: BoxError) -> Self {
        Self { service: service.authority().to_string(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_a_connection_is_not_passed_on() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Mine"),
            ("x-mine", "1"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("te", "trailers"),
            ("upgrade", "websocket"),
            ("content-type", "text/plain"),
            ("cookie", "a=b"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }

        remove_hop_by_hop(&mut headers);

        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["content-type", "cookie"]);
    }

    #[test]
    fn what_a_service_goes_by_is_not_taken_away() {
        let mut headers = HeaderMap::new();
        let named = "Host, Origin,Sec-Fetch-Site, X-Request-Id, X-FORWARDED-FOR, x-forwarded-host, X-Forwarded-Proto";
        headers.append(CONNECTION, HeaderValue::from_static(named));
        headers.append(CONNECTION, HeaderValue::from_bytes(b"\xFC, x-mine").unwrap());
        for name in OURS.iter().chain(&[HeaderName::from_static("x-mine")]) {
            headers.insert(name.clone(), HeaderValue::from_static("1"));
        }

        remove_hop_by_hop(&mut headers);

        assert!(OURS.iter().all(|name| headers.contains_key(name)), "{headers:?}");
        assert_eq!(headers.len(), OURS.len(), "{headers:?}");
    }
}
