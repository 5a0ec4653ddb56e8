//! Common to all stores: records with revisions, and the unit of work.
//!
//! A unit of work is a value. A use case builds it, it carries as many
//! decisions as were waiting, and it is committed once: all of it or nothing.

use std::fmt;

use crate::domain::account::EmailAddress;
use crate::domain::ids::{AccountId, LetterId, OrderId, PaymentId, TicketId};
use crate::domain::order::IdempotencyKey;
use crate::wire::EventEnvelope;

use super::BoxError;

/// A record as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<R> {
    /// The value.
    pub record: R,
    /// The revision at the time of the read.
    pub revision: Revision,
}

/// Identifies the last write of a record.
///
/// The count alone is not enough: the next write repeats the count of one that was rolled back in a failover,
/// or lost with a restored backup, and may have different content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision {
    /// The number of writes; increases by one with each.
    pub count: u64,
    /// The commit that wrote it last.
    pub token: CommitToken,
}

impl Revision {
    /// The revision that a commit with `token` gives a record at revision `replaced`.
    #[must_use]
    pub const fn after(replaced: Option<Self>, token: CommitToken) -> Self {
        let before = match replaced {
            Some(revision) => revision.count,
            None => 0,
        };
        Self { count: before.saturating_add(1), token }
    }
}

/// Identifies a commit in every history of the store: an adapter draws it at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitToken(pub u64);

impl CommitToken {
    /// The token of commits from before tokens existed.
    pub const NONE: Self = Self(0);
}

impl<R> Stored<R> {
    /// Writes `next` in its place, if nobody else did in the meantime.
    #[must_use]
    pub fn replace<T: From<R>>(&self, next: R) -> Write<T> {
        Write { record: next.into(), replaces: Some(self.revision) }
    }
}

/// One record to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write<R> {
    /// The new value.
    pub record: R,
    /// The revision that it replaces; `None` if the record must not exist yet.
    pub replaces: Option<Revision>,
}

impl<R> Write<R> {
    /// Writes a new record.
    #[must_use]
    pub fn insert(record: impl Into<R>) -> Self {
        Self { record: record.into(), replaces: None }
    }
}

/// Writes and the events that report them, to be committed as one.
///
/// Each record occurs at most once. Events of one aggregate are in the order
/// of their versions.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "nothing happens until the unit of work is committed"]
pub struct UnitOfWork<R> {
    /// The writes.
    pub writes: Vec<Write<R>>,
    /// The events that report them.
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

/// The record or unique key that a write conflicted with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RecordKey {
    /// An account.
    Account(AccountId),
    /// The owner of an e-mail address.
    Email(EmailAddress),
    /// A listing.
    Listing(TicketId),
    /// The listing that a seller asked for under a key.
    ListingKey(AccountId, IdempotencyKey),
    /// A seller.
    Seller(AccountId),
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
    /// An admission.
    Admission(OrderId),
    /// A code of this order's passes, which another pass of the ticket has.
    PassCodes(OrderId),
    /// An entrance.
    Entrance(TicketId),
    /// The door links of a ticket.
    DoorLinks(TicketId),
    /// A letter.
    Letter(LetterId),
    /// The notifications service's replica of an order.
    OrderReplica(OrderId),
    /// The notifications service's replica of a ticket.
    TicketReplica(TicketId),
    /// The alerts of an account.
    Alerts(AccountId),
    /// A ticket as alerts last saw it.
    AlertEntry(TicketId),
}

/// Why a store did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// These changed since they were read, or already exist: reload and decide again.
    #[error("records changed since they were read")]
    Conflict(Vec<RecordKey>),
    /// The store did not respond; a commit may have happened: read before deciding again.
    #[error("the store is unavailable")]
    Unavailable(#[source] BoxError),
    /// A stored record is unreadable: an operator is needed.
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

/// A page request: a slice of a list, in the order of its cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<C> {
    /// The last entry of the previous page; `None` for the first page.
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
            Self::Seller(id) => write!(f, "seller {id}"),
            Self::Stock(id) => write!(f, "stock {id}"),
            Self::Order(id) => write!(f, "order {id}"),
            Self::OrderKey(buyer, key) => write!(f, "order key {key} of {buyer}"),
            Self::Payable(id) => write!(f, "payable {id}"),
            Self::Payment(id) => write!(f, "payment {id}"),
            Self::PaymentKey(buyer, key) => write!(f, "payment key {key} of {buyer}"),
            Self::Admission(order) => write!(f, "admission {order}"),
            Self::PassCodes(order) => write!(f, "codes of the passes of order {order}"),
            Self::Entrance(ticket) => write!(f, "entrance {ticket}"),
            Self::DoorLinks(ticket) => write!(f, "door links {ticket}"),
            Self::Letter(id) => write!(f, "letter {id}"),
            Self::OrderReplica(order) => write!(f, "replica of order {order}"),
            Self::TicketReplica(ticket) => write!(f, "replica of ticket {ticket}"),
            Self::Alerts(account) => write!(f, "alerts of {account}"),
            Self::AlertEntry(ticket) => write!(f, "ticket {ticket} as alerts know it"),
        }
    }
}
