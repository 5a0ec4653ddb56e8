//! The tickets service's store.

mod listing;
mod offers;
mod sales;
mod seller;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use bson::{Uuid, doc};
use ticketing_core::assembly::ServicePorts;
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::order::IdempotencyKey;
use ticketing_core::domain::seller::Seller;
use ticketing_core::domain::ticket::{Listing, Sales};
use ticketing_core::ports::store::{CommitToken, Page, StoreError, Stored, UnitOfWork, Write};
use ticketing_core::ports::ticket_store::{EventOffers, TicketRecord, TicketStore};
use ticketing_core::wire::TicketState;

use crate::client::{Indexes, MongoClient};
use crate::commit::Change;
use crate::document::{Record, named};
use crate::error::MongoError;
use crate::outbox::MongoOutbox;
use crate::parking::MongoParkingLot;
use crate::query::Query;
use crate::store::Store;

pub(crate) use listing::{ListingDocument, ticket_replica};
use sales::FollowSales;
pub(crate) use seller::SellerDocument;

/// Keeps listings and sellers in the database `<prefix>_tickets`. A clone is a handle to the same one.
///
/// # Examples
///
/// ```no_run
/// use ticketing_core::domain::ids::AccountId;
/// use ticketing_core::ports::store::Page;
/// use ticketing_core::ports::ticket_store::TicketStore;
/// use ticketing_mongodb::{MongoClient, MongoConfig, MongoTicketStore};
///
/// # async fn open(seller: AccountId) -> Result<(), Box<dyn std::error::Error>> {
/// let client = MongoClient::connect(&MongoConfig::new("mongodb://localhost:27017/?replicaSet=rs0")).await?;
/// let tickets = MongoTicketStore::open(&client).await?;
/// let newest = tickets.listings_of(seller, Page::first(50)).await?;
/// # let _ = newest; Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct MongoTicketStore(Store);

impl MongoTicketStore {
    /// Opens the store; its indexes are made where they are missing.
    ///
    /// # Errors
    ///
    /// [`MongoError`] if the indexes cannot be made.
    pub async fn open(client: &MongoClient) -> Result<Self, MongoError> {
        let listings = Indexes { collection: ListingDocument::COLLECTION, indexes: offers::indexes() };
        let sellers = Indexes { collection: SellerDocument::COLLECTION, indexes: Vec::new() };
        Store::open(client, "tickets", vec![listings, sellers]).await.map(Self)
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
    pub fn ports(self) -> ServicePorts<dyn TicketStore> {
        let (outbox, parking) = (Arc::new(self.outbox()), Arc::new(self.parking()));
        ServicePorts { store: Arc::new(self), outbox, parking }
    }
}

#[async_trait]
impl TicketStore for MongoTicketStore {
    async fn listings(&self, ids: &[TicketId]) -> Result<Vec<Stored<Listing>>, StoreError> {
        self.0.find::<ListingDocument>(named(ids.iter().map(|id| id.uuid()))).await
    }

    async fn listing_under(&self, seller: AccountId, key: &IdempotencyKey) -> Result<Option<Listing>, StoreError> {
        let filter = doc! { "seller": Uuid::from(seller.uuid()), "request.key": key.as_str() };
        let found = self.0.find::<ListingDocument>(Some(filter)).await?;
        Ok(found.into_iter().next().map(|stored| stored.record))
    }

    async fn seller(&self, account: AccountId) -> Result<Option<Stored<Seller>>, StoreError> {
        Ok(self.0.find::<SellerDocument>(named([account.uuid()].into_iter())).await?.pop())
    }

    async fn offers_of_event(&self, wanted: &EventOffers) -> Result<Vec<Listing>, StoreError> {
        self.0.list::<ListingDocument>(offers::of_event(wanted)).await
    }

    async fn listings_of(&self, seller: AccountId, page: Page<TicketId>) -> Result<Vec<Listing>, StoreError> {
        let mut filter = doc! { "seller": Uuid::from(seller.uuid()) };
        if let Some(after) = page.after {
            filter.insert("_id", doc! { "$lt": Uuid::from(after.uuid()) });
        }
        let query = Query::of::<ListingDocument>(filter).first(page.limit, doc! { "seller": 1, "_id": -1 });
        self.0.list::<ListingDocument>(query).await
    }

    async fn commit(&self, work: UnitOfWork<TicketRecord>) -> Result<CommitToken, StoreError> {
        let changes = work.writes.iter().map(change).collect::<Result<_, _>>()?;
        self.0.commit(changes, work.events).await
    }

    async fn follow_sales(
        &self,
        newest: &HashMap<TicketId, Sales>,
    ) -> Result<Vec<(TicketId, TicketState)>, StoreError> {
        let Some(work) = FollowSales::of(newest) else { return Ok(Vec::new()) };
        self.0.transact(work).await.map(FollowSales::into_states)
    }
}

pub(crate) fn change(write: &Write<TicketRecord>) -> Result<Change, StoreError> {
    match &write.record {
        TicketRecord::Listing(listing) => listing::change(listing, write.replaces),
        TicketRecord::Seller(seller) => seller::change(seller, write.replaces),
    }
}
