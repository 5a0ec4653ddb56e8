//! How the site asks the API.
//!
//! Whatever the site shows or does goes through the JSON API, so there is one
//! set of rules for people and programs. See `docs/decisions`, 0006. The site
//! asks the router of this process, behind the edge, which the request for the
//! page has passed; what another process serves is passed on to it.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, USER_AGENT};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower::ServiceExt;

use ticketing_api::headers::IDEMPOTENCY_KEY;

use crate::http::client::{ClientInfo, X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO};
use crate::http::edge::{rendered, unless_panicked};
use crate::http::trace::RequestTrace;
use crate::http::unwritten::Unwritten;
use crate::remote::FromPage;
use crate::state::Actor;

/// Asks the API on behalf of the client that requests a page.
#[derive(Debug, Clone)]
pub(super) struct ApiClient {
    router: Router,
    headers: HeaderMap,
    client: ClientInfo,
    trace: RequestTrace,
    /// Who is signed in, if this process found out: it does so once for a page.
    actor: Option<Actor>,
}

/// What the API answered.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    /// The status.
    pub(super) status: StatusCode,
    /// The headers, `Set-Cookie` for one.
    pub(super) headers: HeaderMap,
    /// What this process hands on beside it: a value that is not written, or an actor.
    pub(super) extensions: Extensions,
    /// The body.
    pub(super) body: Bytes,
}

impl Answer {
    /// The value that was answered with, read from JSON if another process did.
    ///
    /// # Errors
    ///
    /// It is of another shape.
    pub(super) fn value<T: DeserializeOwned + Clone + Send + Sync + 'static>(&mut self) -> serde_json::Result<T> {
        let unwritten: Option<Unwritten> = self.extensions.remove();
        unwritten.and_then(Unwritten::value).map_or_else(|| serde_json::from_slice(&self.body), Ok)
    }
}

const PASSED_ON: [HeaderName; 8] =
    [COOKIE, HOST, USER_AGENT, AUTHORIZATION, IDEMPOTENCY_KEY, X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO];

impl ApiClient {
    /// A client of the API behind `router`, for a request that passed the edge.
    pub(super) fn new(router: &Router, headers: &HeaderMap, client: ClientInfo, trace: RequestTrace) -> Self {
        let mut passed = HeaderMap::new();
        for name in PASSED_ON {
            for value in headers.get_all(&name) {
                passed.append(name.clone(), value.clone());
            }
        }
        Self { router: router.clone(), headers: passed, client, trace, actor: None }
    }

    /// From where is asked.
    pub(super) const fn client(&self) -> &ClientInfo {
        &self.client
    }

    /// The same with a header more.
    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The same, once it is known who is signed in.
    pub(super) fn acting(self, actor: Option<Actor>) -> Self {
        Self { actor, ..self }
    }

    /// Reads something.
    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path, None)).await
    }

    /// Makes or does something.
    pub(super) async fn post<T: Serialize + Sync>(&self, path: &str, body: &T) -> Answer {
        self.send(self.request(Method::POST, path, serde_json::to_vec(body).ok())).await
    }

    /// Replaces something.
    pub(super) async fn put<T: Serialize + Sync>(&self, path: &str, body: &T) -> Answer {
        self.send(self.request(Method::PUT, path, serde_json::to_vec(body).ok())).await
    }

    /// Takes something away.
    pub(super) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path, None)).await
    }

    /// Passes on what the API answers, as it comes; what it refuses is read whole.
    pub(super) async fn pass_on(&self, path: &str) -> Result<Response, Answer> {
        let response = self.answered(self.request(Method::GET, path, None)).await;
        if response.status().is_success() { Ok(response) } else { Err(read(response).await) }
    }

    async fn send(&self, request: Option<Request>) -> Answer {
        read(self.answered(request).await).await
    }

    async fn answered(&self, request: Option<Request>) -> Response {
        let Some(request) = request else {
            // What is no path leads nowhere.
            return StatusCode::NOT_FOUND.into_response();
        };
        let answer = self.router.clone().oneshot(request);
        let answer = async { answer.await.unwrap_or_else(|never| match never {}) };
        let mut response = unless_panicked(answer).await;
        rendered(self.trace.id, &mut response);
        response
    }

    fn request(&self, method: Method, path: &str, json: Option<Vec<u8>>) -> Option<Request> {
        let mut request = Request::builder().method(method).uri(path);
        *request.headers_mut()? = self.headers.clone();
        if json.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(actor) = self.actor {
            request = request.extension(actor);
        }
        let request = request.extension(self.client.clone()).extension(self.trace.clone()).extension(FromPage);
        request.body(json.map_or_else(Body::empty, Body::from)).ok()
    }
}

async fn read(response: Response) -> Answer {
    let (parts, body) = response.into_parts();
    Answer { status: parts.status, headers: parts.headers, extensions: parts.extensions, body: whole(body).await }
}

/// What breaks off, as only the body of another process does, is no JSON and not taken for it.
async fn whole(body: Body) -> Bytes {
    body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default()
}
