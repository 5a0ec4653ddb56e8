//! The value that a handler answers with, before it is written as JSON.
//!
//! The edge writes it; a page of the same process takes the value as it is.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::http::problem::Problem;

/// What is to be written as JSON, left with a response.
#[derive(Clone)]
pub(crate) struct Unwritten(Arc<dyn Value>);

trait Value: Any + Send + Sync {
    fn json(&self) -> serde_json::Result<Vec<u8>>;
}

impl<T: Serialize + Any + Send + Sync> Value for T {
    fn json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }
}

impl Unwritten {
    pub(crate) fn new<T: Serialize + Send + Sync + 'static>(value: T) -> Self {
        Self(Arc::new(value))
    }

    /// The value itself; `None` if it is of another type.
    pub(crate) fn value<T: Clone + Send + Sync + 'static>(self) -> Option<T> {
        let value: Arc<dyn Any + Send + Sync> = self.0;
        value.downcast().ok().map(Arc::unwrap_or_clone)
    }

    /// Writes what was left with a response, if anything was.
    pub(crate) fn write(response: &mut Response) {
        let Some(Self(value)) = response.extensions_mut().remove() else { return };
        match value.json() {
            Ok(json) => *response.body_mut() = Body::from(json),
            Err(error) => *response = Problem::broken(error).into_response(),
        }
    }
}

impl fmt::Debug for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unwritten").finish_non_exhaustive()
    }
}
