//! A service in another process, asked over HTTP.

mod connect;

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use ticketing_core::ports::BoxError;

use crate::config::ServiceUrl;

use connect::Connector;

/// An idle connection is not used again after this span.
///
/// Less than a service that stops leaves its idle connections open, so none is
/// closed just when a request is sent on it.
const IDLE: Duration = Duration::from_millis(500);

/// A service in another process. A clone uses the same connections.
#[derive(Debug, Clone)]
pub struct Upstream {
    authority: Authority,
    client: Client<Connector, Body>,
}

impl Upstream {
    /// Knows where a service is; nothing is connected yet. While it restarts, requests wait up to `restart_wait`.
    #[must_use]
    pub fn new(url: &ServiceUrl, restart_wait: Duration) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(Connector::new(restart_wait));
        Self { authority: url.authority().clone(), client }
    }

    pub(super) const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Sends a request, whatever host its address names, and leaves the body of the answer unread.
    ///
    /// It is sent again if it never left, or if it changes nothing and its connection broke.
    ///
    /// # Errors
    ///
    /// The service does not answer. Unless the request is safe, what it asks for may happen all the same.
    pub(crate) async fn send(&self, mut request: Request) -> Result<http::Response<Incoming>, BoxError> {
        *request.uri_mut() = self.address(request.uri().path_and_query())?;
        let again = repeatable(&request);
        match (self.client.request(request).await, again) {
            (Err(error), Some(again)) if !error.is_connect() => Ok(self.client.request(again).await?),
            (outcome, _) => Ok(outcome?),
        }
    }

    /// Reads a short text.
    ///
    /// # Errors
    ///
    /// The service does not answer, or with something else.
    pub(crate) async fn read(&self, path: &'static str) -> Result<String, BoxError> {
        const WITHIN: Duration = Duration::from_secs(5);
        const MOST: usize = 64 * 1024;
        let text = async {
            let answer = self.send(Request::get(path).body(Body::empty())?).await?;
            if answer.status() != StatusCode::OK {
                return Err(Refused(answer.status()).into());
            }
            let body = Limited::new(answer.into_body(), MOST).collect().await?;
            Ok(String::from_utf8(body.to_bytes().into())?)
        };
        tokio::time::timeout(WITHIN, text).await?
    }

    fn address(&self, path: Option<&PathAndQuery>) -> Result<Uri, http::Error> {
        let path = path.cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        Uri::builder().scheme(Scheme::HTTP).authority(self.authority.clone()).path_and_query(path).build()
    }
}

/// The same request once more, if it changes nothing and has no body.
fn repeatable(request: &Request) -> Option<Request> {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD) && request.body().is_end_stream();
    let mut again = is_safe.then(|| Request::new(Body::empty()))?;
    *again.method_mut() = request.method().clone();
    *again.uri_mut() = request.uri().clone();
    *again.headers_mut() = request.headers().clone();
    Some(again)
}

#[derive(Debug, thiserror::Error)]
#[error("the service answered {0}")]
struct Refused(StatusCode);
