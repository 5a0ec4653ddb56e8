//! The store of the orders service.

use std::fmt;

use async_trait::async_trait;

use crate::domain::ids::{AccountId, OrderId, TicketId};
use crate::domain::order::{IdempotencyKey, Order};
use crate::domain::sales_total::SalesTotal;
use crate::domain::stock::Stock;
use crate::domain::time::Timestamp;

use super::store::{CommitToken, Page, StoreError, Stored, UnitOfWork};

/// One kind of record of the orders service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderRecord {
    /// The places of a ticket.
    Stock(Stock),
    /// An order for some of them.
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

/// Everything a batch of decisions needs, read in one round trip.
///
/// An unreadable record that is requested by id or by key is an error. One that only counts against its
/// buyer is skipped, unless its key is also unreadable and might be a requested one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderNeeds {
    /// Stocks, by ticket.
    pub stocks: Vec<TicketId>,
    /// Orders, by id.
    pub orders: Vec<OrderId>,
    /// Orders, by the idempotency keys of their buyers.
    pub keys: Vec<(AccountId, IdempotencyKey)>,
    /// Unpaid orders of these buyers, of those placed at `placed_since` or later according to their ids.
    pub unpaid_of: Vec<AccountId>,
    /// The start of the period in which the requested unpaid orders were placed.
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

/// The existing records, in any order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderRecords {
    /// The stocks.
    pub stocks: Vec<Stored<Stock>>,
    /// The orders, each once, even if requested in several ways.
    pub orders: Vec<Stored<Order>>,
}

/// A cursor in a list of overdue orders: the last entry of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OverdueCursor {
    /// When it was due; equal times are ordered by id.
    pub pay_by: Timestamp,
    /// The entry itself.
    pub id: OrderId,
}

impl OverdueCursor {
    /// The cursor at an order, while it awaits payment.
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
/// - A list skips unreadable records and continues: `unreadable_orders_are_passed_by`.
/// - An unreadable order does not count against its buyer, and keeps its key:
///   `an_unreadable_order_blocks_no_other_order_of_its_buyer`.
/// - A key makes at most one order per buyer: `a_key_makes_one_order_of_a_buyer`.
/// - A read that sees the places an order took also finds it by its key: `a_stock_brings_the_orders_that_changed_it`.
/// - The unpaid orders that a buyer placed recently are found, and no others: `unpaid_orders_count_against_their_buyer`.
/// - A buyer's purchases of a ticket are found: `what_a_buyer_bought_of_a_ticket_is_found`.
/// - A buyer's list has all their orders, newest first, in pages that join: `a_buyer_finds_all_their_orders`.
/// - A ticket's list has all its orders, newest first, in pages that join: `all_orders_of_a_ticket_are_found`.
/// - The orders of a ticket are added up, by currency: `the_orders_of_a_ticket_are_added_up`.
/// - Orders past their deadline are found until they end, in pages that join: `overdue_orders_are_found_until_they_end`.
/// - Stocks of called-off events are found until all their places are free, in pages that join:
///   `called_off_stocks_are_found_until_their_orders_end`.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::order_store::{OrderNeeds, OrderStore};
/// use ticketing_core::ports::store::{StoreError, UnitOfWork};
/// # use ticketing::{AccountId, Market};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let market = Market::test().await?;
/// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
/// # let ticket = market.sell(seller, "Opera").price(4500, "EUR").await?;
/// # let order = market.order(buyer, ticket.id).await?;
/// let store: &dyn OrderStore = &market.engines().orders;
/// let needs = OrderNeeds { stocks: vec![ticket.id], orders: vec![order.id], ..OrderNeeds::default() };
/// let read = store.load(&needs).await?;
/// assert_eq!((&read.orders[0].record, read.stocks[0].record.available()), (&order, 0));
///
/// // Two writers decide on what both read: one of them has to read again.
/// let work = UnitOfWork::default().with(read.stocks[0].replace(read.stocks[0].record.clone()));
/// store.commit(work.clone()).await?;
/// assert!(matches!(store.commit(work).await, Err(StoreError::Conflict(_))));
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait OrderStore: Send + Sync + fmt::Debug + 'static {
    /// Reads what a batch of decisions needs.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    async fn load(&self, needs: &OrderNeeds) -> Result<OrderRecords, StoreError>;

    /// All orders of a buyer, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn orders_of(&self, buyer: AccountId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError>;

    /// All orders of a ticket, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn orders_for(&self, ticket: TicketId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError>;

    /// What the orders of a ticket come to, by currency, in the order of currencies.
    ///
    /// The cost does not depend on how many orders other tickets have. Unreadable orders may count or not.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn sales_totals(&self, ticket: TicketId) -> Result<Vec<SalesTotal>, StoreError>;

    /// Orders that await a payment that was due by `deadline`, most overdue first.
    ///
    /// They come in pages, so that one that cannot be ended does not starve the rest.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn overdue(&self, deadline: Timestamp, page: Page<OverdueCursor>) -> Result<Vec<Order>, StoreError>;

    /// Stocks of events that were called off although places are still held or sold, by their tickets.
    ///
    /// They come in pages, so that one that cannot be ended does not starve the rest.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn called_off(&self, page: Page<TicketId>) -> Result<Vec<Stock>, StoreError>;

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
    async fn commit(&self, work: UnitOfWork<OrderRecord>) -> Result<CommitToken, StoreError>;
}
