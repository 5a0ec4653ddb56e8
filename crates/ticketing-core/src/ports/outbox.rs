//! The committed events that are not published yet.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::ids::EventId;
use crate::domain::time::Timestamp;
use crate::wire::EventEnvelope;

use super::store::StoreError;

/// The right to publish, until it expires or another process takes it.
///
/// `epoch` is the fencing token: it increases whenever the lease changes hands, and an
/// outbox refuses marks of an earlier epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The holder.
    pub owner: Uuid,
    /// How often the lease has changed hands.
    pub epoch: u64,
}

/// A position in the outbox, valid during one lease; opaque to the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutboxCursor(pub u128);

/// Unpublished events and the cursor after them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PendingEvents {
    /// The events.
    pub events: Vec<EventEnvelope>,
    /// The position of the last; `None` if there are none.
    pub end: Option<OutboxCursor>,
}

/// How much waits to be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    /// How many entries wait; an entry holds an event, or several of one commit.
    pub entries: usize,
    /// When the oldest of them was committed; `None` if there are none.
    pub oldest: Option<Timestamp>,
}

/// Reports how much waits in an outbox, for the metrics of a running process.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `outbox`.
///
/// - The backlog is what is not marked, since when, and looking changes nothing: `the_backlog_is_what_is_not_marked`.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::outbox::OutboxView;
/// # use ticketing_memory::MemoryEngines;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let engines = MemoryEngines::default();
/// let backlog = engines.orders.outbox().backlog(1000).await?;
/// assert_eq!((backlog.entries, backlog.oldest), (0, None));
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait OutboxView: Send + Sync + fmt::Debug + 'static {
    /// What waits, counted up to `most`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn backlog(&self, most: usize) -> Result<Backlog, StoreError>;
}

/// Returns unpublished events until they are marked.
///
/// One process at a time publishes the events of a service; the lease decides which.
/// A process that lost it does no harm: consumers keep the order of versions.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `outbox`.
///
/// - Events come out in the order of their versions, without gaps: `pending_is_contiguous_per_aggregate`.
/// - An unreadable event holds back only later events of its aggregate:
///   `an_unreadable_event_holds_back_its_own_aggregate_alone`.
/// - An unmarked event comes out again: `what_is_not_marked_comes_out_again`.
/// - A marked event never comes out again: `what_is_marked_never_comes_out_again`.
/// - Reading on from a cursor repeats nothing: `a_cursor_reads_on`.
/// - One holder at a time: `a_lease_has_one_holder`.
/// - An expired lease is free: `a_lease_that_ran_out_is_free`.
/// - A mark under a lost lease is refused: `a_stale_lease_marks_nothing`.
/// - A commit wakes a waiting relay, even if it came first: `a_commit_wakes_the_relay`.
/// - Committed events outlive the process (`survives_restart`): `what_was_committed_survives_a_restart`.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ticketing_core::ports::outbox::Outbox;
/// # use ticketing_core::domain::{account::{Account, PasswordHash}, ids::{AccountId, EventId}};
/// # use ticketing_core::ports::{account_store::AccountStore, store::{UnitOfWork, Write}};
/// # use ticketing_core::wire::{Origin, seal};
/// # use ticketing_memory::MemoryEngines;
/// # use uuid::Uuid;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (engines, hash) = (MemoryEngines::default(), PasswordHash::new("…".to_owned()));
/// # let now = engines.env.now();
/// # let (account, event) = Account::register(AccountId::from_u128(1), "ada@example.org".parse()?, hash, now);
/// # let event = seal(&event, EventId::from_u128(2), now, &Origin::new(Uuid::nil()));
/// # let work = UnitOfWork::default().with(Write::insert(account)).telling(event);
/// # let (owner, other) = (Uuid::from_u128(3), Uuid::from_u128(4));
/// engines.accounts.commit(work).await?;
///
/// let outbox: &dyn Outbox = &engines.accounts.outbox();
/// let lease = outbox.lease(owner, Duration::from_secs(10)).await?.ok_or("another process publishes")?;
/// assert_eq!(outbox.lease(other, Duration::from_secs(10)).await?, None);
///
/// let pending = outbox.pending(None, 100).await?.events;
/// assert_eq!(pending.len(), 1);
/// // Publish them here: a crash before the next line publishes them again.
/// outbox.mark_published(lease, &[pending[0].id]).await?;
/// assert_eq!(outbox.pending(None, 100).await?.events, []);
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Outbox: OutboxView {
    /// Whether commits to this outbox and its store outlive the process.
    fn survives_restart(&self) -> bool;

    /// Takes the lease, or extends the one that `owner` holds; `None` while another holds it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: try again later.
    async fn lease(&self, owner: Uuid, span: Duration) -> Result<Option<Lease>, StoreError>;

    /// Releases the lease, so that another process need not wait for its expiry.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: it will expire.
    async fn release(&self, lease: Lease) -> Result<(), StoreError>;

    /// Up to `max` unpublished events after `after`, oldest first.
    ///
    /// For each aggregate they are the lowest unpublished versions after the cursor, in order.
    /// A pass over the outbox begins without a cursor; events committed during it may come with the next one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn pending(&self, after: Option<OutboxCursor>, max: usize) -> Result<PendingEvents, StoreError>;

    /// Deletes events that the transport has.
    ///
    /// # Errors
    ///
    /// - [`StoreError::Conflict`] if the lease is no longer held; nothing is deleted.
    /// - [`StoreError::Unavailable`]: mark again, it does no harm.
    async fn mark_published(&self, lease: Lease, ids: &[EventId]) -> Result<(), StoreError>;

    /// Waits until something may have been committed since the last call of `pending`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no wake-up.
    async fn wait(&self);
}

/// Nothing waits in a mock but what it is set up to return.
#[cfg(any(test, feature = "mocks"))]
#[async_trait]
impl OutboxView for MockOutbox {
    async fn backlog(&self, _: usize) -> Result<Backlog, StoreError> {
        Ok(Backlog::default())
    }
}
