//! Stocks, orders and events while one batch is decided, in memory.

use std::collections::HashMap;

use crate::domain::event::Event;
use crate::domain::ids::{AccountId, OrderId, TicketId};
use crate::domain::order::{IdempotencyKey, Order, OrderStatus};
use crate::domain::stock::Stock;
use crate::domain::time::Timestamp;
use crate::ports::clock::ClockAndIds;
use crate::ports::order_store::OrderRecord;
use crate::ports::store::{CommitToken, Revision, Stored, UnitOfWork, Write};
use crate::wire::Origin;

use super::in_flight::InFlightOrder;

/// Stocks and orders as the batch leaves them, and the events that report it.
#[derive(Debug)]
pub(super) struct BatchState {
    stocks: HashMap<TicketId, Entry<Stock>>,
    orders: HashMap<OrderId, Entry<Order>>,
    keys: HashMap<(AccountId, IdempotencyKey), OrderId>,
    by_buyer: HashMap<AccountId, Vec<OrderId>>,
    /// What other batchers were deciding when this batch began.
    in_flight: HashMap<AccountId, Vec<InFlightOrder>>,
    events: Vec<(Event, Origin)>,
}

/// A record, and what the store has of it.
#[derive(Debug)]
struct Entry<R> {
    record: R,
    /// `None` if the store has none.
    revision: Option<Revision>,
    changed: bool,
}

impl<R> Entry<R> {
    fn write(&self) -> Option<Write<OrderRecord>>
    where
        R: Clone + Into<OrderRecord>,
    {
        self.changed.then(|| Write { record: self.record.clone().into(), replaces: self.revision })
    }
}

impl BatchState {
    pub(super) fn new(stocks: impl IntoIterator<Item = Stored<Stock>>, orders: Vec<Stored<Order>>) -> Self {
        let keyed = orders.iter().filter_map(|stored| {
            let order = &stored.record;
            order.key.clone().map(|key| ((order.buyer, key), order.id))
        });
        let mut by_buyer: HashMap<_, Vec<_>> = HashMap::new();
        for stored in &orders {
            by_buyer.entry(stored.record.buyer).or_default().push(stored.record.id);
        }
        Self {
            keys: keyed.collect(),
            by_buyer,
            in_flight: HashMap::new(),
            stocks: stocks.into_iter().map(|stored| (stored.record.ticket, stored.into())).collect(),
            orders: orders.into_iter().map(|stored| (stored.record.id, stored.into())).collect(),
            events: Vec::new(),
        }
    }

    /// Counts what other batchers are deciding as if it were committed.
    pub(super) fn counting(self, in_flight: HashMap<AccountId, Vec<InFlightOrder>>) -> Self {
        Self { in_flight, ..self }
    }

    pub(super) fn stock(&self, ticket: TicketId) -> Option<&Stock> {
        self.stocks.get(&ticket).map(|entry| &entry.record)
    }

    pub(super) fn order(&self, order: OrderId) -> Option<&Order> {
        self.orders.get(&order).map(|entry| &entry.record)
    }

    pub(super) fn order_under(&self, buyer: AccountId, key: &IdempotencyKey) -> Option<&Order> {
        self.keys.get(&(buyer, key.clone())).and_then(|order| self.order(*order))
    }

    /// The orders of a buyer that were loaded or decided here.
    pub(super) fn orders_of(&self, buyer: AccountId) -> impl Iterator<Item = &Order> {
        self.by_buyer.get(&buyer).into_iter().flatten().filter_map(|order| self.order(*order))
    }

    /// The orders of a buyer that other batchers are deciding and that were not loaded.
    pub(super) fn in_flight_of(&self, buyer: AccountId) -> impl Iterator<Item = &InFlightOrder> {
        let entries = self.in_flight.get(&buyer).into_iter().flatten();
        entries.filter(|entry| self.order(entry.order).is_none())
    }

    /// Records a decision about an order.
    pub(super) fn put(&mut self, stock: Stock, order: Order, event: Event, origin: &Origin) {
        if let Some(key) = order.key.clone() {
            self.keys.insert((order.buyer, key), order.id);
        }
        if self.order(order.id).is_none() {
            self.by_buyer.entry(order.buyer).or_default().push(order.id);
        }
        put(&mut self.orders, order.id, order);
        self.put_stock(stock);
        self.events.push((event, origin.clone()));
    }

    /// Records an order as no event reports it.
    pub(super) fn put_order(&mut self, order: Order) {
        put(&mut self.orders, order.id, order);
    }

    /// Records a stock that no event reports.
    pub(super) fn put_stock(&mut self, stock: Stock) {
        put(&mut self.stocks, stock.ticket, stock);
    }

    /// All that changed, as one commit.
    pub(super) fn unit_of_work(&self, env: &ClockAndIds, now: Timestamp) -> UnitOfWork<OrderRecord> {
        let stocks = self.stocks.values().filter_map(Entry::write);
        let orders = self.orders.values().filter_map(Entry::write);
        UnitOfWork {
            writes: stocks.chain(orders).collect(),
            events: self.events.iter().map(|(event, origin)| env.seal(event, now, origin)).collect(),
        }
    }

    /// How the orders stand that the batch changed, once for each change.
    pub(super) fn changes(&self) -> impl Iterator<Item = OrderStatus> {
        self.events.iter().filter_map(|(event, _)| Some(event.order_change()?.order.status))
    }

    /// The stocks as they are once the unit of work is committed, with the token of that commit.
    pub(super) fn into_stocks(self, committed: Option<CommitToken>) -> impl Iterator<Item = (TicketId, Stored<Stock>)> {
        self.stocks.into_iter().filter_map(move |(ticket, entry)| {
            let written = committed.filter(|_| entry.changed).map(|token| Revision::after(entry.revision, token));
            Some((ticket, Stored { record: entry.record, revision: written.or(entry.revision)? }))
        })
    }
}

impl<R> From<Stored<R>> for Entry<R> {
    fn from(stored: Stored<R>) -> Self {
        Self { record: stored.record, revision: Some(stored.revision), changed: false }
    }
}

fn put<K: std::hash::Hash + Eq, R>(entries: &mut HashMap<K, Entry<R>>, key: K, record: R) {
    let revision = entries.get(&key).and_then(|entry| entry.revision);
    entries.insert(key, Entry { record, revision, changed: true });
}
