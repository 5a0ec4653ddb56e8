//! Asks loops to end, once and for all of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_channel::oneshot::{Canceled, Receiver, Sender, channel};
use futures_util::FutureExt;
use futures_util::future::Shared;

/// Ends every [`Shutdown`] that was made with it, on request or when dropped.
#[derive(Debug, Clone)]
pub struct ShutdownTrigger(Arc<Trigger>);

/// Says whether a loop should end. A clone follows the same trigger.
#[derive(Debug, Clone)]
pub struct Shutdown {
    /// A shared future that two threads poll at once is pending for one of them, so it cannot say whether.
    is_requested: Arc<AtomicBool>,
    told: Shared<Receiver<()>>,
}

#[derive(Debug)]
struct Trigger {
    is_requested: Arc<AtomicBool>,
    teller: Mutex<Option<Sender<()>>>,
}

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
    let is_requested = Arc::<AtomicBool>::default();
    let trigger = Trigger { is_requested: Arc::clone(&is_requested), teller: Mutex::new(Some(sender)) };
    (ShutdownTrigger(Arc::new(trigger)), Shutdown { is_requested, told: receiver.shared() })
}

impl ShutdownTrigger {
    /// Asks every listener to end.
    pub fn request(&self) {
        self.0.request();
    }
}

impl Trigger {
    fn request(&self) {
        self.is_requested.store(true, Ordering::Release);
        drop(self.teller.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl Drop for Trigger {
    fn drop(&mut self) {
        self.request();
    }
}

impl Shutdown {
    /// Whether it is time to end.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.is_requested.load(Ordering::Acquire)
    }

    /// Waits until it is time to end.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    pub async fn requested(&self) {
        // Nothing is ever sent: this ends when the sender is dropped.
        match self.told.clone().await {
            Ok(()) | Err(Canceled) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_that_ask_at_the_same_moment_hear_the_same() {
        for _ in 0..2000 {
            let (trigger, shutdown) = shutdown();
            trigger.request();
            std::thread::scope(|scope| {
                let ask = || assert!(shutdown.is_requested());
                scope.spawn(ask);
                scope.spawn(ask);
            });
        }
    }

    #[test]
    fn a_trigger_that_is_gone_has_asked() {
        let (trigger, shutdown) = shutdown();
        drop(trigger.clone());
        assert!(!shutdown.is_requested());
        drop(trigger);
        assert!(shutdown.is_requested());
        assert_eq!(shutdown.requested().now_or_never(), Some(()));
    }
}
