//! The store of the accounts service.

use std::fmt;

use async_trait::async_trait;

use crate::domain::account::{Account, AccountRecord, EmailAddress};
use crate::domain::ids::AccountId;

use super::store::{CommitToken, StoreError, Stored, UnitOfWork};

/// Keeps accounts, and the outbox of the accounts service.
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
/// - What a record no longer has is gone: `a_field_that_is_taken_away_is_gone`.
/// - A cancelled commit leaves all of it or nothing: `a_cancelled_commit_leaves_all_or_nothing`.
/// - A unit of work may carry many decisions: `a_unit_of_work_carries_many_decisions`.
/// - An unreadable record fails only reads that ask for it: `an_unreadable_record_is_corrupt`.
/// - An e-mail address belongs to one account: `an_email_address_belongs_to_one_account`.
/// - An account is found by the address that an earlier release stored: `an_account_of_an_earlier_release_is_found`.
/// - A deleted account is not found; its address is free, and its id is not: `a_deleted_account_frees_its_address`.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::account_store::AccountStore;
/// use ticketing_core::ports::store::{StoreError, UnitOfWork, Write};
/// # use ticketing_core::domain::{account::{Account, PasswordHash}, ids::AccountId, time::Timestamp};
/// # use ticketing_memory::MemoryEngines;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let account = |id, email: &str| {
/// #     let (id, hash) = (AccountId::from_u128(id), PasswordHash::new("…".to_owned()));
/// #     email.parse().map(|email| Account::register(id, email, hash, Timestamp::EPOCH).0)
/// # };
/// let store: &dyn AccountStore = &MemoryEngines::default().accounts;
/// store.commit(UnitOfWork::default().with(Write::insert(account(1, "ada@example.org")?))).await?;
///
/// let same_address = UnitOfWork::default().with(Write::insert(account(2, "Ada@example.org")?));
/// assert!(matches!(store.commit(same_address).await, Err(StoreError::Conflict(_))));
/// assert!(store.account(AccountId::from_u128(2)).await?.is_none());
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait AccountStore: Send + Sync + fmt::Debug + 'static {
    /// The account with this id, if there is one that is not deleted.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    async fn account(&self, id: AccountId) -> Result<Option<Stored<Account>>, StoreError>;

    /// The account that owns this address, in any of its [spellings](EmailAddress::spellings), if there is one.
    ///
    /// If earlier releases created two, the one whose spelling comes first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    async fn account_by_email(&self, email: &EmailAddress) -> Result<Option<Stored<Account>>, StoreError>;

    /// Applies every write and queues every event, or does neither; returns the commit token of the new revisions.
    ///
    /// # Errors
    ///
    /// - [`StoreError::Conflict`] names the conflicting records, or the address that is taken.
    /// - [`StoreError::Unavailable`]: the commit may have happened.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the whole commit or none of it.
    async fn commit(&self, work: UnitOfWork<AccountRecord>) -> Result<CommitToken, StoreError>;
}
