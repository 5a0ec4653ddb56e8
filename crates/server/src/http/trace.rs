//! Which request it is, and what it belongs to.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

use ticketing_api::headers::{TRACEPARENT, X_REQUEST_ID};
use ticketing_core::wire::Origin;

use crate::http::problem::Problem;
use crate::state::App;

/// Which request a handler works for.
#[derive(Debug, Clone)]
pub struct RequestTrace {
    /// Its id: the caller's, where it is a UUID, or a new one.
    pub id: Uuid,
    /// The W3C trace context it came with.
    pub traceparent: Option<String>,
}

impl RequestTrace {
    pub(super) fn of(headers: &HeaderMap, app: &App) -> Self {
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

impl<S: Sync> FromRequestParts<S> for RequestTrace {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::in_request(&parts.extensions).cloned()
    }
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
