//! Whether every loop still runs.
//!
//! A loop runs until it is told to stop. One that panics, returns or is dropped
//! before that has ended early: it is logged and counted at that moment, and
//! reported by [`LoopHealth`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use futures_channel::oneshot::{Receiver, Sender, channel};

use crate::messaging::panic::Panicked;
use crate::messaging::shutdown::{Shutdown, ShutdownTrigger, shutdown};
use crate::ports::error_chain;

/// A loop that ended before it was told to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the loop {name} ended before it was told to")]
pub struct LoopEnded {
    /// Which loop.
    pub name: String,
    /// How.
    #[source]
    pub how: EndedBy,
}

/// How a loop ended that should not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndedBy {
    /// It panicked.
    #[error(transparent)]
    Panic(#[from] Panicked),
    /// It returned.
    #[error("it returned")]
    Return,
    /// The runtime dropped its task.
    #[error("its task was dropped")]
    Drop,
}

/// Knows which loops ended early. A clone looks at the same loops.
#[derive(Debug, Clone)]
pub struct LoopHealth(Arc<State>);

#[derive(Debug)]
struct State {
    first: OnceLock<LoopEnded>,
    count: AtomicU64,
    tell: ShutdownTrigger,
    told: Shutdown,
}

impl LoopHealth {
    pub(super) fn new() -> Self {
        let (tell, told) = shutdown();
        Self(Arc::new(State { first: OnceLock::new(), count: AtomicU64::new(0), tell, told }))
    }

    /// The first loop that ended early, if one did.
    #[must_use]
    pub fn first_ended(&self) -> Option<&LoopEnded> {
        self.0.first.get()
    }

    /// How many loops ended early.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.0.count.load(Ordering::Relaxed)
    }

    /// Waits until a loop ends early.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    pub async fn one_ended(&self) {
        self.0.told.requested().await;
    }

    fn note(&self, ended: LoopEnded) {
        let (name, cause) = (&ended.name, error_chain(&ended.how));
        let before = self.0.count.fetch_add(1, Ordering::Relaxed);
        match ended.how {
            // A runtime that ends drops every loop: one line says so.
            EndedBy::Drop if before > 0 => {}
            EndedBy::Drop => tracing::warn!(
                name,
                "the runtime dropped the loop {name}, and those beside it: call `close()` on the market, or `stop()` on \
                 the loops, before their runtime ends"
            ),
            EndedBy::Panic(_) | EndedBy::Return => {
                tracing::error!(name, cause, "the loop {name} ended before it was told to");
            }
        }
        // Only the first is kept: the others often follow from it.
        self.0.first.get_or_init(|| ended);
        self.0.tell.request();
    }
}

/// Looks after one loop, from its start until its task is gone.
pub(super) struct Watch {
    name: String,
    health: LoopHealth,
    /// Says whether the loop was told to stop.
    stop: Shutdown,
    how: EndedBy,
    /// Dropped behind everything else: then the task is gone, and how it ended is known.
    _gone: Sender<()>,
}

impl Watch {
    /// Watches a loop; the receiver hears, by an error, that its task is gone.
    pub(super) fn new(name: String, health: LoopHealth, stop: Shutdown) -> (Self, Receiver<()>) {
        let (gone, end) = channel();
        (Self { name, health, stop, how: EndedBy::Drop, _gone: gone }, end)
    }

    /// Takes note of how the loop came to its end.
    pub(super) fn end(mut self, outcome: Result<(), Panicked>) {
        self.how = outcome.map_or_else(EndedBy::Panic, |()| EndedBy::Return);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let is_panic = matches!(self.how, EndedBy::Panic(_));
        if is_panic || !self.stop.is_requested() {
            let how = std::mem::replace(&mut self.how, EndedBy::Drop);
            self.health.note(LoopEnded { name: std::mem::take(&mut self.name), how });
        }
    }
}
