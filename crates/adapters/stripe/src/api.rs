//! Requests to Stripe's API: one connection pool, one API version, bounded in time and size.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::ring;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ticketing_core::domain::buyer_action::ActionUrl;
use ticketing_core::ports::BoxError;

use crate::config::StripeConfig;
use crate::error::{CallError, NoAnswer, Refusal, StripeError};

/// The API version that this adapter is written for, whatever the default of the account.
const VERSION: HeaderValue = HeaderValue::from_static("2026-08-26.dahlia");
const STRIPE_VERSION: HeaderName = HeaderName::from_static("stripe-version");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// The largest answer, a page of a hundred refunds, is about a fifth of this.
const MOST_BYTES: usize = 1024 * 1024;
/// Shorter than Stripe keeps idle connections, so that a request does not meet a closing one.
const IDLE: Duration = Duration::from_secs(15);

/// The fields of a request.
pub(crate) type Form = Vec<(&'static str, String)>;

/// Stripe's API with the credentials of one account. A clone uses the same connections.
#[derive(Clone)]
pub(crate) struct Api {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: Arc<str>,
    authorization: HeaderValue,
    timeout: Duration,
}

impl Api {
    pub(crate) fn new(config: &StripeConfig) -> Result<Self, StripeError> {
        let is_key = ["sk_", "rk_"].iter().any(|kind| config.key.starts_with(kind));
        let bearer = HeaderValue::try_from(format!("Bearer {}", config.key)).ok().filter(|_| is_key);
        let mut authorization = bearer.ok_or(StripeError::Key)?;
        authorization.set_sensitive(true);
        ActionUrl::parse(&config.url).map_err(|_| StripeError::Url)?;
        let mut client = Client::builder(TokioExecutor::new());
        client.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE);
        Ok(Self {
            client: client.build(connector(config.connection_timeout)?),
            url: config.url.trim_end_matches('/').into(),
            authorization,
            timeout: config.response_timeout,
        })
    }

    /// Reads an object or a list.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        self.call(self.request(Method::GET, path), Bytes::new()).await
    }

    /// Sends a change, which Stripe carries out once for each idempotency key.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        form: Form,
        key: Option<&str>,
    ) -> Result<T, CallError> {
        let form = serde_urlencoded::to_string(form).map_err(unanswered)?;
        let mut request = self.request(Method::POST, path).header(CONTENT_TYPE, FORM);
        if let Some(key) = key {
            request = request.header(IDEMPOTENCY_KEY, key);
        }
        self.call(request, form.into()).await
    }

    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(AUTHORIZATION, self.authorization.clone())
            .header(STRIPE_VERSION, VERSION)
    }

    async fn call<T: DeserializeOwned>(&self, request: http::request::Builder, body: Bytes) -> Result<T, CallError> {
        let request = request.body(Full::new(body)).map_err(unanswered)?;
        let answer = tokio::time::timeout(self.timeout, self.exchange(request)).await;
        understood(&answer.map_err(unanswered)?.map_err(CallError::Unanswered)?)
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, BoxError> {
        let (parts, body) = self.client.request(request).await?.into_parts();
        Ok(Response::from_parts(parts, Limited::new(body, MOST_BYTES).collect().await?.to_bytes()))
    }
}

fn connector(timeout: Duration) -> Result<HttpsConnector<HttpConnector>, StripeError> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(timeout));
    let tls = HttpsConnectorBuilder::new().with_provider_and_webpki_roots(ring::default_provider());
    Ok(tls.map_err(|_| StripeError::Tls)?.https_or_http().enable_http1().wrap_connector(tcp))
}

/// Reads an answer. A redirect counts as no answer: the API has no other address.
fn understood<T: DeserializeOwned>(answer: &Response<Bytes>) -> Result<T, CallError> {
    let (status, body) = (answer.status().as_u16(), answer.body());
    if answer.status().is_success() {
        return serde_json::from_slice(body).map_err(unanswered);
    }
    let refusal = serde_json::from_slice(body).map(|Failure { error }| error);
    match (status, refusal) {
        (400 | 402 | 404, Ok(refusal)) => Err(CallError::Refused(refusal)),
        // These may have been carried out (5xx), or may succeed later (409, 429, and 401 once the key is corrected).
        (status, refusal) => {
            let request_id = answer.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or("unknown");
            let (refusal, request_id) = (refusal.unwrap_or_default(), request_id.to_owned());
            Err(unanswered(NoAnswer { status, refusal, request_id }))
        }
    }
}

#[derive(Deserialize)]
struct Failure {
    error: Refusal,
}

fn unanswered(error: impl Into<BoxError>) -> CallError {
    CallError::Unanswered(error.into())
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("url", &self.url).finish_non_exhaustive()
    }
}
