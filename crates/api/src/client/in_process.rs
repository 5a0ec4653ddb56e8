//! A marketplace in the same process.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;

use super::transport::{Transport, Unanswered};

/// Hands requests to a service, such as an axum `Router`, without a socket.
///
/// # Examples
///
/// ```
/// use axum::Router;
/// use axum::body::Body;
/// use ticketing_api::client::{Client, InProcess};
///
/// fn client(router: Router) -> Client {
///     Client::new(InProcess::<_, Body>::new(router))
/// }
/// ```
pub struct InProcess<S, B> {
    service: S,
    body: std::marker::PhantomData<fn(B)>,
}

impl<S, B> InProcess<S, B> {
    /// Will ask this service.
    #[must_use]
    pub const fn new(service: S) -> Self {
        Self { service, body: std::marker::PhantomData }
    }
}

impl<S, B> fmt::Debug for InProcess<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess").finish_non_exhaustive()
    }
}

#[async_trait]
impl<S, B, R> Transport for InProcess<S, B>
where
    S: Service<Request<B>, Response = Response<R>, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static,
    B: From<Bytes> + Send + 'static,
    R: http_body_util::BodyExt<Data: Send, Error: Into<Box<dyn StdError + Send + Sync>>> + Send + 'static,
{
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Unanswered> {
        let mut service = self.service.clone();
        let ready = poll_fn(|context| service.poll_ready(context)).await;
        let answer = match ready {
            Ok(()) => service.call(request.map(B::from)).await,
            Err(never) => match never {},
        };
        let (parts, body) = answer.unwrap_or_else(|never| match never {}).into_parts();
        let body = body.collect().await.map_err(|error| Unanswered::Lost(error.into()))?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    }
}
