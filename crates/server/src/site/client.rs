//! How the site asks the API.
//!
//! Whatever the site shows or does goes through the JSON API, so there is one
//! set of rules for people and programs. See `docs/decisions`, 0006. The site
//! asks the router of this process; what another process serves is passed on
//! to it.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, USER_AGENT};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower::ServiceExt;

use ticketing_api::headers::X_REQUEST_ID;

use crate::http::edge::{Forwarded, RequestTrace};

/// Asks the API on behalf of a visitor of the site. A clone asks the same API.
#[derive(Debug, Clone)]
pub(super) struct ApiClient {
    router: Router,
}

/// On whose behalf the API is asked: the headers that tell who and from where.
#[derive(Debug, Clone, Default)]
pub(super) struct Caller {
    headers: HeaderMap,
    extensions: Extensions,
}

/// What the API answered.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// The status.
    pub(super) status: StatusCode,
    /// The headers, `Set-Cookie` for one.
    pub(super) headers: HeaderMap,
    /// The body.
    pub(super) body: Bytes,
}

impl Answer {
    /// The body as JSON of a known shape; `None` if it is another.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }
}

const PASSED_ON: [HeaderName; 10] = [
    COOKIE,
    HOST,
    USER_AGENT,
    AUTHORIZATION,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
];

impl Caller {
    /// The caller of a request.
    pub(super) fn of(headers: &HeaderMap, extensions: &Extensions) -> Self {
        let mut passed = HeaderMap::new();
        for name in PASSED_ON {
            for value in headers.get_all(&name) {
                passed.append(name.clone(), value.clone());
            }
        }
        // One id for what the visitor asked, on its whole way.
        if let Some(trace) = extensions.get::<RequestTrace>() {
            passed.insert(X_REQUEST_ID, trace.header());
        }
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().copied();
        let mut extensions = Extensions::new();
        if let Some(peer) = peer {
            extensions.insert(peer);
        }
        Self { headers: passed, extensions }
    }

    /// The same caller with another access token, after it was renewed for one.
    pub(super) fn with_access_token(mut self, token: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(&format!("Bearer {token}")) {
            self.headers.insert(AUTHORIZATION, value);
        }
        self
    }

    /// The same caller with a header more.
    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

impl ApiClient {
    /// A client of the API behind `router`.
    pub(super) const fn new(router: Router) -> Self {
        Self { router }
    }

    /// Reads something.
    pub(super) async fn get(&self, path: &str, caller: &Caller) -> Answer {
        self.send(request(Method::GET, path, caller, None)).await
    }

    /// Makes or does something.
    pub(super) async fn post<T: Serialize + Sync>(&self, path: &str, caller: &Caller, body: &T) -> Answer {
        self.send(request(Method::POST, path, caller, serde_json::to_vec(body).ok())).await
    }

    /// Replaces something.
    pub(super) async fn put<T: Serialize + Sync>(&self, path: &str, caller: &Caller, body: &T) -> Answer {
        self.send(request(Method::PUT, path, caller, serde_json::to_vec(body).ok())).await
    }

    /// Takes something away.
    pub(super) async fn delete(&self, path: &str, caller: &Caller) -> Answer {
        self.send(request(Method::DELETE, path, caller, None)).await
    }

    async fn send(&self, request: Option<Request>) -> Answer {
        let Some(request) = request else {
            // What is no path leads nowhere.
            return Answer { status: StatusCode::NOT_FOUND, headers: HeaderMap::new(), body: Bytes::new() };
        };
        let response = self.router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
        let (parts, body) = response.into_parts();
        Answer { status: parts.status, headers: parts.headers, body: whole(body).await }
    }
}

/// What breaks off, as only the body of another process does, is no JSON and not taken for it.
async fn whole(body: Body) -> Bytes {
    body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default()
}

fn request(method: Method, path: &str, caller: &Caller, json: Option<Vec<u8>>) -> Option<Request> {
    let mut request = Request::builder().method(method).uri(path);
    *request.headers_mut()? = caller.headers.clone();
    *request.extensions_mut()? = caller.extensions.clone();
    if json.is_some() {
        request = request.header(CONTENT_TYPE, "application/json");
    }
    request.extension(Forwarded).body(json.map_or_else(Body::empty, Body::from)).ok()
}
