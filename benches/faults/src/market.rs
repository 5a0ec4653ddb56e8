//! The marketplace as people see it: requests over HTTP, and what came of them.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::tally::{Said, Tally};

/// Longer than the server lets a request take.
const ANSWER_WITHIN: Duration = Duration::from_secs(13);

/// A marketplace with a front door, and a second process of orders beside it.
#[derive(Debug, Clone)]
pub(crate) struct Market {
    client: Client<HttpConnector, Full<Bytes>>,
    front: String,
    second_orders: String,
    /// What was answered.
    pub(crate) tally: Tally,
}

/// Whom to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// The front door.
    Front,
    /// The second process of orders.
    SecondOrders,
}

impl Door {
    /// The other one.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Front => Self::SecondOrders,
            Self::SecondOrders => Self::Front,
        }
    }
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// What it is called in reports.
    pub(crate) what: &'static str,
    pub(crate) door: Door,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
    /// Names the request, so that asking twice does once.
    pub(crate) key: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// No answer. Whether the request was heard is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Silence {
    /// Nobody listens.
    Connect,
    /// The connection broke.
    Broken,
    /// None came in time.
    TimedOut,
}

impl Ask {
    /// To see something.
    pub(crate) fn get(what: &'static str, path: impl Into<String>) -> Self {
        Self { what, door: Door::Front, method: Method::GET, path: path.into(), body: None, key: None }
    }

    /// To have something done.
    pub(crate) fn post(what: &'static str, path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::POST, body: Some(body), ..Self::get(what, path) }
    }

    /// At this door.
    pub(crate) fn at(self, door: Door) -> Self {
        Self { door, ..self }
    }

    /// Under this key.
    pub(crate) fn under(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }
}

impl Reply {
    /// The code of a problem.
    pub(crate) fn code(&self) -> &str {
        self.body.get("code").and_then(Value::as_str).unwrap_or_default()
    }

    /// A text of the body.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.body.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// The access token that comes as a cookie.
    pub(crate) fn access_token(&self) -> Option<String> {
        let cookies = self.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut found = cookies.filter_map(|cookie| cookie.strip_prefix("access=")?.split(';').next());
        found.next().map(str::to_owned)
    }

    /// Whether it is not known what became of the request: it is worth asking again.
    pub(crate) const fn is_unsure(&self) -> bool {
        self.status >= 500 || self.status == 429
    }

    fn said(&self) -> Said {
        let code = self.code();
        if code.is_empty() {
            Said::from(self.status.to_string())
        } else {
            Said::from(format!("{} {code}", self.status))
        }
    }

    /// When to ask again, if it says so.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}

impl Silence {
    const fn word(self) -> &'static str {
        match self {
            Self::Connect => "no connection",
            Self::Broken => "connection broke",
            Self::TimedOut => "no answer in time",
        }
    }
}

impl Market {
    /// The marketplace behind these addresses.
    pub(crate) fn new(front: String, second_orders: String) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(Duration::from_secs(5)));
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { client, front, second_orders, tally: Tally::default() }
    }

    /// Asks once, in the name of whoever the token belongs to.
    pub(crate) async fn ask(&self, ask: &Ask, token: Option<&str>) -> Result<Reply, Silence> {
        let reply = tokio::time::timeout(ANSWER_WITHIN, self.exchange(ask, token)).await;
        let reply = reply.unwrap_or(Err(Silence::TimedOut));
        self.tally.count(ask.what, reply.as_ref().map_or_else(|silence| Said::from(silence.word()), Reply::said));
        reply
    }

    /// Whether a process says that requests should be sent to it.
    pub(crate) async fn is_ready(&self, address: &str) -> bool {
        let request = Request::get(format!("http://{address}/readyz")).body(Full::default());
        let Ok(request) = request else { return false };
        let reply = tokio::time::timeout(Duration::from_secs(3), self.client.request(request)).await;
        matches!(reply, Ok(Ok(reply)) if reply.status() == 200)
    }

    async fn exchange(&self, ask: &Ask, token: Option<&str>) -> Result<Reply, Silence> {
        let request = self.request(ask, token).map_err(|_| Silence::Connect)?;
        let reply = self.client.request(request).await;
        let reply = reply.map_err(|error| if error.is_connect() { Silence::Connect } else { Silence::Broken })?;
        let (parts, body) = reply.into_parts();
        let body = body.collect().await.map_err(|_| Silence::Broken)?.to_bytes();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    fn request(&self, ask: &Ask, token: Option<&str>) -> Result<Request<Full<Bytes>>, http::Error> {
        let base = match ask.door {
            Door::Front => &self.front,
            Door::SecondOrders => &self.second_orders,
        };
        let mut request = Request::builder().method(&ask.method).uri(format!("{base}{}", ask.path));
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(key) = &ask.key {
            request = request.header("idempotency-key", key);
        }
        if ask.body.is_some() {
            request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let body = ask.body.as_ref().map(Value::to_string).unwrap_or_default();
        request.body(Full::from(body))
    }
}
