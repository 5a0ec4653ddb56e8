//! One request and what came back.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HOST, ORIGIN, SET_COOKIE};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use super::{TestApp, User};

const SITE: &str = "shop.example";

/// A request, the way this site's own pages send it.
pub(crate) struct Call<'a> {
    app: &'a TestApp,
    request: http::request::Builder,
    body: Body,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl<'a> Call<'a> {
    pub(super) fn new(app: &'a TestApp, method: &str, path: &str) -> Self {
        let request = Request::builder().method(method).uri(path).header(HOST, SITE);
        Self { app, request, body: Body::empty() }
    }

    /// With the cookies of somebody.
    pub(crate) fn by(self, user: &User) -> Self {
        let cookies = format!("access={}; refresh={}", user.access, user.refresh);
        self.header(COOKIE.as_str(), &cookies).header(ORIGIN.as_str(), &format!("http://{SITE}"))
    }

    /// By a program that carries a token.
    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn at_address(mut self, address: &str) -> Self {
        let peer: SocketAddr = format!("{address}:4711").parse().expect("an address");
        self.request = self.request.extension(ConnectInfo(peer));
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// A header in bytes that need not be text.
    pub(crate) fn header_bytes(mut self, name: &str, value: &[u8]) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.bytes("application/json", Bytes::from(body.to_string()))
    }

    pub(crate) fn bytes(mut self, kind: &str, body: impl Into<Bytes>) -> Self {
        self.body = Body::from(body.into());
        self.header(CONTENT_TYPE.as_str(), kind)
    }

    /// With a body that comes bit by bit.
    pub(crate) fn streamed(mut self, kind: &str, body: Body) -> Self {
        self.body = body;
        self.header(CONTENT_TYPE.as_str(), kind)
    }

    /// Sends it and leaves the body unread, for a stream has no end.
    pub(crate) async fn open(self) -> Response {
        let request = self.request.body(self.body).expect("a request");
        self.app.router.clone().oneshot(request).await.expect("a router never fails")
    }

    pub(crate) async fn send(self) -> Reply {
        let (parts, body) = self.open().await.into_parts();
        let is_stream = parts.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let bytes = if is_stream { Bytes::new() } else { body.collect().await.expect("a body").to_bytes() };
        let text = || Value::from(String::from_utf8_lossy(&bytes).into_owned());
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| text());
        Reply { status: parts.status, headers: parts.headers, body }
    }
}

impl Reply {
    /// The value of a cookie that was set.
    pub(crate) fn cookie(&self, name: &str) -> String {
        let values = self.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut found = values.filter_map(|value| value.strip_prefix(name)?.strip_prefix('=')?.split(';').next());
        found.next().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The fields that a problem names.
    pub(crate) fn wrong_fields(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().into_iter().flatten();
        errors.filter_map(|error| error["field"].as_str()).collect()
    }

    /// The status and the code of a problem, in one look.
    pub(crate) fn problem(&self) -> (u16, &str) {
        (self.status.as_u16(), self.code())
    }

    /// Whether it is a problem the way RFC 9457 and our documentation have it.
    pub(crate) fn is_documented_problem(&self) -> bool {
        let body = &self.body;
        self.header("content-type") == "application/problem+json"
            && body["status"] == self.status.as_u16()
            && body["type"] == format!("urn:ticketing:problem:{}", self.code())
            && ["title", "detail", "code", "requestId"].iter().all(|field| body[*field].is_string())
            && body["errors"].is_array()
            && body["requestId"] == self.header("x-request-id")
    }
}
