//! The orders service's store.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Bound;
use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::domain::ids::{AccountId, OrderId, TicketId};
use ticketing_core::domain::order::{IdempotencyKey, Order, OrderStatus};
use ticketing_core::domain::sales_total::SalesTotal;
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::order_store::{OrderNeeds, OrderRecord, OrderRecords, OrderStore, OverdueCursor};
use ticketing_core::ports::store::{CommitToken, Page, RecordKey, Revision, StoreError, UnitOfWork};
use ticketing_core::ports::unreadable::{Listed, Unreadable};

use crate::faults::FaultPlan;
use crate::outbox::MemoryOutbox;
use crate::store::{Store, Table, Tables};

/// Keeps stocks and orders in memory. A clone is a handle to the same store.
#[derive(Debug, Clone)]
pub struct MemoryOrderStore(pub(crate) Store<OrderTables>);

impl MemoryOrderStore {
    /// An empty store; the clock measures the lease of its outbox.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self(Store::new(clock))
    }

    /// A handle to the same store that fails by this plan.
    #[must_use]
    pub fn with_faults(&self, faults: FaultPlan) -> Self {
        Self(self.0.with_faults(faults))
    }

    /// The events of this store that are not published yet.
    #[must_use]
    pub fn outbox(&self) -> MemoryOutbox {
        self.0.outbox()
    }

    /// Makes a record unreadable, as a hand or another release does in a database; `false` if there is none.
    #[must_use = "it says whether there was one"]
    pub fn spoil(&self, record: &RecordKey) -> bool {
        self.0.spoil(record)
    }
}

#[async_trait]
impl OrderStore for MemoryOrderStore {
    async fn load(&self, needs: &OrderNeeds) -> Result<OrderRecords, StoreError> {
        let (records, passed_by) = self.0.find(|tables| tables.load(needs)).await?;
        self.0.tell(&passed_by);
        Ok(records)
    }

    async fn orders_of(&self, buyer: AccountId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        self.0.list(|tables| tables.orders_of(buyer, page)).await
    }

    async fn orders_for(&self, ticket: TicketId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        self.0.list(|tables| tables.orders_for(ticket, page)).await
    }

    async fn sales_totals(&self, ticket: TicketId) -> Result<Vec<SalesTotal>, StoreError> {
        self.0.read(|tables| tables.sales_totals(ticket)).await
    }

    async fn overdue(&self, deadline: Timestamp, page: Page<OverdueCursor>) -> Result<Vec<Order>, StoreError> {
        self.0.list(|tables| tables.overdue(deadline, page)).await
    }

    async fn called_off(&self, page: Page<TicketId>) -> Result<Vec<Stock>, StoreError> {
        self.0.list(|tables| tables.called_off(page)).await
    }

    async fn commit(&self, work: UnitOfWork<OrderRecord>) -> Result<CommitToken, StoreError> {
        self.0.commit(work).await
    }
}

#[derive(Default)]
pub(crate) struct OrderTables {
    pub(crate) stocks: Table<TicketId, Stock>,
    pub(crate) orders: Table<OrderId, Order>,
    by_buyer: HashMap<AccountId, BTreeSet<OrderId>>,
    by_ticket: HashMap<TicketId, BTreeSet<OrderId>>,
    by_key: HashMap<(AccountId, IdempotencyKey), OrderId>,
    bought: HashMap<(AccountId, TicketId), BTreeSet<OrderId>>,
    /// Orders that await payment, by their deadline.
    open: BTreeSet<(Timestamp, OrderId)>,
    /// Stocks of called-off events that have places to free.
    to_end: BTreeSet<TicketId>,
}

impl OrderTables {
    /// What was asked for, and what was passed by because it only counts against its buyer.
    fn load(&self, needs: &OrderNeeds) -> Result<(OrderRecords, Vec<Unreadable>), Unreadable> {
        let mut seen = HashSet::new();
        let by_key = needs.keys.iter().filter_map(|key| self.by_key.get(key));
        let mut orders = self.orders.find(needs.orders.iter().chain(by_key).filter(|id| seen.insert(**id)))?;
        let unpaid = needs.unpaid_of.iter().flat_map(|buyer| self.unpaid_of(*buyer, needs.placed_since));
        let bought = needs.bought.iter().filter_map(|of| self.bought.get(of)).flatten();
        let counted = self.orders.readable(unpaid.chain(bought).filter(|id| seen.insert(**id)));
        orders.extend(counted.records);
        Ok((OrderRecords { orders, stocks: self.stocks.find(needs.stocks.iter())? }, counted.unreadable))
    }

    fn unpaid_of(&self, buyer: AccountId, since: Timestamp) -> impl Iterator<Item = &OrderId> {
        let lately =
            self.by_buyer.get(&buyer).into_iter().flat_map(move |own| own.range(OrderId::earliest_at(since)..));
        lately.filter(|id| self.orders.kept(id).is_some_and(|stored| !is_paid(&stored.record)))
    }

    fn orders_of(&self, buyer: AccountId, page: Page<OrderId>) -> Listed<Order> {
        self.newest_first(self.by_buyer.get(&buyer), page)
    }

    fn orders_for(&self, ticket: TicketId, page: Page<OrderId>) -> Listed<Order> {
        self.newest_first(self.by_ticket.get(&ticket), page)
    }

    fn sales_totals(&self, ticket: TicketId) -> Vec<SalesTotal> {
        let orders = self.by_ticket.get(&ticket).into_iter().flatten().filter_map(|id| self.orders.kept(id));
        SalesTotal::of(orders.map(|stored| &stored.record))
    }

    fn newest_first(&self, ids: Option<&BTreeSet<OrderId>>, page: Page<OrderId>) -> Listed<Order> {
        let before = page.after.map_or(Bound::Unbounded, Bound::Excluded);
        let own = ids.into_iter().flat_map(|own| own.range((Bound::Unbounded, before)).rev());
        self.orders.list(own, page.limit)
    }

    fn overdue(&self, deadline: Timestamp, page: Page<OverdueCursor>) -> Listed<Order> {
        let after = page.after.map_or(Bound::Unbounded, |after| Bound::Excluded((after.pay_by, after.id)));
        let due = self.open.range((after, Bound::Unbounded)).take_while(|(pay_by, _)| *pay_by <= deadline);
        self.orders.list(due.map(|(_, id)| id), page.limit)
    }

    fn called_off(&self, page: Page<TicketId>) -> Listed<Stock> {
        let after = page.after.map_or(Bound::Unbounded, Bound::Excluded);
        self.stocks.list(self.to_end.range((after, Bound::Unbounded)), page.limit)
    }

    fn put_stock(&mut self, stock: Stock, token: CommitToken) {
        match stock.is_to_end() {
            true => self.to_end.insert(stock.ticket),
            false => self.to_end.remove(&stock.ticket),
        };
        self.stocks.put(stock.ticket, stock, token);
    }

    fn put_order(&mut self, order: Order, token: CommitToken) {
        let (id, buyer, key, due) = (order.id, order.buyer, order.key.clone(), order.pay_by().ok());
        let ticket = order.ticket.id;
        match order.status {
            OrderStatus::Completed { .. } => drop(self.bought.entry((buyer, ticket)).or_default().insert(id)),
            OrderStatus::Refunded { .. } => drop(self.bought.entry((buyer, ticket)).or_default().remove(&id)),
            OrderStatus::AwaitingPayment { .. } | OrderStatus::Cancelled { .. } => {}
        }
        match self.orders.put(id, order, token).map(|old| old.pay_by()) {
            Some(Ok(pay_by)) => {
                self.open.remove(&(pay_by, id));
            }
            Some(Err(_)) => {}
            None => {
                self.by_buyer.entry(buyer).or_default().insert(id);
                self.by_ticket.entry(ticket).or_default().insert(id);
            }
        }
        self.by_key.extend(key.map(|key| ((buyer, key), id)));
        self.open.extend(due.map(|pay_by| (pay_by, id)));
    }
}

/// Whether it was ever paid.
const fn is_paid(order: &Order) -> bool {
    matches!(order.status, OrderStatus::Completed { .. } | OrderStatus::Refunded { .. })
}

impl Tables for OrderTables {
    type Record = OrderRecord;

    fn name(record: &OrderRecord) -> RecordKey {
        match record {
            OrderRecord::Stock(stock) => RecordKey::Stock(stock.ticket),
            OrderRecord::Order(order) => RecordKey::Order(order.id),
        }
    }

    fn revision(&self, record: &OrderRecord) -> Option<Revision> {
        match record {
            OrderRecord::Stock(stock) => self.stocks.revision(&stock.ticket),
            OrderRecord::Order(order) => self.orders.revision(&order.id),
        }
    }

    fn unique(record: &OrderRecord) -> Option<RecordKey> {
        match record {
            OrderRecord::Stock(_) => None,
            OrderRecord::Order(order) => order.key.clone().map(|key| RecordKey::OrderKey(order.buyer, key)),
        }
    }

    fn is_taken(&self, record: &OrderRecord) -> bool {
        let OrderRecord::Order(Order { id, buyer, key: Some(key), .. }) = record else { return false };
        self.by_key.get(&(*buyer, key.clone())).is_some_and(|owner| owner != id)
    }

    fn put(&mut self, record: OrderRecord, token: CommitToken) {
        match record {
            OrderRecord::Stock(stock) => self.put_stock(stock, token),
            OrderRecord::Order(order) => self.put_order(order, token),
        }
    }

    fn spoil(&mut self, record: &RecordKey) -> bool {
        match record {
            RecordKey::Stock(id) => self.stocks.spoil(*id),
            RecordKey::Order(id) => self.orders.spoil(*id),
            _ => false,
        }
    }
}
