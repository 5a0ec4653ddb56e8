//! What all stores share: records with revisions, and the unit of work.
//!
//! A unit of work is a value. It is built by a use case, carries as many
//! decisions as were waiting, and is committed once: all of it or nothing.

use std::fmt;

use crate::domain::account::EmailAddress;
use crate::domain::ids::{AccountId, OrderId, PaymentId, TicketId};
use crate::domain::order::IdempotencyKey;
use crate::wire::EventEnvelope;

use super::BoxError;

/// A record as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<R> {
    /// What was read.
    pub record: R,
    /// Which write it was read after.
    pub revision: Revision,
}

/// Which write of a record was the last.
///
/// The count alone would not do: a write that is rolled back in a failover, or lost with a restored
/// backup, is counted again by the next one, which may say something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision {
    /// How often the record was written; moves by one with every write.
    pub count: u64,
    /// The commit that wrote it last.
    pub token: CommitToken,
}

impl Revision {
    /// The revision of a record that a commit wrote in the place of `replaced`.
    #[must_use]
    pub const fn after(replaced: Option<Self>, token: CommitToken) -> Self {
        let before = match replaced {
            Some(revision) => revision.count,
            None => 0,
        };
        Self { count: before.saturating_add(1), token }
    }
}

/// Tells one commit from every other, in whichever history of the store: an adapter draws it at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitToken(pub u64);

impl CommitToken {
    /// Of commits that were made before commits had tokens.
    pub const NONE: Self = Self(0);
}

impl<R> Stored<R> {
    /// Writes `next` in its place, if nobody else did meanwhile.
    #[must_use]
    pub fn replace<T: From<R>>(&self, next: R) -> Write<T> {
        Write { record: next.into(), replaces: Some(self.revision) }
    }
}

/// One record to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write<R> {
    /// What will be read afterwards.
    pub record: R,
    /// The revision that it takes the place of; `None` if there must be no such record.
    pub replaces: Option<Revision>,
}

impl<R> Write<R> {
    /// Writes a record that does not exist yet.
    #[must_use]
    pub fn insert(record: impl Into<R>) -> Self {
        Self { record: record.into(), replaces: None }
    }
}

/// Writes and the events that tell of them, to be committed as one.
///
/// Names each record at most once. Events of one aggregate stand in the order
/// of their versions.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "nothing happens until the unit of work is committed"]
pub struct UnitOfWork<R> {
    /// What changes.
    pub writes: Vec<Write<R>>,
    /// What is told about it.
    pub events: Vec<EventEnvelope>,
}

impl<R> Default for UnitOfWork<R> {
    fn default() -> Self {
        Self { writes: Vec::new(), events: Vec::new() }
    }
}

impl<R> UnitOfWork<R> {
    /// Adds a write.
    pub fn with(mut self, write: Write<R>) -> Self {
        self.writes.push(write);
        self
    }

    /// Adds an event.
    pub fn telling(mut self, event: EventEnvelope) -> Self {
        self.events.push(event);
        self
    }

    /// Whether there is nothing to commit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.events.is_empty()
    }
}

/// What a write collided with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKey {
    /// An account.
    Account(AccountId),
    /// The owner of an e-mail address.
    Email(EmailAddress),
    /// A listing.
    Listing(TicketId),
    /// The listing that a seller asked for under a key.
    ListingKey(AccountId, IdempotencyKey),
    /// A stock.
    Stock(TicketId),
    /// An order.
    Order(OrderId),
    /// The order that a buyer placed under a key.
    OrderKey(AccountId, IdempotencyKey),
    /// A payable.
    Payable(OrderId),
    /// A payment.
    Payment(PaymentId),
    /// The payment that a buyer began under a key.
    PaymentKey(AccountId, IdempotencyKey),
}

/// Why a store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// These changed since they were read, or exist already: reload and decide again.
    #[error("records changed since they were read")]
    Conflict(Vec<RecordKey>),
    /// The store did not answer; a commit may have happened all the same: read before deciding again.
    #[error("the store is unavailable")]
    Unavailable(#[source] BoxError),
    /// What is stored cannot be understood: a human is needed.
    #[error("the store holds what it should not")]
    Corrupt(#[source] BoxError),
}

impl StoreError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Conflict(_) | Self::Unavailable(_) => true,
            Self::Corrupt(_) => false,
        }
    }
}

/// A slice of a list that is read page by page, in the order of its cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<C> {
    /// The last entry of the page before; `None` for the first page.
    pub after: Option<C>,
    /// The most entries to return.
    pub limit: usize,
}

impl<C> Page<C> {
    /// The first `limit` entries.
    #[must_use]
    pub const fn first(limit: usize) -> Self {
        Self { after: None, limit }
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account {id}"),
            Self::Email(_) => f.write_str("an e-mail address"),
            Self::Listing(id) => write!(f, "listing {id}"),
            Self::ListingKey(seller, key) => write!(f, "listing key {key} of {seller}"),
            Self::Stock(id) => write!(f, "stock {id}"),
            Self::Order(id) => write!(f, "order {id}"),
            Self::OrderKey(buyer, key) => write!(f, "order key {key} of {buyer}"),
            Self::Payable(id) => write!(f, "payable {id}"),
            Self::Payment(id) => write!(f, "payment {id}"),
            Self::PaymentKey(buyer, key) => write!(f, "payment key {key} of {buyer}"),
        }
    }
}
