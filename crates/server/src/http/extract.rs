//! What a handler takes out of a request. Whatever is wrong becomes a documented problem.

mod objects;

use std::collections::BTreeMap;

use axum::Extension;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::BodyExt;
use serde::Serialize;
use serde::de::DeserializeOwned;

use ticketing_api::headers::IDEMPOTENCY_KEY;
use ticketing_core::domain::ids::{OrderId, SessionId, TicketId};
use ticketing_core::domain::order::IdempotencyKey;
use ticketing_core::usecase::error::Error;

use crate::http::problem::{FieldError, Problem};
use crate::http::unwritten::Unwritten;
use crate::state::App;

use objects::Objects;

/// A body in JSON, both ways.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::unsupported_media_type());
        }
        let body = read_body(request, app.http.body_limit).await?;
        parse(&body).map(Self)
    }
}

impl<T: Serialize + Send + Sync + 'static> IntoResponse for Json<T> {
    /// Leaves the value for the edge, which writes it.
    fn into_response(self) -> Response {
        let json = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        (json, Extension(Unwritten::new(self.0))).into_response()
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) else { return false };
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // The fast way first; a second look only finds the words for what is wrong.
    let mut json = serde_json::Deserializer::from_slice(body);
    if let Ok(value) = T::deserialize(Objects(&mut json))
        && json.end().is_ok()
    {
        return Ok(value);
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(Objects(&mut json)) else {
        return Err(Problem::malformed("the body has more than one value"));
    };
    let (path, message) = (error.path().to_string(), short(&error.inner().to_string()));
    if !error.inner().is_data() {
        return Err(Problem::malformed(format!("the body is not JSON: {message}")));
    }
    Err(Problem::invalid(vec![FieldError::new(if path == "." { "body".to_owned() } else { path }, message)]))
}

/// A sentence may quote the body, and a body may be long.
fn short(sentence: &str) -> String {
    match sentence.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", sentence.get(..end).unwrap_or_default()),
        None => sentence.to_owned(),
    }
}

/// More than this is not read even to be thrown away.
const DRAINED: usize = 32 * 1024 * 1024;

/// Reads a body up to a limit.
///
/// A longer one is read and thrown away before it is refused: a client that is
/// still sending would not see the answer.
///
/// # Errors
///
/// [`Problem::too_large`], or [`Problem::malformed`] if it breaks off.
pub(crate) async fn read_body(request: Request, limit: usize) -> Result<Bytes, Problem> {
    let mut body = request.into_body();
    let (mut first, mut all, mut seen) = (Bytes::new(), BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(chunk) = frame.map_err(|_| Problem::malformed("the body broke off"))?.into_data() else { continue };
        seen += chunk.len();
        if seen > DRAINED {
            return Err(Problem::too_large());
        }
        // Nearly every body is one chunk, which is not copied.
        if seen == chunk.len() {
            first = chunk;
        } else if seen <= limit {
            all.extend_from_slice(&std::mem::take(&mut first));
            all.extend_from_slice(&chunk);
        }
    }
    if seen > limit {
        return Err(Problem::too_large());
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// The name of a thing in a path. What is no name names nothing.
#[derive(Debug, Clone, Copy)]
pub struct Named<T>(pub T);

/// What may be named in a path.
pub trait Nameable: std::str::FromStr {
    /// What to say if there is no such thing.
    const MISSING: Error;
}

impl Nameable for TicketId {
    const MISSING: Error = Error::TicketNotFound;
}

impl Nameable for OrderId {
    const MISSING: Error = Error::OrderNotFound;
}

impl Nameable for SessionId {
    const MISSING: Error = Error::SessionNotFound;
}

impl<S: Send + Sync, T: Nameable> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let name = Path::<String>::from_request_parts(parts, state).await.map_err(|_| T::MISSING)?;
        Ok(Self(name.parse().map_err(|_| T::MISSING)?))
    }
}

/// A query string, as a struct that knows every parameter.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let query = serde_urlencoded::from_str(parts.uri.query().unwrap_or_default());
        query
            .map(Self)
            .map_err(|error| Problem::malformed(format!("the query is wrong: {}", short(&error.to_string()))))
    }
}

/// What a page is asked with. Addresses are typed, shortened and added to, so nothing in one breaks a page.
///
/// Of a parameter that comes twice the last counts, and one that nobody knows is passed by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lenient<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Lenient<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        fields(query.as_bytes()).map(Self).map_err(|_| Problem::malformed("the query is not what this page knows"))
    }
}

/// Fields as a form sends them; of one that comes twice the last counts.
pub(crate) fn fields<T: DeserializeOwned>(form: &[u8]) -> Result<T, serde_urlencoded::de::Error> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(form)?;
    let last: BTreeMap<_, _> = pairs.into_iter().collect();
    let once = serde_urlencoded::to_string(last).map_err(serde::de::Error::custom)?;
    serde_urlencoded::from_str(&once)
}

/// What the caller calls this request, in `Idempotency-Key`.
#[derive(Debug, Clone)]
pub struct RequestKey(pub Option<IdempotencyKey>);

impl FromRequestParts<App> for RequestKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let Some(key) = only(&parts.headers, &IDEMPOTENCY_KEY)? else { return Ok(Self(None)) };
        // The draft of the header has a quoted string; most callers leave the quotes out.
        let key = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
        Ok(Self(Some(key.parse().map_err(Problem::from)?)))
    }
}

/// The one value of a header, as text.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => match value.to_str() {
            Ok(text) => Ok(Some(text.trim())),
            Err(_) => Err(Problem::malformed(format!("{name} is not text"))),
        },
        (Some(_), Some(_)) => Err(Problem::malformed(format!("{name} was sent twice"))),
    }
}
