//! One request over a socket, and what came back.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, ORIGIN, SET_COOKIE};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde_json::Value;

use crate::market::{Market, User};

/// A request, the way this site's own pages send it.
pub(crate) struct Call<'a> {
    market: &'a Market,
    request: http::request::Builder,
    body: Bytes,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl<'a> Call<'a> {
    pub(crate) fn new(market: &'a Market, method: &str, path: &str) -> Self {
        let request = Request::builder().method(method).uri(format!("{}{path}", market.base));
        Self { market, request, body: Bytes::new() }
    }

    /// With the cookies of somebody.
    pub(crate) fn by(self, user: &User) -> Self {
        let cookies = format!("access={}; refresh={}", user.access, user.refresh);
        let origin = self.market.base.clone();
        self.header(COOKIE.as_str(), &cookies).header(ORIGIN.as_str(), &origin)
    }

    /// By a program that carries a token.
    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.bytes("application/json", body.to_string())
    }

    pub(crate) fn bytes(mut self, kind: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header(CONTENT_TYPE.as_str(), kind)
    }

    /// Sends it and leaves the body unread, for a stream has no end.
    pub(crate) async fn open(self) -> http::Response<Incoming> {
        self.try_to_open().await.expect("the marketplace answers")
    }

    async fn try_to_open(self) -> Result<http::Response<Incoming>, hyper_util::client::legacy::Error> {
        let request = self.request.body(Full::new(self.body)).expect("a request");
        self.market.client.request(request).await
    }

    pub(crate) async fn send(self) -> Reply {
        Reply::read(self.open().await).await
    }

    /// Sends it, unless nobody is there to take it.
    #[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
    pub(crate) async fn send_if_taken(self) -> Option<Reply> {
        match self.try_to_open().await {
            Ok(answer) => Some(Reply::read(answer).await),
            Err(error) => {
                assert!(error.is_connect(), "it was taken and not answered: {error:?}");
                None
            }
        }
    }
}

impl Reply {
    async fn read(answer: http::Response<Incoming>) -> Self {
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let text = String::from_utf8(bytes.to_vec()).expect("text");
        let body = serde_json::from_str(&text).unwrap_or_default();
        Self { status: parts.status, headers: parts.headers, text, body }
    }

    /// The value of a cookie that was set.
    pub(crate) fn cookie(&self, name: &str) -> String {
        let values = self.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut found = values.filter_map(|value| value.strip_prefix(name)?.strip_prefix('=')?.split(';').next());
        found.next().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The status and the code of a problem, in one look.
    pub(crate) fn problem(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["code"].as_str().unwrap_or_default())
    }
}
