//! The store of the payments service.

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
    /// The payable of an order.
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

/// Everything a decision needs, read in one round trip.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentNeeds {
    /// Payables, by order; each brings the payment that its `live` names.
    pub payables: Vec<OrderId>,
    /// Payments, by id.
    pub payments: Vec<PaymentId>,
    /// Payments, by the idempotency keys of their buyers.
    pub keys: Vec<(AccountId, IdempotencyKey)>,
}

/// The existing records, in any order, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentRecords {
    /// The payables.
    pub payables: Vec<Stored<Payable>>,
    /// The payments, whether requested by id, by key or as live.
    pub payments: Vec<Stored<Payment>>,
}

/// Keeps payables and payments, and the outbox of the payments service.
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
/// - A list skips unreadable records and continues: `unreadable_payments_are_passed_by`.
/// - A key makes at most one payment per buyer: `a_key_makes_one_payment_of_a_buyer`.
/// - Payments that wait for the gateway are found until they are settled, whatever clock they were started by:
///   `unsettled_payments_are_found_until_settled`.
/// - A payable brings its live payment: `a_payable_brings_its_live_payment`.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::payment_store::{PaymentNeeds, PaymentStore};
/// # use ticketing::{AccountId, Market, SandboxGateway};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let market = Market::test().await?;
/// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
/// # let ticket = market.sell(seller, "Opera").price(4500, "EUR").await?;
/// # let order = market.order(buyer, ticket.id).await?;
/// let payment = market.pay(buyer, order.id, SandboxGateway::VISA).await?;
///
/// let store: &dyn PaymentStore = &market.engines().payments;
/// let needs = PaymentNeeds { payables: vec![order.id], ..PaymentNeeds::default() };
/// let read = store.load(&needs).await?;
/// assert_eq!(read.payables[0].record.live, Some(payment.id));
/// assert_eq!(read.payments[0].record, payment, "a payable brings its live payment");
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PaymentStore: Send + Sync + fmt::Debug + 'static {
    /// Reads what a batch of decisions needs.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    async fn load(&self, needs: &PaymentNeeds) -> Result<PaymentRecords, StoreError>;

    /// Payments that are pending or whose refund is due, oldest first, except those started within `young`.
    ///
    /// A start later than now comes from a fast clock: such a payment is returned at once.
    /// They come in pages, so that one that cannot be settled does not starve the rest.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn unsettled(
        &self,
        young: RangeInclusive<Timestamp>,
        page: Page<PaymentId>,
    ) -> Result<Vec<Payment>, StoreError>;

    /// Applies every write and queues every event, or does neither; returns the commit token of the new revisions.
    ///
    /// # Errors
    ///
    /// - [`StoreError::Conflict`] names the conflicting records, or the key that is taken.
    /// - [`StoreError::Unavailable`]: the commit may have happened.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the whole commit or none of it.
    async fn commit(&self, work: UnitOfWork<PaymentRecord>) -> Result<CommitToken, StoreError>;
}
