//! The notifications service's store.

mod alerts;
mod letter;

use std::sync::Arc;

use async_trait::async_trait;
use bson::{Uuid, doc};
use futures::future::try_join5;
use ticketing_core::assembly::ServicePorts;
use ticketing_core::domain::alert::{Candidate, Filed, Handle};
use ticketing_core::domain::ids::{OrderId, TicketId};
use ticketing_core::domain::letter::Letter;
use ticketing_core::domain::order::Order;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::letter_store::{LetterNeeds, LetterRecord, LetterRecords, LetterStore};
use ticketing_core::ports::store::{CommitToken, Page, StoreError, Stored, UnitOfWork, Write};

use crate::client::{Indexes, MongoClient};
use crate::commit::Change;
use crate::document::{Record, date, index, named};
use crate::error::MongoError;
use crate::order_store::{OrderDocument, order_replica};
use crate::outbox::MongoOutbox;
use crate::parking::MongoParkingLot;
use crate::query::Query;
use crate::store::Store;
use crate::ticket_store::{ListingDocument, ticket_replica};

use alerts::FiledDocument;
pub(crate) use alerts::{AlertsDocument, EntryDocument};
pub(crate) use letter::LetterDocument;

/// Keeps letters and alerts, and replicas of orders and tickets, in the database `<prefix>_notifications`.
///
/// A clone is a handle to the same one. The server removes a letter 30 days after it was sent or dropped.
///
/// # Examples
///
/// ```no_run
/// use ticketing_mongodb::{MongoClient, MongoConfig, MongoLetterStore};
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let client = MongoClient::connect(&MongoConfig::new("mongodb://localhost:27017/?replicaSet=rs0")).await?;
/// let letters = MongoLetterStore::open(&client).await?;
/// # let _ = letters; Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct MongoLetterStore(Store);

impl MongoLetterStore {
    /// Opens the store; its indexes are made where they are missing.
    ///
    /// # Errors
    ///
    /// [`MongoError`] if the indexes cannot be made.
    pub async fn open(client: &MongoClient) -> Result<Self, MongoError> {
        let of_ticket = vec![index("of_ticket", doc! { "ticket": 1, "_id": 1 })];
        let letters = Indexes { collection: LetterDocument::COLLECTION, indexes: letter::indexes() };
        let orders = Indexes { collection: OrderDocument::COLLECTION, indexes: of_ticket };
        let tickets = Indexes { collection: ListingDocument::COLLECTION, indexes: Vec::new() };
        let alerts = Indexes { collection: AlertsDocument::COLLECTION, indexes: alerts::indexes() };
        let entries = Indexes { collection: EntryDocument::COLLECTION, indexes: Vec::new() };
        Store::open(client, "notifications", vec![letters, orders, tickets, alerts, entries]).await.map(Self)
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

    /// All that the service needs of its own.
    #[must_use]
    pub fn ports(self) -> ServicePorts<dyn LetterStore> {
        let (outbox, parking) = (Arc::new(self.outbox()), Arc::new(self.parking()));
        ServicePorts { store: Arc::new(self), outbox, parking }
    }
}

#[async_trait]
impl LetterStore for MongoLetterStore {
    async fn load(&self, needs: &LetterNeeds) -> Result<LetterRecords, StoreError> {
        let letters = self.0.find::<LetterDocument>(named(needs.letters.iter().map(|id| id.uuid())));
        let orders = self.0.find::<OrderDocument>(named(needs.orders.iter().map(|id| id.uuid())));
        let listings = self.0.find::<ListingDocument>(named(needs.tickets.iter().map(|id| id.uuid())));
        let alerts = self.0.find::<AlertsDocument>(named(needs.alerts.iter().map(|id| id.uuid())));
        let entries = self.0.find::<EntryDocument>(named(needs.entries.iter().map(|id| id.uuid())));
        let (letters, orders, listings, alerts, entries) =
            try_join5(letters, orders, listings, alerts, entries).await?;
        let tickets =
            listings.into_iter().map(|stored| Stored { record: stored.record.ticket, revision: stored.revision });
        Ok(LetterRecords { letters, orders, tickets: tickets.collect(), alerts, entries })
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Stored<Letter>>, StoreError> {
        self.0.list_stored::<LetterDocument>(due(now, limit)).await
    }

    async fn orders_of(&self, ticket: TicketId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        let mut filter = doc! { "ticket": Uuid::from(ticket.uuid()) };
        if let Some(after) = page.after {
            filter.insert("_id", doc! { "$gt": Uuid::from(after.uuid()) });
        }
        let query = Query::of::<OrderDocument>(filter).first(page.limit, doc! { "ticket": 1, "_id": 1 });
        self.0.list::<OrderDocument>(query).await
    }

    async fn alerts_under(&self, handles: &[Handle], page: Page<Filed>) -> Result<Vec<Candidate>, StoreError> {
        let people = self.0.list::<FiledDocument>(alerts::under(handles, page)).await?;
        Ok(alerts::candidates(people, handles, page))
    }

    async fn commit(&self, work: UnitOfWork<LetterRecord>) -> Result<CommitToken, StoreError> {
        let changes = work.writes.into_iter().map(change).collect::<Result<_, _>>()?;
        self.0.commit(changes, work.events).await
    }
}

/// The letters that are due, the earliest first.
pub(crate) fn due(now: Timestamp, limit: usize) -> Query {
    // The first condition is the one by which the index is known to have them all.
    let filter = doc! { "due_at": { "$gt": letter::NEVER, "$lte": date(now) } };
    Query::of::<LetterDocument>(filter).first(limit, doc! { "due_at": 1, "_id": 1 })
}

pub(crate) fn change(write: Write<LetterRecord>) -> Result<Change, StoreError> {
    match write.record {
        LetterRecord::Letter(letter) => letter::change(&letter, write.replaces),
        LetterRecord::Order(order) => order_replica(&order, write.replaces),
        LetterRecord::Ticket(ticket) => ticket_replica(ticket, write.replaces),
        LetterRecord::Alerts(alerts) => alerts::change(&alerts, write.replaces),
        LetterRecord::Entry(entry) => alerts::of_entry(entry, write.replaces),
    }
}
