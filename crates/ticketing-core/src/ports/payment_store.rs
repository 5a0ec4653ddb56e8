//! Where the payments service keeps its state.

use std::fmt;
use std::ops::RangeInclusive;

use async_trait::async_trait;

use crate::domain::ids::{AccountId, OrderId, PaymentId};
use crate::domain::order::IdempotencyKey;
use crate::domain::payment::{Payable, Payment};
use crate::domain::time::Timestamp;

use super::store::{CommitToken, Page, StoreError, Stored, UnitOfWork};

/// One kind of record of the payments service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentRecord {
    /// An order, as far as money is concerned.
    Payable(Payable),
    /// An attempt to pay it.
    Payment(Payment),
}

impl From<Payable> for PaymentRecord {
    fn from(payable: Payable) -> Self {
        Self::Payable(payable)
    }
}

impl From<Payment> for PaymentRecord {
    fn from(payment: Payment) -> Self {
        Self::Payment(payment)
    }
}

/// What a decision needs to know, read in one round trip.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentNeeds {
    /// Payables, by order; each brings the payment that its `live` names.
    pub payables: Vec<OrderId>,
    /// Payments, by name.
    pub payments: Vec<PaymentId>,
    /// Payments, by what their buyers called the request.
    pub keys: Vec<(AccountId, IdempotencyKey)>,
}

/// What of it exists, in any order and once each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentRecords {
    /// The payables.
    pub payables: Vec<Stored<Payable>>,
    /// The payments, whether asked for by name, by key or as live.
    pub payments: Vec<Stored<Payment>>,
}

/// Keeps payables and payments, and the outbox of the payments service.
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
/// - A list passes by what cannot be read and goes on behind it: `unreadable_payments_are_passed_by`.
/// - Of one buyer, a key makes one payment: `a_key_makes_one_payment_of_a_buyer`.
/// - Payments that wait for the gateway are found until they are settled, whatever clock they began by:
///   `unsettled_payments_are_found_until_settled`.
/// - A payable brings its live payment: `a_payable_brings_its_live_payment`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PaymentStore: Send + Sync + fmt::Debug + 'static {
    /// Reads what a batch of decisions needs.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    async fn load(&self, needs: &PaymentNeeds) -> Result<PaymentRecords, StoreError>;

    /// Payments that are pending or whose refund is due, oldest first, but for those begun within `young`.
    ///
    /// What began later than that began by a clock that ran ahead: nobody waits until its time has come.
    /// They come page by page, so that one which cannot be settled does not starve the rest.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn unsettled(
        &self,
        young: RangeInclusive<Timestamp>,
        page: Page<PaymentId>,
    ) -> Result<Vec<Payment>, StoreError>;

    /// Applies every write and queues every event, or does neither; returns what its records' revisions carry.
    ///
    /// # Errors
    ///
    /// - [`StoreError::Conflict`] names the records, or the key, that another commit took.
    /// - [`StoreError::Unavailable`]: the commit may have happened all the same.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the whole commit or none of it.
    async fn commit(&self, work: UnitOfWork<PaymentRecord>) -> Result<CommitToken, StoreError>;
}
