//! Asks loops to end, once and for all of them.

use std::sync::{Arc, Mutex, PoisonError};

use futures_channel::oneshot::{Canceled, Receiver, Sender, channel};
use futures_util::FutureExt;
use futures_util::future::Shared;

/// Ends every [`Shutdown`] that was made with it, when told to or dropped.
#[derive(Debug, Clone)]
pub struct ShutdownTrigger(Arc<Mutex<Option<Sender<()>>>>);

/// Tells a loop whether it should end. A clone hears the same trigger.
#[derive(Debug, Clone)]
pub struct Shutdown(Shared<Receiver<()>>);

/// A trigger and what listens to it.
///
/// # Examples
///
/// ```
/// let (trigger, shutdown) = ticketing_core::messaging::shutdown::shutdown();
/// assert!(!shutdown.is_requested());
/// trigger.request();
/// assert!(shutdown.is_requested());
/// ```
#[must_use]
pub fn shutdown() -> (ShutdownTrigger, Shutdown) {
    let (sender, receiver) = channel();
    (ShutdownTrigger(Arc::new(Mutex::new(Some(sender)))), Shutdown(receiver.shared()))
}

impl ShutdownTrigger {
    /// Asks every listener to end.
    pub fn request(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl Shutdown {
    /// Whether it is time to end.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.0.clone().now_or_never().is_some()
    }

    /// Waits until it is time to end.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    pub async fn requested(&self) {
        // Nothing is ever sent: this ends when the sender is dropped.
        match self.0.clone().await {
            Ok(()) | Err(Canceled) => {}
        }
    }
}
