//! What a handler takes out of a request. Whatever is wrong becomes a documented problem.

use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::BodyExt;
use serde::Serialize;
use serde::de::DeserializeOwned;

use ticketing_core::domain::ids::{OrderId, SessionId, TicketId};
use ticketing_core::domain::order::IdempotencyKey;
use ticketing_core::usecase::error::Error;

use crate::marketplace::App;
use crate::problem::{FieldError, Problem};

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

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response(),
            Err(error) => Problem::broken(error).into_response(),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) else { return false };
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // The fast way first; a second look only finds the words for what is wrong.
    if let Ok(value) = serde_json::from_slice(body) {
        return Ok(value);
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut json) else {
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

impl<T: Nameable> FromRequestParts<App> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let name = Path::<String>::from_request_parts(parts, app).await.map_err(|_| T::MISSING)?;
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

/// What the caller calls this request, in `Idempotency-Key`.
#[derive(Debug, Clone)]
pub struct RequestKey(pub Option<IdempotencyKey>);

impl FromRequestParts<App> for RequestKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
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

/// The version that `If-Match` names; `None` if any will do.
#[derive(Debug, Clone, Copy)]
pub struct IfMatch(pub Option<u64>);

impl FromRequestParts<App> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        match only(&parts.headers, &IF_MATCH)? {
            None | Some("*") => Ok(Self(None)),
            Some(tag) => match version_of(tag) {
                Some(version) => Ok(Self(Some(version))),
                None => Err(Problem::malformed("If-Match must be one entity tag of ours, such as \"3\", or *")),
            },
        }
    }
}

/// The versions that `If-None-Match` names.
#[derive(Debug, Clone)]
pub struct IfNoneMatch(Option<String>);

impl IfNoneMatch {
    /// Whether the caller has this version already.
    #[must_use]
    pub fn has(&self, version: u64) -> bool {
        let Some(tags) = &self.0 else { return false };
        tags.split(',').map(str::trim).any(|tag| {
            // A comparison here is weak (RFC 9110, section 13.1.2).
            tag == "*" || version_of(tag.strip_prefix("W/").unwrap_or(tag)) == Some(version)
        })
    }
}

impl FromRequestParts<App> for IfNoneMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let tags = parts.headers.get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
        Ok(Self(tags.map(str::to_owned)))
    }
}

fn version_of(tag: &str) -> Option<u64> {
    let version = tag.strip_prefix('"')?.strip_suffix('"')?;
    // Not "+3", which would parse.
    version.bytes().all(|byte| byte.is_ascii_digit()).then(|| version.parse().ok())?
}

/// The entity tag of a version.
pub(crate) fn etag(version: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).expect("digits between quotes are a header value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_a_version_between_quotes() {
        assert_eq!(version_of("\"12\""), Some(12));
        for wrong in ["12", "\"\"", "\"+1\"", "W/\"1\"", "\"99999999999999999999\"", "\"", ""] {
            assert_eq!(version_of(wrong), None, "{wrong:?}");
        }
    }
}
