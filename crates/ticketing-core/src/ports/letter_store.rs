//! The store of the notifications service.

use std::fmt;

use async_trait::async_trait;

use crate::domain::alert::{Alerts, Candidate, Filed, Handle};
use crate::domain::ids::{AccountId, LetterId, OrderId, TicketId};
use crate::domain::letter::Letter;
use crate::domain::order::Order;
use crate::domain::search::SearchEntry;
use crate::domain::ticket::Ticket;
use crate::domain::time::Timestamp;

use super::store::{CommitToken, Page, StoreError, Stored, UnitOfWork};

/// One kind of record of the notifications service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LetterRecord {
    /// A letter.
    Letter(Letter),
    /// Its replica of an order that was completed.
    Order(Order),
    /// Its replica of a ticket.
    Ticket(Ticket),
    /// The alerts of an account.
    Alerts(Alerts),
    /// A ticket with its sales, as alerts last saw it.
    Entry(SearchEntry),
}

impl From<Letter> for LetterRecord {
    fn from(letter: Letter) -> Self {
        Self::Letter(letter)
    }
}

impl From<Order> for LetterRecord {
    fn from(order: Order) -> Self {
        Self::Order(order)
    }
}

impl From<Ticket> for LetterRecord {
    fn from(ticket: Ticket) -> Self {
        Self::Ticket(ticket)
    }
}

impl From<Alerts> for LetterRecord {
    fn from(alerts: Alerts) -> Self {
        Self::Alerts(alerts)
    }
}

impl From<SearchEntry> for LetterRecord {
    fn from(entry: SearchEntry) -> Self {
        Self::Entry(entry)
    }
}

/// Everything a decision needs, read in one round trip.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LetterNeeds {
    /// Letters.
    pub letters: Vec<LetterId>,
    /// Replicas of orders.
    pub orders: Vec<OrderId>,
    /// Replicas of tickets.
    pub tickets: Vec<TicketId>,
    /// The alerts of accounts.
    pub alerts: Vec<AccountId>,
    /// Tickets as alerts last saw them.
    pub entries: Vec<TicketId>,
}

/// The existing records, in any order, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LetterRecords {
    /// The letters.
    pub letters: Vec<Stored<Letter>>,
    /// The replicas of orders.
    pub orders: Vec<Stored<Order>>,
    /// The replicas of tickets.
    pub tickets: Vec<Stored<Ticket>>,
    /// The alerts of accounts.
    pub alerts: Vec<Stored<Alerts>>,
    /// Tickets as alerts last saw them.
    pub entries: Vec<Stored<SearchEntry>>,
}

/// Keeps letters and alerts, and the replicas of orders and tickets that they tell of.
///
/// A store may forget a letter 30 days after it was sent or dropped.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `store`.
///
/// - A commit is all or nothing: `a_stale_commit_leaves_no_trace`.
/// - A conflict names the changed records: `a_conflict_names_what_changed`.
/// - Of two commits against one revision, one wins: `one_of_two_racing_commits_wins`.
/// - A revision that was read in another history of the record, such as a backup, conflicts however often each
///   was written: `a_revision_of_another_history_conflicts`.
/// - Writers who reload after a conflict lose nothing: `writers_who_reload_lose_nothing`.
/// - An insert of an existing record is refused: `an_insert_of_what_exists_is_refused`.
/// - A committed record is read back with the next revision: `a_commit_is_visible_to_the_next_read`.
/// - A cancelled commit leaves all of it or nothing: `a_cancelled_commit_leaves_all_or_nothing`.
/// - A unit of work may carry many decisions: `a_unit_of_work_carries_many_decisions`.
/// - An unreadable record fails only reads that ask for it: `an_unreadable_record_is_corrupt`.
/// - Letters that are due come, the earliest first, until they are sent or dropped:
///   `letters_come_when_they_are_due`.
/// - All replicas of a ticket's orders are listed, in pages that join: `the_buyers_of_a_ticket_are_listed`.
/// - Alerts are found by every handle that they have, and by none that they had, with their sieves and in pages that
///   join, each person once for each handle: `alerts_are_found_by_their_handles`.
/// - A list skips unreadable records and continues: `unreadable_letters_are_passed_by`.
///
/// # Examples
///
/// ```
/// use ticketing_core::domain::letter::{Letter, LetterCause, LetterReason};
/// use ticketing_core::ports::letter_store::LetterStore;
/// use ticketing_core::ports::store::{UnitOfWork, Write};
/// # use ticketing_core::domain::{ids::AccountId, time::Timestamp};
/// # use ticketing_memory::MemoryEngines;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (ada, at) = (AccountId::from_u128(1), Timestamp::from_millis(1_000));
/// let store: &dyn LetterStore = &MemoryEngines::default().letters;
/// let cause = LetterCause { subject: ada.uuid(), number: 2, at };
/// let letter = Letter::new(ada, LetterReason::PasswordChanged, cause);
/// store.commit(UnitOfWork::default().with(Write::insert(letter.clone()))).await?;
///
/// assert!(store.due(Timestamp::from_millis(999), 10).await?.is_empty());
/// assert_eq!(store.due(at, 10).await?[0].record, letter);
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait LetterStore: Send + Sync + fmt::Debug + 'static {
    /// Reads what a batch of decisions needs.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    async fn load(&self, needs: &LetterNeeds) -> Result<LetterRecords, StoreError>;

    /// The letters that are [due](Letter::due_at) at `now`, the earliest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Stored<Letter>>, StoreError>;

    /// The replicas of a ticket's orders, in the order of their ids.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn orders_of(&self, ticket: TicketId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError>;

    /// People who have alerts that are filed under these handles ([`Alerts::filed`]): each once for each handle, in an
    /// order of the store's own.
    ///
    /// Reads no record of theirs, so it may find some whose record cannot be read. Costs as much as there are handles
    /// and results, however many alerts there are; a few hundred handles at a time.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn alerts_under(&self, handles: &[Handle], page: Page<Filed>) -> Result<Vec<Candidate>, StoreError>;

    /// Applies every write and queues every event, or does neither; returns the commit token of the new revisions.
    ///
    /// # Errors
    ///
    /// - [`StoreError::Conflict`] names the conflicting records.
    /// - [`StoreError::Unavailable`]: the commit may have happened.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the whole commit or none of it.
    async fn commit(&self, work: UnitOfWork<LetterRecord>) -> Result<CommitToken, StoreError>;
}
