//! The admissions service's store.

mod admission;
mod door_links;
mod entrance;

use std::sync::Arc;

use async_trait::async_trait;
use bson::{Document, Uuid, doc};
use futures::future::try_join5;
use ticketing_core::assembly::ServicePorts;
use ticketing_core::domain::admission::{Admission, PassCounts};
use ticketing_core::domain::ids::{OrderId, TicketId};
use ticketing_core::domain::pass::PassCode;
use ticketing_core::ports::pass_store::{PassNeeds, PassRecord, PassRecords, PassStore};
use ticketing_core::ports::store::{CommitToken, Page, StoreError, UnitOfWork, Write};

use crate::client::{Indexes, MongoClient};
use crate::commit::Change;
use crate::document::{Record, named};
use crate::error::MongoError;
use crate::outbox::MongoOutbox;
use crate::parking::MongoParkingLot;
use crate::query::Query;
use crate::store::Store;

pub(crate) use admission::AdmissionDocument;
pub(crate) use door_links::DoorLinksDocument;
pub(crate) use entrance::EntranceDocument;

/// Keeps admissions, entrances and door links in the database `<prefix>_admissions`. A clone is a handle to the same one.
///
/// # Examples
///
/// ```no_run
/// use ticketing_mongodb::{MongoClient, MongoConfig, MongoPassStore};
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let client = MongoClient::connect(&MongoConfig::new("mongodb://localhost:27017/?replicaSet=rs0")).await?;
/// let passes = MongoPassStore::open(&client).await?;
/// # let _ = passes; Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct MongoPassStore(Store);

impl MongoPassStore {
    /// Opens the store; its indexes are made where they are missing.
    ///
    /// # Errors
    ///
    /// [`MongoError`] if the indexes cannot be made.
    pub async fn open(client: &MongoClient) -> Result<Self, MongoError> {
        let admissions = Indexes { collection: AdmissionDocument::COLLECTION, indexes: admission::indexes() };
        let entrances = Indexes { collection: EntranceDocument::COLLECTION, indexes: Vec::new() };
        let links = Indexes { collection: DoorLinksDocument::COLLECTION, indexes: Vec::new() };
        Store::open(client, "admissions", vec![admissions, entrances, links]).await.map(Self)
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
    pub fn ports(self) -> ServicePorts<dyn PassStore> {
        let (outbox, parking) = (Arc::new(self.outbox()), Arc::new(self.parking()));
        ServicePorts { store: Arc::new(self), outbox, parking }
    }
}

#[async_trait]
impl PassStore for MongoPassStore {
    async fn load(&self, needs: &PassNeeds) -> Result<PassRecords, StoreError> {
        let by_order = self.0.find::<AdmissionDocument>(named(needs.admissions.iter().map(|id| id.uuid())));
        let passes: Vec<Uuid> = needs.passes.iter().map(|id| id.uuid().into()).collect();
        let with_pass = (!passes.is_empty()).then(|| doc! { "passes.id": { "$in": passes } });
        let by_pass = self.0.find::<AdmissionDocument>(with_pass);
        let by_code = self.0.find::<AdmissionDocument>(with_any_code(&needs.codes));
        let entrances = self.0.find::<EntranceDocument>(named(needs.entrances.iter().map(|id| id.uuid())));
        let links = self.0.find::<DoorLinksDocument>(named(needs.door_links.iter().map(|id| id.uuid())));
        let (mut admissions, by_pass, by_code, entrances, door_links) =
            try_join5(by_order, by_pass, by_code, entrances, links).await?;
        admissions.extend(by_pass.into_iter().chain(by_code));
        // Newest first: one that was read twice may have changed in between, and an older revision would conflict.
        admissions.sort_unstable_by_key(|stored| (stored.record.order, std::cmp::Reverse(stored.revision.count)));
        admissions.dedup_by_key(|stored| stored.record.order);
        Ok(PassRecords { admissions, entrances, door_links })
    }

    async fn admissions_of(&self, ticket: TicketId, page: Page<OrderId>) -> Result<Vec<Admission>, StoreError> {
        let mut filter = doc! { "ticket": Uuid::from(ticket.uuid()) };
        if let Some(after) = page.after {
            filter.insert("_id", doc! { "$gt": Uuid::from(after.uuid()) });
        }
        let query = Query::of::<AdmissionDocument>(filter).first(page.limit, doc! { "ticket": 1, "_id": 1 });
        self.0.list::<AdmissionDocument>(query).await
    }

    async fn counts(&self, ticket: TicketId) -> Result<PassCounts, StoreError> {
        let found = self.0.aggregate(AdmissionDocument::COLLECTION, admission::counting(ticket)).await?;
        Ok(found.first().map_or_else(PassCounts::default, admission::counted))
    }

    async fn commit(&self, work: UnitOfWork<PassRecord>) -> Result<CommitToken, StoreError> {
        let changes = work.writes.into_iter().map(change).collect::<Result<_, _>>()?;
        self.0.commit(changes, work.events).await
    }
}

/// Admissions that have one of these codes; `None` if there are no codes.
fn with_any_code(codes: &[(TicketId, PassCode)]) -> Option<Document> {
    let each =
        codes.iter().map(|(ticket, code)| doc! { "ticket": Uuid::from(ticket.uuid()), "passes.code": code.as_str() });
    let any: Vec<Document> = each.collect();
    (!any.is_empty()).then(|| doc! { "$or": any })
}

pub(crate) fn change(write: Write<PassRecord>) -> Result<Change, StoreError> {
    match write.record {
        PassRecord::Admission(admission) => admission::change(&admission, write.replaces),
        PassRecord::Entrance(entrance) => entrance::change(&entrance, write.replaces),
        PassRecord::DoorLinks(links) => door_links::change(&links, write.replaces),
    }
}
