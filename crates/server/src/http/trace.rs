//! Which request it is, and what it belongs to.

use axum::extract::{FromRequestParts, MatchedPath, Request};
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use tracing::Span;
use uuid::Uuid;

use ticketing_api::headers::{TRACEPARENT, X_REQUEST_ID};
use ticketing_core::messaging::spans::is_sampled;
use ticketing_core::wire::Origin;

use crate::http::client::ClientInfo;
use crate::http::problem::Problem;
use crate::state::App;
use crate::telemetry::spans::{self, RequestSpan};

/// Which request a handler works for.
#[derive(Debug, Clone)]
pub struct RequestTrace {
    /// Its id: the caller's, where it is a UUID, or a new one.
    pub id: Uuid,
    /// The W3C trace context of its span, if its trace is recorded.
    pub traceparent: Option<String>,
}

impl RequestTrace {
    /// Names a request as it comes in, and begins its span if its trace is recorded.
    ///
    /// A neighbour that is trusted has decided that, if it says so. Anybody else could have every request recorded,
    /// or write into somebody's trace: what they say is a link, if their request is drawn.
    pub(super) fn begin(request: &Request, client: &ClientInfo, app: &App) -> (Self, Span) {
        let id = text(request.headers(), &X_REQUEST_ID).and_then(|id| Uuid::try_parse(id).ok());
        let id = id.unwrap_or_else(|| app.env.uuid(app.env.now()));
        let said = text(request.headers(), &TRACEPARENT).filter(|context| is_trace_context(context));
        let (continues, links) = if client.is_peer_trusted() { (said, None) } else { (None, said) };
        if !continues.map_or_else(|| is_drawn(app), is_sampled) {
            return (Self { id, traceparent: None }, Span::none());
        }
        let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
        let (method, https) = (request.method(), client.https);
        let span = RequestSpan { method, route, https, id, continues, links }.begin();
        // Without an exporter here, others may have one: they go on with what came.
        let traceparent = spans::traceparent(&span).or_else(|| continues.map(str::to_owned));
        (Self { id, traceparent }, span)
    }

    /// The trace of a request that passed the edge.
    pub(crate) fn in_request(extensions: &Extensions) -> Result<&Self, Problem> {
        extensions.get().ok_or_else(|| Problem::broken(NoTrace))
    }

    /// The id, as `x-request-id` carries it.
    pub(crate) fn header(&self) -> HeaderValue {
        request_id(self.id)
    }

    /// What is sent as `traceparent` with a request that is passed on outside a span: this trace is not recorded, and
    /// no service draws again.
    pub(crate) fn unrecorded(&self) -> String {
        let id = self.id.as_u128().max(1);
        format!("00-{id:032x}-{:016x}-00", (id as u64).max(1))
    }

    /// Where the events of this request come from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin { traceparent: self.traceparent.clone(), ..Origin::new(self.id) }
    }
}

impl<S: Sync> FromRequestParts<S> for RequestTrace {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::in_request(&parts.extensions).cloned()
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether a request is one of those that begin a trace; never by an id that its client chose.
fn is_drawn(app: &App) -> bool {
    let share = app.http.traced;
    share > 0.0 && f64::from(app.env.uuid(app.env.now()).as_u128() as u32) < share * (f64::from(u32::MAX) + 1.0)
}

/// `00-<32 hex digits>-<16 hex digits>-<2 hex digits>`, as W3C Trace Context has it.
fn is_trace_context(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([2, 32, 16, 2]) && text.bytes().all(|byte| byte == b'-' || matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[derive(Debug, thiserror::Error)]
#[error("a request did not pass the edge")]
struct NoTrace;

pub(super) fn request_id(id: Uuid) -> HeaderValue {
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
