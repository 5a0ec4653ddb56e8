//! The orders service's store.

mod order;
mod stock;

use std::collections::HashSet;

use async_trait::async_trait;
use rusqlite::Connection;
use rusqlite::types::Value;
use ticketing_core::domain::ids::{AccountId, OrderId, TicketId};
use ticketing_core::domain::order::Order;
use ticketing_core::domain::sales_total::SalesTotal;
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::order_store::{OrderNeeds, OrderRecord, OrderRecords, OrderStore, OverdueCursor};
use ticketing_core::ports::store::{CommitToken, Page, StoreError, UnitOfWork, Write};
use ticketing_core::ports::unreadable::{Listed, Unreadable};
use uuid::Uuid;

use crate::commit::Change;
use crate::document::blob;
use crate::error::Failure;
use crate::file::SqliteFile;
use crate::outbox::SqliteOutbox;
use crate::store::{self, Query, Store};

pub(crate) use order::OrderDocument;
pub(crate) use stock::StockDocument;

/// Keeps stocks and orders in the file. A clone is a handle to the same store.
#[derive(Debug, Clone)]
pub struct SqliteOrderStore(Store);

impl SqliteOrderStore {
    pub(crate) fn of(file: &SqliteFile, outbox: SqliteOutbox) -> Self {
        Self(Store::of(file, outbox))
    }

    /// The events of this store that are not marked yet.
    #[must_use]
    pub fn outbox(&self) -> SqliteOutbox {
        self.0.outbox()
    }
}

#[async_trait]
impl OrderStore for SqliteOrderStore {
    async fn load(&self, needs: &OrderNeeds) -> Result<OrderRecords, StoreError> {
        let needs = needs.clone();
        let (records, passed_by) = self.0.find(move |connection| load(connection, &needs)).await?;
        passed_by.iter().for_each(|unreadable| self.0.file.unreadable.tell(unreadable));
        Ok(records)
    }

    async fn orders_of(&self, buyer: AccountId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        self.0.list(move |connection| newest_first(connection, "buyer", buyer.uuid(), page)).await
    }

    async fn orders_for(&self, ticket: TicketId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        self.0.list(move |connection| newest_first(connection, "ticket", ticket.uuid(), page)).await
    }

    async fn sales_totals(&self, ticket: TicketId) -> Result<Vec<SalesTotal>, StoreError> {
        let orders = self.0.list(move |connection| counting(connection, ticket)).await?;
        Ok(SalesTotal::of(&orders))
    }

    async fn overdue(&self, deadline: Timestamp, page: Page<OverdueCursor>) -> Result<Vec<Order>, StoreError> {
        self.0.list(move |connection| overdue(connection, deadline, page)).await
    }

    async fn called_off(&self, page: Page<TicketId>) -> Result<Vec<Stock>, StoreError> {
        self.0.list(move |connection| called_off(connection, page)).await
    }

    async fn commit(&self, work: UnitOfWork<OrderRecord>) -> Result<CommitToken, StoreError> {
        let changes = work.writes.into_iter().map(change).collect::<Result<_, _>>()?;
        self.0.commit(changes, work.events).await
    }
}

fn change(write: Write<OrderRecord>) -> Result<Change, StoreError> {
    match write.record {
        OrderRecord::Stock(stock) => stock::change(&stock, write.replaces),
        OrderRecord::Order(order) => order::change(&order, write.replaces),
    }
}

/// What was asked for, and what was passed by because it only counts against its buyer.
fn load(connection: &Connection, needs: &OrderNeeds) -> Result<(OrderRecords, Vec<Unreadable>), Failure> {
    let mut seen = HashSet::new();
    let mut asked: Vec<Uuid> = needs.orders.iter().map(|id| id.uuid()).collect();
    for (buyer, key) in &needs.keys {
        let params = [blob(buyer.uuid()), Value::Text(key.to_string())];
        asked.extend(store::ids(connection, "SELECT id FROM orders WHERE buyer = ?1 AND request = ?2", &params)?);
    }
    asked.retain(|id| seen.insert(*id));
    let mut orders = store::by_ids::<OrderDocument>(connection, asked)?;
    let mut passed_by = Vec::new();
    for id in counted(connection, needs)?.into_iter().filter(|id| seen.insert(*id)) {
        match store::readable::<OrderDocument>(connection, id)? {
            Some(Ok(order)) => orders.push(order),
            Some(Err(unreadable)) => passed_by.push(unreadable),
            None => {}
        }
    }
    let stocks = store::by_ids::<StockDocument>(connection, needs.stocks.iter().map(|id| id.uuid()))?;
    Ok((OrderRecords { stocks, orders }, passed_by))
}

/// The orders that count against the buyers who want more.
fn counted(connection: &Connection, needs: &OrderNeeds) -> Result<Vec<Uuid>, Failure> {
    let since = blob(OrderId::earliest_at(needs.placed_since).uuid());
    let mut counted = Vec::new();
    for buyer in &needs.unpaid_of {
        let sql = "SELECT id FROM orders WHERE buyer = ?1 AND id >= ?2 AND NOT is_paid";
        counted.extend(store::ids(connection, sql, &[blob(buyer.uuid()), since.clone()])?);
    }
    for (buyer, ticket) in &needs.bought {
        let sql = "SELECT id FROM orders WHERE buyer = ?1 AND ticket = ?2 AND is_completed";
        counted.extend(store::ids(connection, sql, &[blob(buyer.uuid()), blob(ticket.uuid())])?);
    }
    Ok(counted)
}

fn newest_first(
    connection: &Connection,
    column: &'static str,
    whose: Uuid,
    page: Page<OrderId>,
) -> Result<Listed<Order>, Failure> {
    let mut params = vec![blob(whose)];
    params.extend(page.after.map(|after| blob(after.uuid())));
    let before = page.after.map_or("", |_| "AND id < ?2");
    let rest = format!("FROM orders WHERE {column} = ?1 {before} ORDER BY id DESC");
    store::list::<OrderDocument>(connection, &Query { rest, params }, page.limit)
}

/// The orders of a ticket that count: cancelled ones, of which there may be many, are not read.
fn counting(connection: &Connection, ticket: TicketId) -> Result<Listed<Order>, Failure> {
    let rest = "FROM orders WHERE ticket = ?1 AND (is_paid OR pay_by IS NOT NULL)".to_owned();
    let query = Query { rest, params: vec![blob(ticket.uuid())] };
    store::list::<OrderDocument>(connection, &query, usize::MAX)
}

fn overdue(connection: &Connection, deadline: Timestamp, page: Page<OverdueCursor>) -> Result<Listed<Order>, Failure> {
    let mut params = vec![Value::Integer(deadline.millis())];
    params.extend(
        page.after.into_iter().flat_map(|after| [Value::Integer(after.pay_by.millis()), blob(after.id.uuid())]),
    );
    let behind = page.after.map_or("", |_| "AND (pay_by, id) > (?2, ?3)");
    let rest = format!("FROM orders WHERE pay_by IS NOT NULL AND pay_by <= ?1 {behind} ORDER BY pay_by, id");
    store::list::<OrderDocument>(connection, &Query { rest, params }, page.limit)
}

/// Stocks with orders to end.
fn called_off(connection: &Connection, page: Page<TicketId>) -> Result<Listed<Stock>, Failure> {
    let params = page.after.map(|after| blob(after.uuid())).into_iter().collect();
    let behind = page.after.map_or("", |_| "AND id > ?1");
    let rest = format!("FROM stocks WHERE to_end {behind} ORDER BY id");
    store::list::<StockDocument>(connection, &Query { rest, params }, page.limit)
}
