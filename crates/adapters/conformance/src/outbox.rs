//! Rules of [`Outbox`].
#![expect(clippy::missing_panics_doc, reason = "rules panic by design")]

mod backlog;
mod leases;
mod marking;
mod order;
mod surviving;
mod unreadable;
mod waking;

use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::domain::ids::EventId;
use ticketing_core::ports::outbox::{Outbox, OutboxCursor, PendingEvents};
use ticketing_core::ports::store::StoreError;
use ticketing_core::wire::EventEnvelope;

use crate::report::Family;
use crate::time::{TimeFixture, soon};

pub use backlog::the_backlog_is_what_is_not_marked;
pub use leases::{a_lease_has_one_holder, a_lease_that_ran_out_is_free, a_stale_lease_marks_nothing};
pub use marking::{a_cursor_reads_on, what_is_marked_never_comes_out_again, what_is_not_marked_comes_out_again};
pub use order::pending_is_contiguous_per_aggregate;
pub use surviving::what_was_committed_survives_a_restart;
pub use unreadable::an_unreadable_event_holds_back_its_own_aggregate_alone;
pub use waking::a_commit_wakes_the_relay;

/// Every rule of this module.
pub const OUTBOX: Family<dyn OutboxFixture> = crate::outbox!(@ [family]);

/// The outbox of an empty store.
#[async_trait]
pub trait OutboxFixture: TimeFixture {
    /// The outbox; every handle is to the same events.
    fn outbox(&self) -> Arc<dyn Outbox>;

    /// Commits these events in one unit of work, without any write.
    ///
    /// # Errors
    ///
    /// As the store of the outbox.
    async fn commit(&self, events: Vec<EventEnvelope>) -> Result<(), StoreError>;

    /// The outbox as the next process finds it, opened from what is kept alone.
    ///
    /// Called only where `survives_restart` is claimed.
    async fn reopened(&self) -> Arc<dyn Outbox>;

    /// Makes an event that waits unreadable, but for whose it is; `false` if that cannot be.
    async fn spoil(&self, _event: EventId) -> bool {
        false
    }
}

/// Everything that is pending, read from the start in large slices.
pub(crate) async fn all_pending(outbox: &dyn Outbox) -> Vec<EventEnvelope> {
    scan(outbox, 1000).await
}

/// Everything that is pending, read from the start in slices of `max`.
async fn scan(outbox: &dyn Outbox, max: usize) -> Vec<EventEnvelope> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let slice = pending(outbox, after, max).await;
        assert_eq!(slice.events.is_empty(), slice.end.is_none(), "a slice ends where its last event is");
        assert!(slice.events.len() <= max, "{} events came where {max} were asked for", slice.events.len());
        all.extend(slice.events);
        if slice.end.is_none() {
            return all;
        }
        assert!(slice.end > after, "a cursor that is read on moves on");
        after = slice.end;
    }
}

async fn pending(outbox: &dyn Outbox, after: Option<OutboxCursor>, max: usize) -> PendingEvents {
    soon("pending events are read", outbox.pending(after, max)).await.expect("pending events are read")
}

async fn commit(fixture: &dyn OutboxFixture, events: Vec<EventEnvelope>) {
    soon("a commit is answered", fixture.commit(events)).await.expect("a commit succeeds");
}
