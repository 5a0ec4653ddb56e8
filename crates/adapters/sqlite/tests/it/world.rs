//! A separate file for each rule, on a clock that the rule moves.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use rusqlite::Connection;
use ticketing_conformance::attempt_keys::AttemptKeysFixture;
use ticketing_conformance::attempt_notes::AttemptNotesFixture;
use ticketing_conformance::audit_reader::{AuditReaderFixture, Bank};
use ticketing_conformance::drafts::DraftsFixture;
use ticketing_conformance::gateway::{BuyerAct, GatewayFixture, TestCards};
use ticketing_conformance::limits::LimitsFixture;
use ticketing_conformance::log::LogFixture;
use ticketing_conformance::outbox::OutboxFixture;
use ticketing_conformance::parking::ParkingFixture;
use ticketing_conformance::sessions::SessionsFixture;
use ticketing_conformance::store::{Accounts, Letters, Orders, Passes, Payments, StoreFixture, Tickets};
use ticketing_conformance::ticket_feed::TicketFeedFixture;
use ticketing_conformance::time::TimeFixture;
use ticketing_conformance::timers::TimersFixture;
use ticketing_conformance::transport::TransportFixture;
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::ids::{AccountId, EventId, PaymentId, TicketId};
use ticketing_core::domain::order::IdempotencyKey;
use ticketing_core::domain::payment::CaptureOutcome;
use ticketing_core::domain::seller::Seller;
use ticketing_core::domain::ticket::{Listing, Sales};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::account_store::AccountStore;
use ticketing_core::ports::attempt_keys::AttemptKeys;
use ticketing_core::ports::attempt_notes::AttemptNotes;
use ticketing_core::ports::audit_reader::{AdmissionReader, AuditReader, LetterReader};
use ticketing_core::ports::clock::{Clock, ClockAndIds};
use ticketing_core::ports::drafts::DraftStore;
use ticketing_core::ports::gateway::{CardToken, GatewayNotice, PaymentGateway, UnverifiedNotice};
use ticketing_core::ports::identity::SessionStore;
use ticketing_core::ports::letter_store::LetterStore;
use ticketing_core::ports::limits::RateLimiter;
use ticketing_core::ports::log::EventLog;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::outbox::Outbox;
use ticketing_core::ports::parking::ParkingLot;
use ticketing_core::ports::pass_store::PassStore;
use ticketing_core::ports::payment_store::PaymentStore;
use ticketing_core::ports::store::{CommitToken, Page, RecordKey, StoreError, Stored, UnitOfWork};
use ticketing_core::ports::ticket_feed::TicketFeed;
use ticketing_core::ports::ticket_store::{EventOffers, TicketRecord, TicketStore};
use ticketing_core::ports::timers::TimerQueue;
use ticketing_core::ports::transport::{EventPublisher, EventSubscriber};
use ticketing_core::wire::{EventEnvelope, RawMessage, TicketState};
use ticketing_memory::{ManualClock, MemoryTicketFeeds, SandboxConfig, SandboxGateway, SequentialIds};
use ticketing_sqlite::{SqliteConfig, SqliteEngines, SqliteError, SqliteGateway};
use uuid::Uuid;

/// A directory that goes with the test.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("ticketing-sqlite-{}", Uuid::from_u128(rand::random())));
        std::fs::create_dir(&path).expect("a directory is made");
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What cannot be removed is left to the system.
        let _removed = std::fs::remove_dir_all(&self.0);
    }
}

/// A file and all that is opened from it.
pub(crate) struct World {
    /// Before the directory, so that the file is closed when that goes.
    engines: Mutex<SqliteEngines>,
    others: Mutex<Vec<SqliteEngines>>,
    feeds: MemoryTicketFeeds,
    loses_response: Arc<AtomicBool>,
    sandbox: SandboxGateway,
    clock: ManualClock,
    directory: Directory,
}

impl World {
    pub(crate) async fn open() -> Self {
        let (directory, clock) = (Directory::new(), ManualClock::default());
        let engines = Mutex::new(open(&directory.file("market.db"), &clock).await);
        let sandbox = SandboxGateway::new(Arc::new(clock.clone()), SandboxConfig::default());
        let (feeds, loses_response) = (MemoryTicketFeeds::new(), Arc::default());
        Self { engines, others: Mutex::default(), feeds, loses_response, sandbox, clock, directory }
    }

    fn engines(&self) -> SqliteEngines {
        self.engines.lock().clone()
    }

    /// What the next process finds: a copy of what is on disk, opened from scratch.
    async fn reopened(&self) -> SqliteEngines {
        let path = self.engines().file.path().to_owned();
        let copy = self.directory.file(&format!("{}.db", Uuid::from_u128(rand::random())));
        copy_as_killed(&path, &copy);
        let next = open(&copy, &self.clock).await;
        self.others.lock().push(next.clone());
        next
    }

    /// A market in another file.
    async fn another(&self) -> SqliteEngines {
        let other = open(&self.directory.file(&Uuid::from_u128(rand::random()).to_string()), &self.clock).await;
        self.others.lock().push(other.clone());
        other
    }

    /// Changes the file as a hand or another release does; whether there was something to change.
    fn damage(&self, sql: &str, id: Uuid) -> bool {
        let connection = Connection::open(self.engines().file.path()).expect("the file is there");
        connection.busy_timeout(Duration::from_secs(10)).expect("it waits");
        connection.execute(sql, [id.as_bytes()]).expect("it is damaged") == 1
    }

    fn spoil_record(&self, record: &RecordKey) -> bool {
        let (table, id) = match record {
            RecordKey::Account(id) => ("accounts", id.uuid()),
            RecordKey::Listing(id) => ("listings", id.uuid()),
            RecordKey::Seller(id) => ("sellers", id.uuid()),
            RecordKey::Stock(id) => ("stocks", id.uuid()),
            RecordKey::Order(id) => ("orders", id.uuid()),
            RecordKey::Payable(id) => ("payables", id.uuid()),
            RecordKey::Payment(id) => ("payments", id.uuid()),
            RecordKey::Admission(id) => ("admissions", id.uuid()),
            RecordKey::Entrance(id) => ("entrances", id.uuid()),
            RecordKey::DoorLinks(id) => ("door_links", id.uuid()),
            RecordKey::Letter(id) => ("letters", id.uuid()),
            RecordKey::OrderReplica(id) => ("order_replicas", id.uuid()),
            RecordKey::TicketReplica(id) => ("ticket_replicas", id.uuid()),
            RecordKey::Alerts(id) => ("alerts", id.uuid()),
            RecordKey::AlertEntry(id) => ("alert_entries", id.uuid()),
            _ => return false,
        };
        let spoilt = match id.as_u128() % 4 {
            0 => "'of another release'",
            1 => "json_remove(record, '$.quantity', '$.total', '$.version', '$.passes', '$.seller', '$.links', '$.to')",
            2 => {
                "json_set(record, '$.price', 5, '$.total', 5, '$.offer', 5, '$.email', 5, '$.passes', 5, '$.seller', 5, '$.links', 5, '$.to', 5, '$.name', 5, '$.alerts', 5)"
            }
            _ => "''",
        };
        self.damage(&format!("UPDATE {table} SET record = {spoilt} WHERE id = ?1"), id)
    }
}

pub(crate) async fn open(path: &Path, clock: &ManualClock) -> SqliteEngines {
    open_as(&SqliteConfig::new(path), clock).await
}

pub(crate) async fn open_as(config: &SqliteConfig, clock: &ManualClock) -> SqliteEngines {
    SqliteEngines::open(config, env(clock)).await.expect("the file opens")
}

pub(crate) async fn try_open(path: &Path, clock: &ManualClock) -> Result<SqliteEngines, SqliteError> {
    SqliteEngines::open(&SqliteConfig::new(path), env(clock)).await
}

pub(crate) fn env(clock: &ManualClock) -> ClockAndIds {
    ClockAndIds { clock: Arc::new(clock.clone()), ids: Arc::new(SequentialIds::new()) }
}

/// Copies what is on disk, with what `SQLite` has not brought into the database yet.
pub(crate) fn copy_as_killed(from: &Path, to: &Path) {
    for suffix in ["", "-wal"] {
        let with = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        std::fs::copy(with(from), with(to)).expect("the file is copied");
    }
}

#[async_trait]
impl TimeFixture for World {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn pass(&self, span: Duration) {
        self.clock.advance(span);
    }
}

#[async_trait]
impl StoreFixture<Accounts> for World {
    async fn spoil(&self, record: &RecordKey) -> bool {
        self.spoil_record(record)
    }

    fn store(&self) -> Arc<dyn AccountStore> {
        Arc::new(self.engines().accounts)
    }

    async fn another(&self) -> Arc<dyn AccountStore> {
        Arc::new(self.another().await.accounts)
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.engines().accounts.outbox())
    }
}

#[async_trait]
impl StoreFixture<Orders> for World {
    async fn spoil(&self, record: &RecordKey) -> bool {
        self.spoil_record(record)
    }

    fn store(&self) -> Arc<dyn OrderStore> {
        Arc::new(self.engines().orders)
    }

    async fn another(&self) -> Arc<dyn OrderStore> {
        Arc::new(self.another().await.orders)
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.engines().orders.outbox())
    }
}

#[async_trait]
impl StoreFixture<Letters> for World {
    async fn spoil(&self, record: &RecordKey) -> bool {
        self.spoil_record(record)
    }

    fn store(&self) -> Arc<dyn LetterStore> {
        Arc::new(self.engines().letters)
    }

    async fn another(&self) -> Arc<dyn LetterStore> {
        Arc::new(self.another().await.letters)
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.engines().letters.outbox())
    }
}

#[async_trait]
impl StoreFixture<Tickets> for World {
    async fn spoil(&self, record: &RecordKey) -> bool {
        self.spoil_record(record)
    }

    fn store(&self) -> Arc<dyn TicketStore> {
        Arc::new(self.engines().tickets)
    }

    async fn another(&self) -> Arc<dyn TicketStore> {
        Arc::new(self.another().await.tickets)
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.engines().tickets.outbox())
    }
}

#[async_trait]
impl StoreFixture<Payments> for World {
    async fn spoil(&self, record: &RecordKey) -> bool {
        self.spoil_record(record)
    }

    fn store(&self) -> Arc<dyn PaymentStore> {
        Arc::new(self.engines().payments)
    }

    async fn another(&self) -> Arc<dyn PaymentStore> {
        Arc::new(self.another().await.payments)
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.engines().payments.outbox())
    }
}

#[async_trait]
impl StoreFixture<Passes> for World {
    async fn spoil(&self, record: &RecordKey) -> bool {
        self.spoil_record(record)
    }

    fn store(&self) -> Arc<dyn PassStore> {
        Arc::new(self.engines().passes)
    }

    async fn another(&self) -> Arc<dyn PassStore> {
        Arc::new(self.another().await.passes)
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.engines().passes.outbox())
    }
}

#[async_trait]
impl OutboxFixture for World {
    async fn spoil(&self, event: EventId) -> bool {
        self.damage(
            "UPDATE log SET headers = replace(headers, 'aggregateversion', 'age') WHERE event = ?1",
            event.uuid(),
        )
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.engines().orders.outbox())
    }

    async fn commit(&self, events: Vec<EventEnvelope>) -> Result<(), StoreError> {
        self.engines().orders.commit(UnitOfWork { writes: Vec::new(), events }).await.map(drop)
    }

    async fn reopened(&self) -> Arc<dyn Outbox> {
        Arc::new(self.reopened().await.orders.outbox())
    }
}

#[async_trait]
impl TransportFixture for World {
    fn publisher(&self) -> Arc<dyn EventPublisher> {
        Arc::new(self.engines().broker.publisher())
    }

    fn subscriber(&self) -> Arc<dyn EventSubscriber> {
        Arc::new(self.engines().broker.subscriber())
    }

    async fn append(&self, message: RawMessage) {
        self.engines().broker.append_raw(message).await.expect("a message is appended");
    }

    async fn restart(&self) {
        let next = self.reopened().await;
        let last = std::mem::replace(&mut *self.engines.lock(), next);
        self.others.lock().push(last);
    }

    fn too_large(&self) -> Option<usize> {
        Some(SqliteConfig::new("").max_bytes + 1)
    }
}

#[async_trait]
impl LogFixture for World {
    fn publisher(&self) -> Arc<dyn EventPublisher> {
        TransportFixture::publisher(self)
    }

    async fn log(&self, topics: &[Topic]) -> Box<dyn EventLog> {
        Box::new(self.engines().broker.log(topics).await.expect("the log opens"))
    }
}

#[async_trait]
impl ParkingFixture for World {
    async fn spoil(&self, parked: Uuid) -> bool {
        self.damage("UPDATE parked SET headers = '{}' WHERE id = ?1", parked)
    }

    fn parking_lot(&self) -> Arc<dyn ParkingLot> {
        Arc::new(self.engines().parking)
    }

    async fn reopened(&self) -> Arc<dyn ParkingLot> {
        Arc::new(self.reopened().await.parking)
    }
}

impl TimersFixture for World {
    fn timers(&self) -> Arc<dyn TimerQueue> {
        Arc::new(self.engines().timers)
    }
}

#[async_trait]
impl AttemptKeysFixture for World {
    fn keys(&self) -> Arc<dyn AttemptKeys> {
        Arc::new(self.engines().attempt_keys)
    }

    async fn reopened(&self) -> Arc<dyn AttemptKeys> {
        Arc::new(self.reopened().await.attempt_keys)
    }
}

#[async_trait]
impl AttemptNotesFixture for World {
    fn notes(&self) -> Arc<dyn AttemptNotes> {
        Arc::new(self.engines().attempt_notes)
    }

    async fn reopened(&self) -> Arc<dyn AttemptNotes> {
        Arc::new(self.reopened().await.attempt_notes)
    }
}

impl SessionsFixture for World {
    fn sessions(&self) -> Arc<dyn SessionStore> {
        Arc::new(self.engines().sessions)
    }
}

#[async_trait]
impl LimitsFixture for World {
    fn limiter(&self) -> Arc<dyn RateLimiter> {
        Arc::new(self.engines().limiter)
    }

    async fn set_back(&self, span: Duration) {
        self.clock.set_back(span);
    }
}

impl DraftsFixture for World {
    fn drafts(&self) -> Arc<dyn DraftStore> {
        Arc::new(self.engines().drafts)
    }
}

#[async_trait]
impl GatewayFixture for World {
    fn gateway(&self) -> Arc<dyn PaymentGateway> {
        Arc::new(SqliteGateway::of(&self.engines().file, Arc::new(self.sandbox.clone())))
    }

    fn cards(&self) -> TestCards {
        TestCards {
            good: CardToken::new(SandboxGateway::VISA),
            bad: CardToken::new(SandboxGateway::CHARGE_DECLINED),
            silent: Some(CardToken::new(SandboxGateway::TIMEOUT)),
            challenged: Some(CardToken::new(SandboxGateway::THREE_D_SECURE)),
        }
    }

    async fn act(&self, payment: PaymentId, act: BuyerAct) {
        let outcome = match act {
            BuyerAct::Approves => CaptureOutcome::Captured { reference: format!("bank_{payment}").into() },
            BuyerAct::Refuses => CaptureOutcome::Declined { reason: "authentication_failed".into() },
        };
        let now = self.clock.now();
        let notice = self.sandbox.sign_notice(&GatewayNotice { payment, outcome }, now);
        self.gateway().verify_notice(&notice, now).await.expect("a notice of the sandbox is genuine");
    }

    async fn held(&self, payment: PaymentId) -> u64 {
        let connection = Connection::open(self.engines().file.path()).expect("the file is there");
        let sql = "SELECT coalesce(sum(amount), 0) - (SELECT coalesce(sum(amount), 0) FROM refunds WHERE attempt = ?1)
             FROM attempts WHERE id = ?1 AND reference IS NOT NULL";
        let held = connection.query_row(sql, [payment.uuid().as_bytes()], |row| row.get::<_, i64>(0));
        u64::try_from(held.expect("the books are read")).expect("no more went back than was taken")
    }

    fn notice(&self, notice: &GatewayNotice, at: Timestamp) -> UnverifiedNotice {
        self.sandbox.sign_notice(notice, at)
    }
}

/// Feeds of one process over the store of the file.
#[async_trait]
impl TicketFeedFixture for World {
    fn store(&self) -> Arc<dyn TicketStore> {
        let (tickets, loses_response) = (self.engines().tickets, Arc::clone(&self.loses_response));
        self.feeds.fed_by(Arc::new(Forgetful { tickets: Arc::new(tickets), loses_response }))
    }

    async fn open(&self) -> Box<dyn TicketFeed> {
        Box::new(self.feeds.open())
    }

    fn lose_next_response(&self) {
        self.loses_response.store(true, Ordering::Relaxed);
    }
}

/// Commits, and says that it cannot.
#[derive(Debug)]
struct Forgetful {
    tickets: Arc<dyn TicketStore>,
    loses_response: Arc<AtomicBool>,
}

#[async_trait]
impl TicketStore for Forgetful {
    async fn listings(&self, ids: &[TicketId]) -> Result<Vec<Stored<Listing>>, StoreError> {
        self.tickets.listings(ids).await
    }

    async fn listing_under(&self, seller: AccountId, key: &IdempotencyKey) -> Result<Option<Listing>, StoreError> {
        self.tickets.listing_under(seller, key).await
    }

    async fn seller(&self, account: AccountId) -> Result<Option<Stored<Seller>>, StoreError> {
        self.tickets.seller(account).await
    }

    async fn offers_of_event(&self, wanted: &EventOffers) -> Result<Vec<Listing>, StoreError> {
        self.tickets.offers_of_event(wanted).await
    }

    async fn listings_of(&self, seller: AccountId, page: Page<TicketId>) -> Result<Vec<Listing>, StoreError> {
        self.tickets.listings_of(seller, page).await
    }

    async fn commit(&self, work: UnitOfWork<TicketRecord>) -> Result<CommitToken, StoreError> {
        self.answered(self.tickets.commit(work).await)
    }

    async fn follow_sales(
        &self,
        newest: &HashMap<TicketId, Sales>,
    ) -> Result<Vec<(TicketId, TicketState)>, StoreError> {
        self.answered(self.tickets.follow_sales(newest).await)
    }
}

impl Forgetful {
    fn answered<T>(&self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        let is_lost = self.loses_response.swap(false, Ordering::Relaxed);
        if is_lost { Err(StoreError::Unavailable("the response was lost".into())) } else { outcome }
    }
}

#[async_trait]
impl AuditReaderFixture for World {
    async fn spoil(&self, record: &RecordKey) -> bool {
        self.spoil_record(record)
    }

    fn admission_reader(&self) -> Arc<dyn AdmissionReader> {
        Arc::new(self.engines().audit_reader())
    }

    fn passes(&self) -> Arc<dyn PassStore> {
        Arc::new(self.engines().passes)
    }

    fn letter_reader(&self) -> Arc<dyn LetterReader> {
        Arc::new(self.engines().audit_reader())
    }

    fn letters(&self) -> Arc<dyn LetterStore> {
        Arc::new(self.engines().letters)
    }

    fn audit_reader(&self) -> Arc<dyn AuditReader> {
        Arc::new(self.engines().audit_reader())
    }

    fn tickets(&self) -> Arc<dyn TicketStore> {
        Arc::new(self.engines().tickets)
    }

    fn orders(&self) -> Arc<dyn OrderStore> {
        Arc::new(self.engines().orders)
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.engines().orders.outbox())
    }

    fn parking_lot(&self) -> Arc<dyn ParkingLot> {
        Arc::new(self.engines().parking)
    }

    fn payments(&self) -> Arc<dyn PaymentStore> {
        Arc::new(self.engines().payments)
    }

    fn bank(&self) -> Option<Bank> {
        let TestCards { good, bad, .. } = self.cards();
        Some(Bank { gateway: self.gateway(), ledger: Arc::new(self.engines().audit_reader()), good, bad })
    }
}
