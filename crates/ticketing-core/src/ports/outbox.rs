//! The events that were committed and are not published yet.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::ids::EventId;
use crate::wire::EventEnvelope;

use super::store::StoreError;

/// The right to publish, until it runs out or another takes it.
///
/// `epoch` is the fence: it grows whenever the lease changes hands, and an
/// outbox refuses marks of an epoch that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Who holds it.
    pub owner: Uuid,
    /// How often it changed hands.
    pub epoch: u64,
}

/// A place in the outbox, valid while one lease lasts; opaque to the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutboxCursor(pub u128);

/// Unpublished events and where they end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PendingEvents {
    /// The events.
    pub events: Vec<EventEnvelope>,
    /// The last of them; `None` if there are none.
    pub end: Option<OutboxCursor>,
}

/// Hands out what is not published, until it is marked.
///
/// One process at a time publishes the events of a service; the lease says which.
/// A process that lost it does no harm: consumers keep the order of versions.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `outbox`.
///
/// - Events come out in the order of their versions, with none left out: `pending_is_contiguous_per_aggregate`.
/// - An event that cannot be read holds back later events of its aggregate, and nothing else:
///   `an_unreadable_event_holds_back_its_own_aggregate_alone`.
/// - What is not marked comes out again: `what_is_not_marked_comes_out_again`.
/// - What is marked never comes out again: `what_is_marked_never_comes_out_again`.
/// - Reading on from a cursor repeats nothing: `a_cursor_reads_on`.
/// - One holder at a time: `a_lease_has_one_holder`.
/// - A lease that ran out is free: `a_lease_that_ran_out_is_free`.
/// - A mark under a lost lease is refused: `a_stale_lease_marks_nothing`.
/// - A commit wakes who waits, even if it came first: `a_commit_wakes_the_relay`.
/// - What was committed outlives the process (`survives_restart`): `what_was_committed_survives_a_restart`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Outbox: Send + Sync + fmt::Debug + 'static {
    /// Whether what is committed here, with the store that it belongs to, outlives the process.
    fn survives_restart(&self) -> bool;

    /// Takes the lease, or prolongs the one that `owner` holds; `None` while another holds it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: try again later.
    async fn lease(&self, owner: Uuid, span: Duration) -> Result<Option<Lease>, StoreError>;

    /// Gives the lease back, so that another need not wait for its end.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: it will run out by itself.
    async fn release(&self, lease: Lease) -> Result<(), StoreError>;

    /// Up to `max` unpublished events, oldest first, behind `after`.
    ///
    /// For each aggregate they are the lowest unpublished versions behind the cursor, in order.
    /// A pass over the outbox begins without a cursor; what is committed while it goes on may come with the next one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn pending(&self, after: Option<OutboxCursor>, max: usize) -> Result<PendingEvents, StoreError>;

    /// Forgets events that the transport has.
    ///
    /// # Errors
    ///
    /// - [`StoreError::Conflict`] if the lease is no longer held; nothing is forgotten.
    /// - [`StoreError::Unavailable`]: mark again, it does no harm.
    async fn mark_published(&self, lease: Lease, ids: &[EventId]) -> Result<(), StoreError>;

    /// Waits until something may have been committed since the last call of `pending`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no wake-up.
    async fn wait(&self);
}
