//! One request, and what came back.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use ticketing_core::domain::order::IdempotencyKey;

use crate::headers::IDEMPOTENCY_KEY;
use crate::problem::ProblemBody;

use super::Client;
use super::error::{ClientError, Refusal};
use super::transport::Unanswered;

/// A request that is not sent yet.
#[derive(Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct Call<'a> {
    client: &'a Client,
    request: http::request::Builder,
    body: Bytes,
}

impl<'a> Call<'a> {
    pub(super) fn new(client: &'a Client, method: Method, path: &str) -> Self {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(tokens) = client.tokens() {
            request = request.header(AUTHORIZATION, format!("Bearer {}", tokens.access));
        }
        Self { client, request, body: Bytes::new() }
    }

    /// With a header more.
    pub fn header(self, name: HeaderName, value: impl TryInto<HeaderValue, Error: Into<http::Error>>) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    /// Under an idempotency key, if there is one.
    pub fn under(self, key: Option<&IdempotencyKey>) -> Self {
        match key {
            Some(key) => self.header(IDEMPOTENCY_KEY, key.as_str()),
            None => self,
        }
    }

    /// With a body in JSON.
    pub fn json<T: Serialize + ?Sized>(self, body: &T) -> Self {
        // No shape of the API fails to serialize; of another, the marketplace refuses what is left.
        let body = serde_json::to_vec(body).unwrap_or_default();
        self.body(HeaderValue::from_static("application/json"), body)
    }

    /// With a body of another kind.
    pub fn body(self, kind: HeaderValue, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..self.header(CONTENT_TYPE, kind) }
    }

    /// Sends it, and returns the answer whatever its status.
    ///
    /// # Errors
    ///
    /// [`Unanswered`]; a request that cannot be written never leaves.
    pub async fn send(self) -> Result<Answer, Unanswered> {
        let request = self.request.body(self.body).map_err(|error| Unanswered::Unreachable(error.into()))?;
        self.client.transport.send(request).await.map(Answer)
    }

    /// Sends it; what is refused is an error.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn done(self) -> Result<Answer, ClientError> {
        let answer = self.send().await?;
        if answer.is_success() { Ok(answer) } else { Err(answer.refusal()) }
    }

    /// Sends it, and reads the body of the answer; what is refused is an error.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn read<T: DeserializeOwned>(self) -> Result<T, ClientError> {
        self.done().await?.json()
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer(pub(super) Response<Bytes>);

impl Answer {
    /// Its status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    /// Whether what was asked for was done.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.0.status().is_success()
    }

    /// Its headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.0.headers()
    }

    /// Its body as it came.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        self.0.body()
    }

    /// Its body as JSON of a known shape.
    ///
    /// # Errors
    ///
    /// [`ClientError::Unreadable`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        let read = serde_json::from_slice(self.body());
        read.map_err(|source| ClientError::Unreadable { status: self.status(), source })
    }

    /// The problem that it describes, if it does.
    #[must_use]
    pub fn problem(&self) -> Option<ProblemBody> {
        if self.is_success() { None } else { self.json().ok() }
    }

    /// When to ask again, if it says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.text(&RETRY_AFTER)?.parse().ok().map(Duration::from_secs)
    }

    /// The version of what it shows, for `If-Match`.
    #[must_use]
    pub fn etag(&self) -> Option<&str> {
        self.text(&ETAG)
    }

    /// The value of a cookie that it sets.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.headers().get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut named = cookies.filter_map(|cookie| cookie.strip_prefix(name)?.strip_prefix('=')?.split(';').next());
        named.next()
    }

    fn text(&self, name: &HeaderName) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    fn refusal(&self) -> ClientError {
        match self.json() {
            Ok(problem) => Refusal { problem, retry_after: self.retry_after() }.into(),
            Err(unreadable) => unreadable,
        }
    }
}
