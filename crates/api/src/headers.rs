//! The names of headers and cookies that are the marketplace's own.

use http::HeaderName;

/// Identifies a request on its whole way; the answer and the log carry it.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Makes a request safe to repeat: the same key and body are answered as the first time.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The key of a door link, by which somebody stands at a door without an account.
pub const DOOR_KEY: HeaderName = HeaderName::from_static("door-key");
/// The trace that a request belongs to, by W3C Trace Context.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The cookie of the access token, without TLS and with it.
///
/// Browsers take a cookie whose name begins with `__Host-` from this host and over TLS only.
pub const ACCESS_COOKIE: [&str; 2] = ["access", "__Host-access"];
/// The cookie of the refresh token, without TLS and with it.
pub const REFRESH_COOKIE: [&str; 2] = ["refresh", "__Host-refresh"];
