//! One request, the way this site's own pages send it, and what came back.

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, ORIGIN, SET_COOKIE};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};

/// A password that is hard to guess.
pub(crate) const PASSWORD: &str = "brass lantern quay 42";

/// A marketplace that is asked: in this process, or behind an address.
pub(crate) trait Site: Sync {
    /// What a browser calls it: `http://` with its host.
    fn origin(&self) -> &str;

    /// A request to it.
    fn request(&self, method: &str, path: &str) -> http::request::Builder;

    /// Sends a request and leaves the body of the answer unread.
    fn answer(&self, request: Request<Body>) -> impl Future<Output = Response> + Send;

    /// The address of somebody who has no account yet.
    fn email(&self, name: &str) -> String {
        format!("{name}@example.org")
    }

    /// Moves the events of a request, if nothing else does.
    fn settled(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// Somebody with an account, and the cookies of a session.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) email: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl User {
    /// The account that has just signed up or in.
    pub(crate) fn of(email: &str, reply: &Reply) -> Self {
        Self { email: email.to_owned(), access: reply.cookie("access"), refresh: reply.cookie("refresh") }
    }

    /// The name of the key that signed the access token.
    pub(crate) fn signed_by(&self) -> String {
        let header = self.access.split('.').next().and_then(|header| URL_SAFE_NO_PAD.decode(header).ok());
        let header: Value = serde_json::from_slice(&header.expect("a token")).expect("a header");
        header["kid"].as_str().expect("a name").to_owned()
    }
}

/// A request that is not sent yet.
pub(crate) struct Call<'a, S> {
    pub(crate) site: &'a S,
    pub(crate) request: http::request::Builder,
    pub(crate) body: Body,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
    /// As JSON; as text, if it is none.
    pub(crate) body: Value,
}

impl<'a, S: Site> Call<'a, S> {
    pub(crate) fn new(site: &'a S, method: &str, path: &str) -> Self {
        Self { site, request: site.request(method, path), body: Body::empty() }
    }

    /// With the cookies of somebody.
    pub(crate) fn by(self, user: &User) -> Self {
        let cookies = format!("access={}; refresh={}", user.access, user.refresh);
        let origin = self.site.origin();
        self.header(COOKIE.as_str(), &cookies).header(ORIGIN.as_str(), origin)
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

    pub(crate) fn bytes(self, kind: &str, body: impl Into<Bytes>) -> Self {
        self.streamed(kind, Body::from(body.into()))
    }

    /// With a body that comes bit by bit.
    pub(crate) fn streamed(mut self, kind: &str, body: Body) -> Self {
        self.body = body;
        self.header(CONTENT_TYPE.as_str(), kind)
    }

    /// Sends it and leaves the body unread, for a stream has no end.
    pub(crate) async fn open(self) -> Response {
        self.site.answer(self.request.body(self.body).expect("a request")).await
    }

    pub(crate) async fn send(self) -> Reply {
        Reply::read(self.open().await).await
    }
}

impl Reply {
    pub(crate) async fn read(answer: Response) -> Self {
        let (parts, body) = answer.into_parts();
        let is_stream = parts.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let bytes = if is_stream { Bytes::new() } else { body.collect().await.expect("a body").to_bytes() };
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into());
        Self { status: parts.status, headers: parts.headers, bytes, body }
    }

    /// The body, which has to be text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes.to_vec()).expect("text")
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

    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The status and the code of a problem, in one look.
    pub(crate) fn problem(&self) -> (u16, &str) {
        (self.status.as_u16(), self.code())
    }
}

/// The id of a ticket, an order or whatever else has one.
pub(crate) fn id(thing: &Value) -> &str {
    thing["id"].as_str().expect("things have ids")
}

pub(crate) fn offer(title: &str, amount: u64, quantity: u32) -> Value {
    json!({"title": title, "price": {"amount": amount, "currency": "EUR"}, "quantity": quantity})
}
