//! A marketplace behind an address.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::transport::{Transport, Unanswered};

/// Longer than a server lets a request take.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Less than servers keep idle connections open, so that none is closed just when a request is sent on it.
const IDLE: Duration = Duration::from_millis(500);

/// Speaks HTTP/1.1 without TLS; needs a tokio runtime. A clone uses the same connections.
///
/// # Examples
///
/// ```
/// use ticketing_api::client::{Client, HttpTransport};
///
/// let transport = HttpTransport::new("http://localhost:3000".parse()?)?;
/// let client = Client::new(transport);
/// assert!(HttpTransport::new("https://localhost".parse()?).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: Client<HttpConnector, Full<Bytes>>,
    authority: Authority,
    answer_within: Duration,
}

/// Only the scheme `http` and a host, with or without a port, make a base URL.
#[derive(Debug, thiserror::Error)]
#[error("{0} is no base URL such as http://localhost:3000")]
pub struct InvalidBaseUrl(Uri);

impl HttpTransport {
    /// Will ask the marketplace at a base URL; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`InvalidBaseUrl`].
    pub fn new(base: Uri) -> Result<Self, InvalidBaseUrl> {
        let is_plain =
            base.scheme() == Some(&Scheme::HTTP) && matches!(base.path(), "" | "/") && base.query().is_none();
        let Some(authority) = base.authority().filter(|_| is_plain).cloned() else { return Err(InvalidBaseUrl(base)) };
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_WITHIN));
        connector.set_nodelay(true);
        let mut client = Client::builder(TokioExecutor::new());
        client.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE);
        Ok(Self { client: client.build(connector), authority, answer_within: ANSWER_WITHIN })
    }

    /// The same with another limit on how long an answer may take; 15 seconds by default.
    #[must_use]
    pub fn answer_within(self, span: Duration) -> Self {
        Self { answer_within: span, ..self }
    }

    async fn exchange(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, Unanswered> {
        let path = request.uri().path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        let address = Uri::builder().scheme(Scheme::HTTP).authority(self.authority.clone()).path_and_query(path);
        *request.uri_mut() = address.build().map_err(|error| Unanswered::Unreachable(error.into()))?;
        let answer = self.client.request(request.map(Full::new)).await.map_err(|error| match error.is_connect() {
            true => Unanswered::Unreachable(error.into()),
            false => Unanswered::Lost(error.into()),
        })?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(|error| Unanswered::Lost(error.into()))?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Unanswered> {
        let answered = tokio::time::timeout(self.answer_within, self.exchange(request)).await;
        answered.unwrap_or_else(|late| Err(Unanswered::Lost(late.into())))
    }
}
