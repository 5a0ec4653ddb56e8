//! A panic as a failure that can be logged, counted and acted on.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};

use futures_util::FutureExt;

/// Code that was called panicked instead of answering.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it panicked: {0}")]
pub struct Panicked(String);

impl Panicked {
    fn of(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Self(text.unwrap_or("without a message").to_owned())
    }
}

/// Runs a future to its end or to its panic.
///
/// A panic may leave what the future changes half changed: the caller must not use it again.
pub(crate) async fn caught<T>(future: impl Future<Output = T>) -> Result<T, Panicked> {
    AssertUnwindSafe(future).catch_unwind().await.map_err(|payload| Panicked::of(&*payload))
}

/// The same for a call that does not wait.
pub(crate) fn caught_now<T>(call: impl FnOnce() -> T) -> Result<T, Panicked> {
    panic::catch_unwind(AssertUnwindSafe(call)).map_err(|payload| Panicked::of(&*payload))
}
