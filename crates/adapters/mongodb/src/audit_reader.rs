//! Everything that the services keep, for an audit.

mod counts;

use async_trait::async_trait;
use bson::{Document, Uuid, doc};
use futures::future::{try_join, try_join_all};
use ticketing_core::domain::admission::{Admission, Entrance};
use ticketing_core::domain::ids::{LetterId, OrderId, PaymentId, TicketId};
use ticketing_core::domain::letter::Letter;
use ticketing_core::domain::order::Order;
use ticketing_core::domain::payment::{Payable, Payment};
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::ticket::{Listing, Ticket};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::audit_reader::{AdmissionReader, AuditReader, Charge, Ledger, LetterReader, Waiting};
use ticketing_core::ports::store::{Page, StoreError};
use ticketing_core::ports::unreadable::Listed;

use crate::client::MongoClient;
use crate::document::{Record, named};
use crate::gateway::Attempt;
use crate::letter_store::{self, LetterDocument};
use crate::order_store::{OrderDocument, StockDocument};
use crate::parking::MongoParkingLot;
use crate::pass_store::{AdmissionDocument, EntranceDocument};
use crate::payment_store::{PayableDocument, PaymentDocument};
use crate::query::Query;
use crate::ticket_store::ListingDocument;

/// The services that have a database.
const SERVICES: [&str; 8] =
    ["accounts", "tickets", "orders", "payments", "admissions", LETTERS, "expiration", MongoParkingLot::OF_FOLLOWERS];

/// The service that keeps letters.
const LETTERS: &str = "notifications";

/// Reads the databases of all services, and the ledger of a [`MongoGateway`](crate::MongoGateway).
///
/// It makes nothing, no index either: a database that does not exist is empty.
/// A clone reads the same.
///
/// # Examples
///
/// ```no_run
/// use ticketing_core::ports::audit_reader::AuditReader;
/// use ticketing_core::ports::store::Page;
/// use ticketing_mongodb::{MongoAuditReader, MongoClient, MongoConfig};
///
/// # async fn read() -> Result<(), Box<dyn std::error::Error>> {
/// let client = MongoClient::connect(&MongoConfig::new("mongodb://localhost:27017/?replicaSet=rs0")).await?;
/// let oldest = MongoAuditReader::new(&client).orders(Page::first(100)).await?;
/// # let _ = oldest; Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct MongoAuditReader(MongoClient);

impl MongoAuditReader {
    /// Counts what lies in the databases of a client.
    #[must_use]
    pub fn new(client: &MongoClient) -> Self {
        Self(client.clone())
    }

    async fn page<R: Record>(&self, service: &str, page: Page<uuid::Uuid>) -> Result<Listed<R::Domain>, StoreError> {
        self.list::<R>(service, Query::of::<R>(behind(page)).first(page.limit, in_order())).await
    }

    async fn list<R: Record>(&self, service: &str, query: Query) -> Result<Listed<R::Domain>, StoreError> {
        query.list_in(&self.0.database(service), &self.0.elections, |document| R::read(document).map(Some)).await
    }
}

fn behind(page: Page<uuid::Uuid>) -> Document {
    page.after.map_or_else(Document::new, |after| doc! { "_id": { "$gt": Uuid::from(after) } })
}

fn in_order() -> Document {
    doc! { "_id": 1 }
}

/// A page whose cursor is a plain id. The server orders ids byte by byte, as the domain does.
fn plain<C>(page: Page<C>, id: fn(C) -> uuid::Uuid) -> Page<uuid::Uuid> {
    Page { after: page.after.map(id), limit: page.limit }
}

#[async_trait]
impl AuditReader for MongoAuditReader {
    async fn listings(&self, page: Page<TicketId>) -> Result<Listed<Listing>, StoreError> {
        self.page::<ListingDocument>("tickets", plain(page, TicketId::uuid)).await
    }

    async fn stocks(&self, page: Page<TicketId>) -> Result<Listed<Stock>, StoreError> {
        self.page::<StockDocument>("orders", plain(page, TicketId::uuid)).await
    }

    async fn orders(&self, page: Page<OrderId>) -> Result<Listed<Order>, StoreError> {
        self.page::<OrderDocument>("orders", plain(page, OrderId::uuid)).await
    }

    async fn payables(&self, page: Page<OrderId>) -> Result<Listed<Payable>, StoreError> {
        self.page::<PayableDocument>("payments", plain(page, OrderId::uuid)).await
    }

    async fn payments(&self, page: Page<PaymentId>) -> Result<Listed<Payment>, StoreError> {
        self.page::<PaymentDocument>("payments", plain(page, PaymentId::uuid)).await
    }

    async fn waiting(&self) -> Result<Vec<Waiting>, StoreError> {
        try_join_all(SERVICES.map(|service| async move {
            let database = self.0.database(service);
            let (unpublished, parked) = try_join(counts::unpublished(&database), counts::parked(&database)).await?;
            Ok(Waiting {
                service: service.to_owned(),
                unpublished: unpublished.records,
                unpublished_since: unpublished.oldest,
                parked: parked.records,
                parked_since: parked.oldest,
            })
        }))
        .await
    }
}

#[async_trait]
impl AdmissionReader for MongoAuditReader {
    async fn admissions(&self, page: Page<OrderId>) -> Result<Listed<Admission>, StoreError> {
        self.page::<AdmissionDocument>("admissions", plain(page, OrderId::uuid)).await
    }

    async fn entrances(&self, page: Page<TicketId>) -> Result<Listed<Entrance>, StoreError> {
        self.page::<EntranceDocument>("admissions", plain(page, TicketId::uuid)).await
    }
}

#[async_trait]
impl LetterReader for MongoAuditReader {
    async fn order_replicas(&self, page: Page<OrderId>) -> Result<Listed<Order>, StoreError> {
        self.page::<OrderDocument>(LETTERS, plain(page, OrderId::uuid)).await
    }

    async fn ticket_replicas(&self, page: Page<TicketId>) -> Result<Listed<Ticket>, StoreError> {
        let listings = self.page::<ListingDocument>(LETTERS, plain(page, TicketId::uuid)).await?;
        Ok(listings.map(|listing| listing.ticket))
    }

    async fn letters(&self, ids: &[LetterId]) -> Result<Listed<Letter>, StoreError> {
        let Some(filter) = named(ids.iter().map(|id| id.uuid())) else { return Ok(Listed::default()) };
        self.list::<LetterDocument>(LETTERS, Query::of::<LetterDocument>(filter)).await
    }

    async fn letters_due(&self, now: Timestamp, limit: usize) -> Result<Listed<Letter>, StoreError> {
        self.list::<LetterDocument>(LETTERS, letter_store::due(now, limit)).await
    }
}

#[async_trait]
impl Ledger for MongoAuditReader {
    async fn charges(&self, page: Page<PaymentId>) -> Result<Listed<Charge>, StoreError> {
        let page = plain(page, PaymentId::uuid);
        let mut filter = behind(page);
        filter.insert("reference", doc! { "$ne": null });
        let query = Query::of::<Attempt>(filter).first(page.limit, in_order());
        query
            .list_in(&self.0.database("gateway"), &self.0.elections, |document| Attempt::read(document).map(Some))
            .await
    }
}
