//! Where the accounts service keeps its state.

use std::fmt;

use async_trait::async_trait;

use crate::domain::account::{Account, EmailAddress};
use crate::domain::ids::AccountId;

use super::store::{CommitToken, StoreError, Stored, UnitOfWork};

/// Keeps accounts, and the outbox of the accounts service.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `store`.
///
/// - A commit is all or nothing: `a_stale_commit_leaves_no_trace`.
/// - A conflict names what changed: `a_conflict_names_what_changed`.
/// - Of two commits against one revision, one wins: `one_of_two_racing_commits_wins`.
/// - A revision that was read in another history of the record, such as a backup, conflicts however often each
///   was written: `a_revision_of_another_history_conflicts`.
/// - Writers who reload after a conflict lose nothing: `writers_who_reload_lose_nothing`.
/// - An insert of what exists is refused: `an_insert_of_what_exists_is_refused`.
/// - What was committed is read back, one revision further: `a_commit_is_visible_to_the_next_read`.
/// - Whoever stops waiting for a commit leaves all of it or nothing: `a_cancelled_commit_leaves_all_or_nothing`.
/// - A unit of work may carry many decisions: `a_unit_of_work_carries_many_decisions`.
/// - A record that cannot be read is told to whoever asks for it, and to nobody else: `an_unreadable_record_is_corrupt`.
/// - An e-mail address belongs to one account: `an_email_address_belongs_to_one_account`.
/// - An account is found and read by the address that an earlier release kept: `an_account_of_an_earlier_release_is_found`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait AccountStore: Send + Sync + fmt::Debug + 'static {
    /// The account of this name, if there is one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    async fn account(&self, id: AccountId) -> Result<Option<Stored<Account>>, StoreError>;

    /// The account that owns this address, in any of its [spellings](EmailAddress::spellings), if there is one.
    ///
    /// Where earlier releases gave it two, the one whose spelling comes first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    async fn account_by_email(&self, email: &EmailAddress) -> Result<Option<Stored<Account>>, StoreError>;

    /// Applies every write and queues every event, or does neither; returns what its records' revisions carry.
    ///
    /// # Errors
    ///
    /// - [`StoreError::Conflict`] names the records, or the address, that another commit took.
    /// - [`StoreError::Unavailable`]: the commit may have happened all the same.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the whole commit or none of it.
    async fn commit(&self, work: UnitOfWork<Account>) -> Result<CommitToken, StoreError>;
}
