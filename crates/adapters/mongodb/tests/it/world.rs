//! Separate databases for each rule, on a running MongoDB.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use bson::{Document, doc};
use ticketing_conformance::outbox::OutboxFixture;
use ticketing_conformance::parking::ParkingFixture;
use ticketing_conformance::sample;
use ticketing_conformance::store::{Accounts, Letters, Orders, Passes, Payments, StoreFixture, Tickets};
use ticketing_conformance::time::TimeFixture;
use ticketing_core::domain::ids::EventId;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::account_store::AccountStore;
use ticketing_core::ports::letter_store::LetterStore;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::outbox::Outbox;
use ticketing_core::ports::parking::ParkingLot;
use ticketing_core::ports::pass_store::PassStore;
use ticketing_core::ports::payment_store::PaymentStore;
use ticketing_core::ports::store::{RecordKey, StoreError, UnitOfWork};
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_core::wire::EventEnvelope;
use ticketing_mongodb::{
    MongoAccountStore, MongoClient, MongoConfig, MongoLetterStore, MongoOrderStore, MongoPassStore, MongoPaymentStore,
    MongoTicketStore,
};
use uuid::Uuid;

/// Where MongoDB listens.
pub(crate) fn uri() -> String {
    std::env::var("MONGODB_URI").unwrap_or_else(|_| {
        panic!("set MONGODB_URI: this test needs a real MongoDB; `deploy/engines.sh run cargo test …` brings one")
    })
}

/// Databases that nobody else has.
pub(crate) fn config() -> MongoConfig {
    MongoConfig { database_prefix: format!("kit_{}", sample::uuid().simple()), ..MongoConfig::new(uri()) }
}

/// A store of one kind.
pub(crate) struct World<S> {
    pub(crate) store: S,
    /// Leads to the same databases.
    pub(crate) client: MongoClient,
}

pub(crate) async fn connected() -> MongoClient {
    MongoClient::connect(&config()).await.expect("MongoDB answers")
}

impl World<MongoAccountStore> {
    pub(crate) async fn accounts() -> Self {
        let client = connected().await;
        Self { store: MongoAccountStore::open(&client).await.expect("the store opens"), client }
    }
}

impl World<MongoTicketStore> {
    pub(crate) async fn tickets() -> Self {
        let client = connected().await;
        Self { store: MongoTicketStore::open(&client).await.expect("the store opens"), client }
    }
}

impl World<MongoOrderStore> {
    pub(crate) async fn orders() -> Self {
        let client = connected().await;
        Self { store: MongoOrderStore::open(&client).await.expect("the store opens"), client }
    }
}

impl World<MongoPaymentStore> {
    pub(crate) async fn payments() -> Self {
        let client = connected().await;
        Self { store: MongoPaymentStore::open(&client).await.expect("the store opens"), client }
    }
}

impl World<MongoPassStore> {
    pub(crate) async fn passes() -> Self {
        let client = connected().await;
        Self { store: MongoPassStore::open(&client).await.expect("the store opens"), client }
    }
}

impl World<MongoLetterStore> {
    pub(crate) async fn letters() -> Self {
        let client = connected().await;
        Self { store: MongoLetterStore::open(&client).await.expect("the store opens"), client }
    }
}

#[async_trait]
impl<S: Send + Sync> TimeFixture for World<S> {
    fn now(&self) -> Timestamp {
        let passed = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is behind 1970");
        Timestamp::from_millis(i64::try_from(passed.as_millis()).expect("the clock is before the year 292,000,000"))
    }

    async fn pass(&self, span: Duration) {
        tokio::time::sleep(span).await; // time is real
    }
}

#[async_trait]
impl StoreFixture<Accounts> for World<MongoAccountStore> {
    async fn spoil(&self, record: &RecordKey) -> bool {
        spoil(&self.client, record).await
    }

    fn store(&self) -> Arc<dyn AccountStore> {
        Arc::new(self.store.clone())
    }

    async fn another(&self) -> Arc<dyn AccountStore> {
        Arc::new(Self::accounts().await.store)
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.store.outbox())
    }
}

#[async_trait]
impl StoreFixture<Tickets> for World<MongoTicketStore> {
    async fn spoil(&self, record: &RecordKey) -> bool {
        spoil(&self.client, record).await
    }

    fn store(&self) -> Arc<dyn TicketStore> {
        Arc::new(self.store.clone())
    }

    async fn another(&self) -> Arc<dyn TicketStore> {
        Arc::new(Self::tickets().await.store)
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.store.outbox())
    }
}

#[async_trait]
impl StoreFixture<Orders> for World<MongoOrderStore> {
    async fn spoil(&self, record: &RecordKey) -> bool {
        spoil(&self.client, record).await
    }

    fn store(&self) -> Arc<dyn OrderStore> {
        Arc::new(self.store.clone())
    }

    async fn another(&self) -> Arc<dyn OrderStore> {
        Arc::new(Self::orders().await.store)
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.store.outbox())
    }
}

#[async_trait]
impl StoreFixture<Passes> for World<MongoPassStore> {
    async fn spoil(&self, record: &RecordKey) -> bool {
        spoil(&self.client, record).await
    }

    fn store(&self) -> Arc<dyn PassStore> {
        Arc::new(self.store.clone())
    }

    async fn another(&self) -> Arc<dyn PassStore> {
        Arc::new(Self::passes().await.store)
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.store.outbox())
    }
}

#[async_trait]
impl StoreFixture<Letters> for World<MongoLetterStore> {
    async fn spoil(&self, record: &RecordKey) -> bool {
        spoil(&self.client, record).await
    }

    fn store(&self) -> Arc<dyn LetterStore> {
        Arc::new(self.store.clone())
    }

    async fn another(&self) -> Arc<dyn LetterStore> {
        Arc::new(Self::letters().await.store)
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.store.outbox())
    }
}

#[async_trait]
impl StoreFixture<Payments> for World<MongoPaymentStore> {
    async fn spoil(&self, record: &RecordKey) -> bool {
        spoil(&self.client, record).await
    }

    fn store(&self) -> Arc<dyn PaymentStore> {
        Arc::new(self.store.clone())
    }

    async fn another(&self) -> Arc<dyn PaymentStore> {
        Arc::new(Self::payments().await.store)
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.store.outbox())
    }
}

#[async_trait]
impl OutboxFixture for World<MongoOrderStore> {
    async fn spoil(&self, event: EventId) -> bool {
        let rows = self.client.database("orders").collection::<Document>("outbox");
        let id = bson::Uuid::from(event.uuid());
        let damage = doc! { "$set": { "events.$.version": "one more" } };
        rows.update_one(doc! { "events.id": id }, damage).await.expect("an answer").modified_count == 1
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.store.outbox())
    }

    async fn commit(&self, events: Vec<EventEnvelope>) -> Result<(), StoreError> {
        self.store.commit(UnitOfWork { events, ..UnitOfWork::default() }).await.map(drop)
    }

    async fn reopened(&self) -> Arc<dyn Outbox> {
        Arc::new(MongoOrderStore::open(&self.client).await.expect("the store opens").outbox())
    }
}

#[async_trait]
impl ParkingFixture for World<MongoOrderStore> {
    async fn spoil(&self, parked: Uuid) -> bool {
        let lot = self.client.database("orders").collection::<Document>("parked");
        let damage = doc! { "$set": { "arrival": { "letter": "of another release" } } };
        let damaged = lot.update_one(doc! { "_id": bson::Uuid::from(parked) }, damage).await;
        damaged.expect("an answer").modified_count == 1
    }

    fn parking_lot(&self) -> Arc<dyn ParkingLot> {
        Arc::new(self.store.parking())
    }

    async fn reopened(&self) -> Arc<dyn ParkingLot> {
        Arc::new(MongoOrderStore::open(&self.client).await.expect("the store opens").parking())
    }
}

/// Damages a document, in a way that depends on its name.
pub(crate) async fn spoil(client: &MongoClient, record: &RecordKey) -> bool {
    let (service, collection, id) = match record {
        RecordKey::Account(id) => ("accounts", "accounts", id.uuid()),
        RecordKey::Listing(id) => ("tickets", "listings", id.uuid()),
        RecordKey::Seller(id) => ("tickets", "sellers", id.uuid()),
        RecordKey::Stock(id) => ("orders", "stocks", id.uuid()),
        RecordKey::Order(id) => ("orders", "orders", id.uuid()),
        RecordKey::Payable(id) => ("payments", "payables", id.uuid()),
        RecordKey::Payment(id) => ("payments", "payments", id.uuid()),
        RecordKey::Admission(id) => ("admissions", "admissions", id.uuid()),
        RecordKey::Entrance(id) => ("admissions", "entrances", id.uuid()),
        RecordKey::DoorLinks(id) => ("admissions", "door_links", id.uuid()),
        RecordKey::Letter(id) => ("notifications", "letters", id.uuid()),
        RecordKey::OrderReplica(id) => ("notifications", "orders", id.uuid()),
        RecordKey::TicketReplica(id) => ("notifications", "listings", id.uuid()),
        RecordKey::Alerts(id) => ("notifications", "alerts", id.uuid()),
        RecordKey::AlertEntry(id) => ("notifications", "alert_entries", id.uuid()),
        _ => return false,
    };
    let money = match collection {
        "payables" | "payments" => "total",
        "listings" => "offer.price",
        "accounts" | "sellers" => "version",
        "admissions" => "passes",
        "entrances" => "seller",
        "letters" => "reason",
        "alerts" => "alerts",
        "alert_entries" => "sales",
        _ => "price",
    };
    let damage = match id.as_u128() % 5 {
        0 => doc! { "$set": { money: 5 } },
        1 => doc! { "$unset": { money: "" } },
        2 => doc! { "$set": { money: { "amount": -5_i64, "currency": "EUR" } } },
        3 => doc! { "$set": { money: { "amount": 5_i64, "currency": "XQQ" } } },
        _ => doc! { "$set": { money: { "amount": f64::NAN, "currency": "EUR" } } },
    };
    let damage = if ["accounts", "sellers"].contains(&collection) {
        doc! { "$set": { money: "new" } }
    } else {
        damage
    };
    let documents = client.database(service).collection::<Document>(collection);
    let damaged = documents.update_one(doc! { "_id": bson::Uuid::from(id) }, damage).await;
    damaged.expect("an answer").modified_count == 1
}
