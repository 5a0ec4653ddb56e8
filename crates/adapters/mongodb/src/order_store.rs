//! The orders service's store.

mod order;
mod stock;
mod totals;

use std::sync::Arc;

use async_trait::async_trait;
use bson::{RawDocument, Uuid, doc};
use futures::future::try_join4;
use ticketing_core::assembly::ServicePorts;
use ticketing_core::domain::ids::{AccountId, OrderId, TicketId};
use ticketing_core::domain::order::Order;
use ticketing_core::domain::sales_total::SalesTotal;
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::order_store::{OrderNeeds, OrderRecord, OrderRecords, OrderStore, OverdueCursor};
use ticketing_core::ports::store::{CommitToken, Page, StoreError, UnitOfWork, Write};

use crate::client::{Indexes, MongoClient};
use crate::commit::Change;
use crate::document::{Record, named, with_any_key};
use crate::error::MongoError;
use crate::outbox::MongoOutbox;
use crate::parking::MongoParkingLot;
use crate::query::Query;
use crate::store::Store;

pub(crate) use order::{OrderDocument, order_replica};
pub(crate) use stock::StockDocument;

/// Keeps stocks and orders in the database `<prefix>_orders`. A clone is a handle to the same one.
///
/// # Examples
///
/// ```no_run
/// use ticketing_mongodb::{MongoClient, MongoConfig, MongoOrderStore};
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let client = MongoClient::connect(&MongoConfig::new("mongodb://localhost:27017/?replicaSet=rs0")).await?;
/// let orders = MongoOrderStore::open(&client).await?;
/// # let _ = orders; Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct MongoOrderStore(Store);

impl MongoOrderStore {
    /// Opens the store; its indexes are made where they are missing.
    ///
    /// # Errors
    ///
    /// [`MongoError`] if the indexes cannot be made.
    pub async fn open(client: &MongoClient) -> Result<Self, MongoError> {
        let stocks = Indexes { collection: StockDocument::COLLECTION, indexes: stock::indexes() };
        let orders = Indexes { collection: OrderDocument::COLLECTION, indexes: order::indexes() };
        Store::open(client, "orders", vec![stocks, orders]).await.map(Self)
    }

    /// The outbox that commits fill.
    #[must_use]
    pub fn outbox(&self) -> MongoOutbox {
        self.0.outbox()
    }

    /// Where the events of this service wait that could not be handled.
    #[must_use]
    pub fn parking(&self) -> MongoParkingLot {
        self.0.parking()
    }

    /// All ports that only this service needs.
    #[must_use]
    pub fn ports(self) -> ServicePorts<dyn OrderStore> {
        let (outbox, parking) = (Arc::new(self.outbox()), Arc::new(self.parking()));
        ServicePorts { store: Arc::new(self), outbox, parking }
    }
}

#[async_trait]
impl OrderStore for MongoOrderStore {
    async fn load(&self, needs: &OrderNeeds) -> Result<OrderRecords, StoreError> {
        let stocks = self.0.find::<StockDocument>(named(needs.stocks.iter().map(|id| id.uuid())));
        let orders = self.0.find::<OrderDocument>(named(needs.orders.iter().map(|id| id.uuid())));
        let keyed = self.0.find::<OrderDocument>(with_any_key(&needs.keys));
        // Orders behind stocks, or places would be taken by an order that is not found.
        let stocks = stocks.await?;
        let may_be_meant = |order: &RawDocument| order::may_have_one_of(order, &needs.keys);
        let unpaid = order::unpaid(&needs.unpaid_of, needs.placed_since);
        let unpaid = self.0.find_readable::<OrderDocument>(unpaid, may_be_meant);
        let bought = self.0.find_readable::<OrderDocument>(order::bought(&needs.bought), may_be_meant);
        let (mut orders, keyed, unpaid, bought) = try_join4(orders, keyed, unpaid, bought).await?;
        orders.extend(keyed.into_iter().chain(unpaid).chain(bought));
        orders.sort_unstable_by_key(|order| order.record.id);
        orders.dedup_by_key(|order| order.record.id);
        Ok(OrderRecords { stocks, orders })
    }

    async fn orders_of(&self, buyer: AccountId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        let mut filter = doc! { "buyer": Uuid::from(buyer.uuid()) };
        if let Some(after) = page.after {
            filter.insert("_id", doc! { "$lt": Uuid::from(after.uuid()) });
        }
        let query = Query::of::<OrderDocument>(filter).first(page.limit, doc! { "buyer": 1, "_id": -1 });
        self.0.list::<OrderDocument>(query).await
    }

    async fn orders_for(&self, ticket: TicketId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        let mut filter = doc! { "ticket": Uuid::from(ticket.uuid()) };
        if let Some(after) = page.after {
            filter.insert("_id", doc! { "$lt": Uuid::from(after.uuid()) });
        }
        let query = Query::of::<OrderDocument>(filter).first(page.limit, doc! { "ticket": 1, "_id": -1 });
        self.0.list::<OrderDocument>(query).await
    }

    async fn sales_totals(&self, ticket: TicketId) -> Result<Vec<SalesTotal>, StoreError> {
        let found = self.0.aggregate(OrderDocument::COLLECTION, totals::adding(ticket)).await?;
        Ok(totals::added(&found))
    }

    async fn overdue(&self, deadline: Timestamp, page: Page<OverdueCursor>) -> Result<Vec<Order>, StoreError> {
        let filter = order::overdue(deadline, page.after);
        let query = Query::of::<OrderDocument>(filter).first(page.limit, doc! { "pay_by": 1, "_id": 1 });
        self.0.list::<OrderDocument>(query).await
    }

    async fn called_off(&self, page: Page<TicketId>) -> Result<Vec<Stock>, StoreError> {
        let query = Query::of::<StockDocument>(stock::to_end(page.after));
        self.0.list::<StockDocument>(query.first(page.limit, doc! { "to_end": 1, "_id": 1 })).await
    }

    async fn commit(&self, work: UnitOfWork<OrderRecord>) -> Result<CommitToken, StoreError> {
        let changes = work.writes.into_iter().map(change).collect::<Result<_, _>>()?;
        self.0.commit(changes, work.events).await
    }
}

pub(crate) fn change(write: Write<OrderRecord>) -> Result<Change, StoreError> {
    match write.record {
        OrderRecord::Stock(stock) => stock::change(&stock, write.replaces),
        OrderRecord::Order(order) => order::change(&order, write.replaces),
    }
}
