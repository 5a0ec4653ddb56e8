//! What lies in the databases is counted as it is, and an audit finds what is damaged.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use bson::{Document, Uuid, doc};
use ticketing_conformance::audit_reader::{AuditReaderFixture, Bank};
use ticketing_conformance::sample;
use ticketing_core::audit::{Audit, AuditConfig};
use ticketing_core::domain::admission::Entrance;
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::stock::Stock;
use ticketing_core::ports::audit_reader::{AdmissionReader, AuditReader, LetterReader};
use ticketing_core::ports::gateway::CardToken;
use ticketing_core::ports::letter_store::LetterStore;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::outbox::Outbox;
use ticketing_core::ports::parking::ParkingLot;
use ticketing_core::ports::pass_store::PassStore;
use ticketing_core::ports::payment_store::PaymentStore;
use ticketing_core::ports::store::{RecordKey, UnitOfWork, Write};
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_memory::{ManualClock, SandboxConfig, SandboxGateway};
use ticketing_mongodb::{
    MongoAuditReader, MongoClient, MongoGateway, MongoLetterStore, MongoOrderStore, MongoPassStore, MongoPaymentStore,
    MongoTicketStore,
};

use crate::world::{connected, spoil};

/// The databases of all services, and of a gateway.
pub(crate) struct Marketplace {
    client: MongoClient,
    tickets: MongoTicketStore,
    orders: MongoOrderStore,
    payments: MongoPaymentStore,
    passes: MongoPassStore,
    letters: MongoLetterStore,
    gateway: MongoGateway,
}

impl Marketplace {
    pub(crate) async fn open() -> Self {
        let client = connected().await;
        let sandbox = SandboxGateway::new(Arc::new(ManualClock::default()), SandboxConfig::default());
        Self {
            tickets: MongoTicketStore::open(&client).await.expect("the store opens"),
            orders: MongoOrderStore::open(&client).await.expect("the store opens"),
            payments: MongoPaymentStore::open(&client).await.expect("the store opens"),
            passes: MongoPassStore::open(&client).await.expect("the store opens"),
            letters: MongoLetterStore::open(&client).await.expect("the store opens"),
            gateway: MongoGateway::open(&client, Arc::new(sandbox)).await.expect("the ledger opens"),
            client,
        }
    }

    /// A ticket that is on sale, known to all services.
    async fn sell(&self) -> TicketId {
        let listing = sample::listing();
        let (id, stock, door) = (listing.ticket.id, Stock::of(&listing.ticket), Entrance::of(&listing.ticket));
        let told = listing.ticket.clone();
        let work = UnitOfWork::default().with(Write::insert(listing));
        self.tickets.commit(work).await.expect("the listing is new");
        self.orders.commit(UnitOfWork::default().with(Write::insert(stock))).await.expect("the stock is new");
        self.passes.commit(UnitOfWork::default().with(Write::insert(door))).await.expect("the entrance is new");
        self.letters.commit(UnitOfWork::default().with(Write::insert(told))).await.expect("the replica is new");
        id
    }

    async fn damage_stock(&self, id: TicketId, damage: Document) {
        let stocks = self.client.database("orders").collection::<Document>("stocks");
        let damaged = stocks.update_one(doc! { "_id": Uuid::from(id.uuid()) }, doc! { "$set": damage }).await;
        assert_eq!(damaged.expect("the stock is damaged").modified_count, 1);
    }
}

#[async_trait]
impl AuditReaderFixture for Marketplace {
    async fn spoil(&self, record: &RecordKey) -> bool {
        spoil(&self.client, record).await
    }

    fn admission_reader(&self) -> Arc<dyn AdmissionReader> {
        Arc::new(MongoAuditReader::new(&self.client))
    }

    fn passes(&self) -> Arc<dyn PassStore> {
        Arc::new(self.passes.clone())
    }

    fn letter_reader(&self) -> Arc<dyn LetterReader> {
        Arc::new(MongoAuditReader::new(&self.client))
    }

    fn letters(&self) -> Arc<dyn LetterStore> {
        Arc::new(self.letters.clone())
    }

    fn audit_reader(&self) -> Arc<dyn AuditReader> {
        Arc::new(MongoAuditReader::new(&self.client))
    }

    fn tickets(&self) -> Arc<dyn TicketStore> {
        Arc::new(self.tickets.clone())
    }

    fn orders(&self) -> Arc<dyn OrderStore> {
        Arc::new(self.orders.clone())
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.orders.outbox())
    }

    fn parking_lot(&self) -> Arc<dyn ParkingLot> {
        Arc::new(self.orders.parking())
    }

    fn payments(&self) -> Arc<dyn PaymentStore> {
        Arc::new(self.payments.clone())
    }

    fn bank(&self) -> Option<Bank> {
        Some(Bank {
            gateway: Arc::new(self.gateway.clone()),
            ledger: Arc::new(MongoAuditReader::new(&self.client)),
            good: CardToken::new(SandboxGateway::VISA),
            bad: CardToken::new(SandboxGateway::CHARGE_DECLINED),
        })
    }
}

fn audit(client: &MongoClient) -> Audit {
    let audit_reader = Arc::new(MongoAuditReader::new(client));
    let clock = Arc::new(ManualClock::new(sample::NOW));
    let admissions = Some(audit_reader.clone() as Arc<dyn AdmissionReader>);
    let letters = Some(audit_reader.clone() as Arc<dyn LetterReader>);
    Audit {
        ledger: Some(audit_reader.clone()),
        admissions,
        letters,
        audit_reader,
        clock,
        config: AuditConfig::default(),
    }
}

#[tokio::test]
async fn databases_that_do_not_exist_are_empty_and_stay_away() {
    let client = connected().await;

    let report = audit(&client).run(&|_| {}).await.expect("the audit ends");

    assert_eq!((report.counts.records(), report.is_clean()), (0, true), "{report}");
    for service in ["accounts", "tickets", "orders", "payments", "admissions", "notifications", "expiration", "gateway"]
    {
        let made = client.database(service).list_collection_names().await.expect("an answer");
        assert_eq!(made, [""; 0], "the audit made something in {service}");
    }
}

#[tokio::test]
async fn an_audit_finds_a_document_that_somebody_changed() {
    let marketplace = Marketplace::open().await;
    let (_, damaged) = (marketplace.sell().await, marketplace.sell().await);
    assert_eq!(audit(&marketplace.client).look().await.expect("the audit ends"), [], "nobody changed anything yet");

    marketplace.damage_stock(damaged, doc! { "sales.held": 3, "price.amount": 1_i64 }).await;

    let found = audit(&marketplace.client).look().await.expect("the audit ends");
    let told: Vec<_> = found.iter().map(ToString::to_string).collect();
    let expected = [
        "is at version 1, and the orders service holds another price",
        "is at version 0 of its sales, and the tickets service holds another held",
        "counts 3 places held and 0 sold, and its orders have 0 held and 0 sold",
    ];
    assert_eq!(told, expected.map(|what| format!("ticket {damaged} {what}")));
}

#[tokio::test]
async fn an_audit_names_a_document_that_nobody_can_read() {
    let marketplace = Marketplace::open().await;
    let (damaged, _) = (marketplace.sell().await, marketplace.sell().await);
    marketplace.damage_stock(damaged, doc! { "quantity": 0 }).await;

    let found = audit(&marketplace.client).look().await.expect("the audit goes on");

    let told: Vec<_> = found.iter().map(ToString::to_string).collect();
    let expected = [
        format!("the document {damaged} of stocks cannot be read: it holds a quantity out of bounds"),
        format!("ticket {damaged} is at version 1, and the orders service does not know it"),
    ];
    assert_eq!(BTreeSet::from_iter(told), BTreeSet::from(expected));
}
