//! Spans of HTTP, after the semantic conventions of OpenTelemetry.
//!
//! A path or a query may hold anything that somebody typed, and an address is a person's: no span has them.

use http::{Method, StatusCode};
use tracing::Span;
use tracing::field::Empty;
use uuid::Uuid;

use ticketing_core::messaging::spans::TARGET;

use super::method_name;

/// A request as it comes in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestSpan<'a> {
    /// Its method.
    pub(crate) method: &'a Method,
    /// The route that it matched, if any.
    pub(crate) route: Option<&'a str>,
    /// Whether the browser speaks TLS.
    pub(crate) https: bool,
    /// Its id.
    pub(crate) id: Uuid,
    /// The trace context that it continues.
    pub(crate) continues: Option<&'a str>,
    /// The trace context of somebody who is not trusted.
    pub(crate) links: Option<&'a str>,
}

impl RequestSpan<'_> {
    /// Begins it.
    pub(crate) fn begin(self) -> Span {
        let method = convention(self.method);
        let name = self.route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
        tracing::info_span!(
            target: TARGET, "request", otel.name = name, otel.kind = "server",
            http.request.method = method, http.route = self.route,
            url.scheme = if self.https { "https" } else { "http" },
            ticketing.correlation_id = %self.id, traceparent = self.continues, links = self.links,
            http.response.status_code = Empty, error.type = Empty, otel.status_code = Empty,
        )
    }
}

/// A request to a service in another process, as part of what is being done.
pub(crate) fn forwarded(method: &Method, host: &str, port: Option<u16>) -> Span {
    if Span::current().is_none() {
        return Span::none();
    }
    let method = convention(method);
    tracing::info_span!(
        target: TARGET, "forward", otel.name = method, otel.kind = "client",
        http.request.method = method, server.address = host, server.port = port.map(i64::from),
        http.response.status_code = Empty, error.type = Empty, otel.status_code = Empty,
    )
}

/// Notes what was answered.
pub(crate) fn answered(span: &Span, status: StatusCode) {
    if span.is_none() {
        return;
    }
    // Exporters know no unsigned numbers.
    span.record("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        failed(span, status.as_str());
    }
}

/// Notes that there is no answer, or a bad one.
pub(crate) fn failed(span: &Span, error: &str) {
    span.record("error.type", error);
    span.record("otel.status_code", "ERROR");
}

/// The W3C trace context of a span, if it is exported.
#[cfg(feature = "otlp")]
pub(crate) fn traceparent(span: &Span) -> Option<String> {
    use opentelemetry::trace::TraceContextExt as _;
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;

    let context = span.context();
    let context = context.span().span_context().clone();
    let text = || format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), context.trace_flags());
    context.is_valid().then(text)
}

/// The W3C trace context of a span, if it is exported.
#[cfg(not(feature = "otlp"))]
pub(crate) const fn traceparent(_: &Span) -> Option<String> {
    None
}

fn convention(method: &Method) -> &'static str {
    match method_name(method) {
        "other" => "_OTHER",
        known => known,
    }
}
