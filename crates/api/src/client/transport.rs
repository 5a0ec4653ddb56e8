//! How requests reach the marketplace.

use std::error::Error as StdError;
use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

/// Brings requests to the marketplace, and answers back.
///
/// A transport of your own, for TLS or a proxy, takes a dozen lines around the HTTP client that you use anyway.
#[async_trait]
pub trait Transport: Send + Sync + fmt::Debug + 'static {
    /// Sends a request whose URI is a path, and reads the whole answer, whatever its status.
    ///
    /// # Errors
    ///
    /// [`Unanswered`].
    ///
    /// # Cancel safety
    ///
    /// A request whose future is dropped may have been received.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Unanswered>;
}

/// There was no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// The request never left: nothing happened.
    #[error("the marketplace cannot be reached")]
    Unreachable(#[source] Box<dyn StdError + Send + Sync>),
    /// The request may have been received: what it asks for may happen.
    #[error("the marketplace did not answer")]
    Lost(#[source] Box<dyn StdError + Send + Sync>),
}
