//! Why a request was refused, as RFC 9457 problem+json. The only place that maps errors to statuses.
//!
//! A handler answers with a [`Problem`]; the edge adds the request's id,
//! renders it, and writes its cause to the log. A client never sees a cause.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use uuid::Uuid;

pub use ticketing_api::problem::FieldError;
use ticketing_api::problem::{PROBLEM_JSON, ProblemBody};
use ticketing_core::domain::hold_limits::HoldRefusal;
use ticketing_core::domain::invalid::Invalid;
use ticketing_core::domain::pass::PassRefusal;
use ticketing_core::domain::ticket::TicketRefusal;
use ticketing_core::ports::error_chain;
use ticketing_core::usecase::error::{Error, ErrorKind};
use ticketing_core::usecase::payments::NotHeardOf;

/// When it is worth asking again, where nothing better is known.
const AGAIN: Duration = Duration::from_secs(1);

/// Why a request was refused.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    cause: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, detail: detail.into(), errors: Vec::new(), retry_after: None, cause: None }
    }

    /// 400: the request cannot be understood.
    #[must_use]
    pub fn malformed(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", detail)
    }

    /// 400: the cursor is none, or of another list.
    #[must_use]
    pub fn bad_cursor() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_cursor", "this cursor does not belong to this list")
    }

    /// 400: the gateway did not write this.
    #[must_use]
    pub fn bad_notice() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_notice", "this notice is forged, too old or about nothing of ours")
    }

    /// 401: nobody is signed in.
    #[must_use]
    pub fn not_signed_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not_signed_in", "sign in first")
    }

    /// 403: a browser was sent here by another site.
    #[must_use]
    pub fn cross_origin() -> Self {
        Self::new(StatusCode::FORBIDDEN, "cross_origin", "this request does not come from this site")
    }

    /// 404: it is not there.
    #[must_use]
    pub fn not_found(code: &'static str, detail: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 405: the path is right and the method is not.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this path does not take this method")
    }

    /// 408: the client did not send its body in time.
    #[must_use]
    pub fn slow_body() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "slow_body", "the body of this request did not come in time")
    }

    /// 413: the body is too long.
    #[must_use]
    pub fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the body of this request is too long")
    }

    /// 415: the body is of another type.
    #[must_use]
    pub fn unsupported_media_type() -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "the body must be application/json")
    }

    /// 422: fields are wrong.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let error = Error::Invalid(Vec::new());
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.code(), error.to_string()) }
    }

    /// 429: too many tries.
    #[must_use]
    pub fn rate_limited(retry_after: Duration) -> Self {
        let seconds = whole_seconds(retry_after);
        let unit = if seconds == 1 { "second" } else { "seconds" };
        let detail = format!("too many requests: try again in {seconds} {unit}");
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail);
        Self { retry_after: Some(retry_after), ..problem }
    }

    /// 503: it took too long, and what was asked for may happen all the same.
    #[must_use]
    pub fn timeout() -> Self {
        let detail = "this took too long; ask again with the same Idempotency-Key, if there was one";
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", detail);
        Self { retry_after: Some(AGAIN), ..problem }
    }

    /// 503: what is needed does not answer, or has no room.
    #[must_use]
    pub fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Error::Unavailable(Arc::new(cause)).into()
    }

    /// 503: what is needed is not there yet.
    #[must_use]
    pub fn starting() -> Self {
        let problem =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "this is about to start: come back soon");
        Self { retry_after: Some(AGAIN), ..problem }
    }

    /// 503: too many are connected.
    #[must_use]
    pub fn no_room() -> Self {
        let problem =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "too many are connected: come back soon");
        Self { retry_after: Some(AGAIN), ..problem }
    }

    /// 500: something is broken.
    #[must_use]
    pub fn broken(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Error::Broken(Arc::new(cause)).into()
    }

    /// The word for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// Whether the same request may succeed later.
    pub(crate) const fn is_passing(&self) -> bool {
        matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS)
    }

    /// How many seconds to wait before the same may be tried again.
    pub(crate) fn seconds_to_wait(&self) -> Option<u64> {
        self.retry_after.map(whole_seconds)
    }

    /// Writes the problem of a request into its answer, and its cause into the log.
    pub(crate) fn render(&self, request_id: Uuid, response: &mut Response) {
        self.log(request_id);
        let body = ProblemBody {
            kind: format!("urn:ticketing:problem:{}", self.code),
            title: title(self.status).into(),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            code: self.code.into(),
            errors: self.errors.clone(),
            request_id,
        };
        let body = serde_json::to_vec(&body).expect("texts and numbers are always JSON");
        *response.body_mut() = Body::from(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.remove(http::header::CONTENT_LENGTH);
        if let Some(span) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(span)));
        }
        if self.status == StatusCode::REQUEST_TIMEOUT {
            // What may still come belongs to a request that is answered.
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"ticketing\""));
        }
    }

    fn log(&self, request_id: Uuid) {
        let (code, detail) = (self.code, &*self.detail);
        // Anybody may make up an order that nobody has heard of: that is no alarm.
        let alarming = self.cause.as_ref().filter(|cause| !cause.is::<NotHeardOf>());
        let Some(cause) = alarming.map(|cause| error_chain(&**cause)) else {
            tracing::debug!(%request_id, code, detail, "a request was refused");
            return;
        };
        if self.status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(%request_id, code, cause, "request {request_id} failed: {cause}");
        } else {
            tracing::warn!(%request_id, code, cause, "request {request_id} could not be served now: {cause}");
        }
    }
}

/// `Retry-After` has whole seconds, and a client that comes too early comes in vain.
fn whole_seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

const fn title(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "The request cannot be understood",
        401 => "Nobody is signed in",
        402 => "The card was declined",
        403 => "This is not allowed",
        404 => "There is nothing here",
        405 => "The method is not allowed",
        408 => "The request came too slowly",
        409 => "The state forbids it",
        412 => "It changed meanwhile",
        413 => "The body is too long",
        415 => "The body is of another type",
        422 => "Some fields are wrong",
        429 => "Too many requests",
        503 => "The service is busy",
        _ => "Something is broken",
    }
}

const fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::NotSignedIn => StatusCode::UNAUTHORIZED,
        ErrorKind::CardDeclined => StatusCode::PAYMENT_REQUIRED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Refused => StatusCode::CONFLICT,
        ErrorKind::Stale => StatusCode::PRECONDITION_FAILED,
        ErrorKind::Paused => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Broken => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = status_of(error.kind());
        let problem = Self::new(status, error.code(), error.to_string());
        match error {
            Error::Invalid(fields) => Self { errors: fields.into_iter().map(FieldError::from).collect(), ..problem },
            Error::Ticket(TicketRefusal::StartsInThePast) => {
                Self { errors: vec![FieldError::new("startsAt", "must be in the future")], ..problem }
            }
            Error::Ticket(TicketRefusal::CurrencyNotInUse { .. }) => {
                Self { errors: vec![FieldError::new("currency", "must be one that people still pay in")], ..problem }
            }
            Error::Ticket(TicketRefusal::QuantityBelowSales { committed }) => {
                let message = format!("must be at least {committed}");
                Self { errors: vec![FieldError::new("quantity", message)], ..problem }
            }
            Error::Hold(HoldRefusal::TooManyPlaces { allowed: allowed @ 1.. }) => {
                Self { errors: vec![FieldError::new("quantity", format!("must be at most {allowed}"))], ..problem }
            }
            Error::Pass(PassRefusal::AlreadyUsed { at }) => {
                Self { errors: vec![FieldError::new("usedAt", at.to_string())], ..problem }
            }
            Error::Pass(PassRefusal::Voided { at, .. }) => {
                Self { errors: vec![FieldError::new("voidedAt", at.to_string())], ..problem }
            }
            Error::Hold(HoldRefusal::Paused { wait }) => Self { retry_after: Some(wait), ..problem },
            Error::Unavailable(cause) => {
                let retry_after = cause.downcast_ref().map_or(AGAIN, |unheard: &NotHeardOf| unheard.retry_after);
                Self { retry_after: Some(retry_after), cause: Some(cause), ..problem }
            }
            Error::Broken(cause) => Self { cause: Some(cause), ..problem },
            _ => problem,
        }
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        Self::invalid(vec![invalid.into()])
    }
}

impl IntoResponse for Problem {
    /// Leaves the problem for the edge, which renders it with the id of the request.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_stays_in_the_log() {
        let problem = Problem::broken(std::io::Error::other("the disk is full"));
        let mut response = Response::default();
        problem.render(Uuid::nil(), &mut response);

        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(problem.detail, "something is broken");
    }

    #[test]
    fn a_client_is_never_asked_back_too_early() {
        assert_eq!(whole_seconds(Duration::from_millis(1)), 1);
        assert_eq!(whole_seconds(Duration::from_secs(2)), 2);
        assert_eq!(whole_seconds(Duration::from_millis(2001)), 3);
    }
}
