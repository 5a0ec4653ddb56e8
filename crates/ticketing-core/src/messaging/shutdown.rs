//! Asks loops to end, once and for all of them.

use async_channel::{Receiver, Sender};

/// Ends every [`Shutdown`] that was made with it, when told to or dropped.
#[derive(Debug, Clone)]
pub struct ShutdownTrigger(Sender<()>);

/// Tells a loop whether it should end. A clone hears the same trigger.
#[derive(Debug, Clone)]
pub struct Shutdown(Receiver<()>);

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
    let (sender, receiver) = async_channel::bounded(1);
    (ShutdownTrigger(sender), Shutdown(receiver))
}

impl ShutdownTrigger {
    /// Asks every listener to end.
    pub fn request(&self) {
        self.0.close();
    }
}

impl Shutdown {
    /// Whether it is time to end.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.0.is_closed()
    }

    /// Waits until it is time to end.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    pub async fn requested(&self) {
        // Nothing is ever sent, so this ends when the channel is closed.
        self.0.recv().await.unwrap_or_default();
    }
}
