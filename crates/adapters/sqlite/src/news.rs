//! Wakes those who wait for what others commit.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// How often something was committed, and how much of that was looked at.
#[derive(Debug, Default)]
pub(crate) struct News {
    rung: AtomicU64,
    seen: AtomicU64,
    bell: Notify,
}

impl News {
    /// Something was committed.
    pub(crate) fn ring(&self) {
        self.rung.fetch_add(1, Ordering::Release);
        self.bell.notify_waiters();
    }

    /// Something else changed that those who wait may want to know.
    pub(crate) fn wake(&self) {
        self.bell.notify_waiters();
    }

    /// A look begins, which finds all that was committed before.
    pub(crate) fn look(&self) {
        self.seen.store(self.rung(), Ordering::Release);
    }

    /// How often it was rung.
    pub(crate) fn rung(&self) -> u64 {
        self.rung.load(Ordering::Acquire)
    }

    /// The next ring from now on, no matter who looks.
    pub(crate) fn next(&self) -> Notified<'_> {
        self.bell.notified()
    }

    /// Waits until something may have been committed since the last look.
    pub(crate) async fn wait(&self) {
        let rung = self.bell.notified();
        tokio::pin!(rung);
        // Order matters: listening begins before the look, so a commit between the two is heard.
        rung.as_mut().enable();
        if self.rung() == self.seen.load(Ordering::Acquire) {
            rung.await;
        }
    }
}
