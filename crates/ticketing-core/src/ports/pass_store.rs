//! The store of the admissions service.

use std::fmt;

use async_trait::async_trait;

use crate::domain::admission::{Admission, Entrance, PassCounts};
use crate::domain::door_links::DoorLinks;
use crate::domain::ids::{OrderId, PassId, TicketId};
use crate::domain::pass::PassCode;

use super::store::{CommitToken, Page, StoreError, Stored, UnitOfWork};

/// One kind of record of the admissions service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PassRecord {
    /// The passes of an order.
    Admission(Admission),
    /// The door of a ticket.
    Entrance(Entrance),
    /// The links to that door.
    DoorLinks(DoorLinks),
}

impl From<Admission> for PassRecord {
    fn from(admission: Admission) -> Self {
        Self::Admission(admission)
    }
}

impl From<Entrance> for PassRecord {
    fn from(entrance: Entrance) -> Self {
        Self::Entrance(entrance)
    }
}

impl From<DoorLinks> for PassRecord {
    fn from(links: DoorLinks) -> Self {
        Self::DoorLinks(links)
    }
}

/// Everything a decision needs, read in one round trip.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PassNeeds {
    /// Admissions, by order.
    pub admissions: Vec<OrderId>,
    /// Entrances, by ticket.
    pub entrances: Vec<TicketId>,
    /// Door links, by ticket.
    pub door_links: Vec<TicketId>,
    /// Admissions, by one of their passes.
    pub passes: Vec<PassId>,
    /// Admissions, by the ticket and the code of one of their passes.
    pub codes: Vec<(TicketId, PassCode)>,
}

/// The existing records, in any order, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PassRecords {
    /// The admissions, whether requested by order, by pass or by code.
    pub admissions: Vec<Stored<Admission>>,
    /// The entrances.
    pub entrances: Vec<Stored<Entrance>>,
    /// The door links.
    pub door_links: Vec<Stored<DoorLinks>>,
}

/// Keeps admissions, entrances and door links, and the outbox of the admissions service.
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
/// - An admission is found by its order, by a pass and by the code of a pass, once:
///   `an_admission_is_found_by_a_pass_or_a_code`.
/// - A code belongs to one pass of a ticket; a commit that gives it to another names the order that wanted it:
///   `a_code_belongs_to_one_pass_of_a_ticket`.
/// - All admissions of a ticket are listed, in pages that join: `the_admissions_of_a_ticket_are_listed`.
/// - A list skips unreadable records and continues: `unreadable_admissions_are_passed_by`.
/// - The passes of a ticket are counted as they are: `the_passes_of_a_ticket_are_counted`.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use ticketing::{AccountId, Market};
/// use ticketing_core::assembly::Settings;
/// use ticketing_core::ports::pass_store::{PassNeeds, PassStore};
/// use ticketing_crypto::Ed25519Signer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let market = Market::test().await?;
/// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
/// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
/// # let order = market.order(buyer, opera.id).places(2).await?;
/// # market.pay(buyer, order.id, "tok_visa").await?;
/// # market.settle().await?;
/// let engines = market.engines();
/// let context = engines.service_context(Settings::default());
/// let (admissions, mut loops) = context.admissions(engines.pass_ports(), Arc::new(Ed25519Signer::generate()))?;
/// loops.settle().await?;
/// # let _ = admissions;
///
/// let store: &dyn PassStore = &engines.passes;
/// let by_order = PassNeeds { admissions: vec![order.id], ..PassNeeds::default() };
/// let admission = store.load(&by_order).await?.admissions.remove(0);
/// let code = admission.record.passes[0].code;
///
/// let by_code = PassNeeds { codes: vec![(opera.id, code)], ..PassNeeds::default() };
/// assert_eq!(store.load(&by_code).await?.admissions, [admission]);
/// assert_eq!(store.counts(opera.id).await?.issued, 2);
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PassStore: Send + Sync + fmt::Debug + 'static {
    /// Reads what a batch of decisions needs.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    async fn load(&self, needs: &PassNeeds) -> Result<PassRecords, StoreError>;

    /// The admissions of a ticket, in the order of their orders' ids.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn admissions_of(&self, ticket: TicketId, page: Page<OrderId>) -> Result<Vec<Admission>, StoreError>;

    /// How many passes of a ticket are in each state.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn counts(&self, ticket: TicketId) -> Result<PassCounts, StoreError>;

    /// Applies every write and queues every event, or does neither; returns the commit token of the new revisions.
    ///
    /// # Errors
    ///
    /// - [`StoreError::Conflict`] names the conflicting records, or the order whose codes are taken.
    /// - [`StoreError::Unavailable`]: the commit may have happened.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the whole commit or none of it.
    async fn commit(&self, work: UnitOfWork<PassRecord>) -> Result<CommitToken, StoreError>;
}
