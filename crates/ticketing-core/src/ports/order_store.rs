//! Where the orders service keeps its state.

use std::fmt;

use async_trait::async_trait;

use crate::domain::ids::{AccountId, OrderId, TicketId};
use crate::domain::order::{IdempotencyKey, Order};
use crate::domain::stock::Stock;
use crate::domain::time::Timestamp;

use super::store::{CommitToken, Page, StoreError, Stored, UnitOfWork};

/// One kind of record of the orders service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderRecord {
    /// The places of a ticket.
    Stock(Stock),
    /// Some of them for a buyer.
    Order(Order),
}

impl From<Stock> for OrderRecord {
    fn from(stock: Stock) -> Self {
        Self::Stock(stock)
    }
}

impl From<Order> for OrderRecord {
    fn from(order: Order) -> Self {
        Self::Order(order)
    }
}

/// What a batch of decisions needs to know, read in one round trip.
///
/// A record that is asked for by name or by key, and cannot be read, is an error. One that only counts against its
/// buyer is passed by, unless its key cannot be read either and might be one of those that are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderNeeds {
    /// Stocks, by ticket.
    pub stocks: Vec<TicketId>,
    /// Orders, by name.
    pub orders: Vec<OrderId>,
    /// Orders, by what their buyers called the request.
    pub keys: Vec<(AccountId, IdempotencyKey)>,
    /// Orders of these buyers that are not paid, of those placed at `placed_since` or later, by their ids.
    pub unpaid_of: Vec<AccountId>,
    /// Since when unpaid orders were placed that are asked for.
    pub placed_since: Timestamp,
    /// Completed orders of these buyers for these tickets.
    pub bought: Vec<(AccountId, TicketId)>,
}

impl OrderNeeds {
    /// Whether nothing needs to be read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let no_orders = self.orders.is_empty() && self.keys.is_empty();
        self.stocks.is_empty() && no_orders && self.unpaid_of.is_empty() && self.bought.is_empty()
    }
}

/// What of it exists, in any order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderRecords {
    /// The stocks.
    pub stocks: Vec<Stored<Stock>>,
    /// The orders, each once, however they were asked for.
    pub orders: Vec<Stored<Order>>,
}

/// A place in a list of overdue orders: the entry that a page ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OverdueCursor {
    /// When it was due; what is equal by it is ordered by id.
    pub pay_by: Timestamp,
    /// The entry itself.
    pub id: OrderId,
}

impl OverdueCursor {
    /// The place of an order in the list, while it awaits payment.
    #[must_use]
    pub fn of(order: &Order) -> Option<Self> {
        Some(Self { pay_by: order.pay_by().ok()?, id: order.id })
    }
}

/// Keeps stocks and orders, and the outbox of the orders service.
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
/// - A list passes by what cannot be read and goes on behind it: `unreadable_orders_are_passed_by`.
/// - An order that cannot be read does not count against its buyer, and keeps its key:
///   `an_unreadable_order_blocks_no_other_order_of_its_buyer`.
/// - Of one buyer, a key makes one order: `a_key_makes_one_order_of_a_buyer`.
/// - Whoever sees the places that an order took finds it by its key: `a_stock_brings_the_orders_that_changed_it`.
/// - The unpaid orders that a buyer placed lately are found, and no others: `unpaid_orders_count_against_their_buyer`.
/// - What a buyer bought of a ticket is found: `what_a_buyer_bought_of_a_ticket_is_found`.
/// - A buyer's own list has all that is theirs, newest first, in pages that join: `a_buyer_finds_all_their_orders`.
/// - Orders past their deadline are found until they end, in pages that join: `overdue_orders_are_found_until_they_end`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait OrderStore: Send + Sync + fmt::Debug + 'static {
    /// Reads what a batch of decisions needs.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    async fn load(&self, needs: &OrderNeeds) -> Result<OrderRecords, StoreError>;

    /// What a buyer ever ordered, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn orders_of(&self, buyer: AccountId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError>;

    /// Orders that await a payment which was due by `deadline`, most overdue first.
    ///
    /// They come page by page, so that one which cannot be ended does not starve the rest.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn overdue(&self, deadline: Timestamp, page: Page<OverdueCursor>) -> Result<Vec<Order>, StoreError>;

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
    async fn commit(&self, work: UnitOfWork<OrderRecord>) -> Result<CommitToken, StoreError>;
}
