//! A world of its own for each rule: one of every adapter, on a clock that the rule moves.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_conformance::clock::ClockFixture;
use ticketing_conformance::drafts::DraftsFixture;
use ticketing_conformance::gateway::{GatewayFixture, TestCards};
use ticketing_conformance::limits::LimitsFixture;
use ticketing_conformance::log::LogFixture;
use ticketing_conformance::outbox::OutboxFixture;
use ticketing_conformance::parking::ParkingFixture;
use ticketing_conformance::sessions::SessionsFixture;
use ticketing_conformance::store::{Accounts, Orders, Payments, StoreFixture, Tickets};
use ticketing_conformance::time::TimeFixture;
use ticketing_conformance::timers::TimersFixture;
use ticketing_conformance::transport::TransportFixture;
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::ids::{EventId, PaymentId};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::account_store::AccountStore;
use ticketing_core::ports::clock::{Clock, Ids};
use ticketing_core::ports::drafts::DraftStore;
use ticketing_core::ports::gateway::{CardToken, GatewayNotice, PaymentGateway};
use ticketing_core::ports::identity::SessionStore;
use ticketing_core::ports::limits::RateLimiter;
use ticketing_core::ports::log::EventLog;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::outbox::Outbox;
use ticketing_core::ports::parking::ParkingLot;
use ticketing_core::ports::payment_store::PaymentStore;
use ticketing_core::ports::store::{RecordKey, StoreError, UnitOfWork};
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_core::ports::timers::TimerQueue;
use ticketing_core::ports::transport::{EventPublisher, EventSubscriber};
use ticketing_core::wire::{EventEnvelope, RawMessage};
use ticketing_memory::{
    ManualClock, MemoryAccountStore, MemoryBroker, MemoryBrokerConfig, MemoryDrafts, MemoryLimiter, MemoryOrderStore,
    MemoryParkingLot, MemoryPaymentStore, MemorySessions, MemoryTicketStore, MemoryTimers, RandomIds, SandboxConfig,
    SandboxGateway, SequentialIds, SystemClock,
};
use uuid::Uuid;

const CONFIG: MemoryBrokerConfig = MemoryBrokerConfig { partitions: 8, retention: 100_000, max_bytes: 1 << 20 };

/// One of every adapter.
pub(crate) struct World {
    clock: ManualClock,
    ids: Arc<SequentialIds>,
    accounts: MemoryAccountStore,
    tickets: MemoryTicketStore,
    orders: MemoryOrderStore,
    payments: MemoryPaymentStore,
    broker: MemoryBroker,
    parking: MemoryParkingLot,
    timers: MemoryTimers,
    gateway: SandboxGateway,
    sessions: MemorySessions,
    limiter: MemoryLimiter,
    drafts: MemoryDrafts,
}

impl Default for World {
    fn default() -> Self {
        let manual = ManualClock::default();
        let clock: Arc<dyn Clock> = Arc::new(manual.clone());
        Self {
            clock: manual,
            ids: Arc::default(),
            accounts: MemoryAccountStore::new(clock.clone()),
            tickets: MemoryTicketStore::new(clock.clone()),
            orders: MemoryOrderStore::new(clock.clone()),
            payments: MemoryPaymentStore::new(clock.clone()),
            broker: MemoryBroker::new(clock.clone(), CONFIG),
            parking: MemoryParkingLot::new(),
            timers: MemoryTimers::new(clock.clone()),
            gateway: SandboxGateway::new(clock.clone(), SandboxConfig::default()),
            sessions: MemorySessions::new(clock.clone()),
            limiter: MemoryLimiter::new(clock.clone()),
            drafts: MemoryDrafts::new(clock),
        }
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

impl ClockFixture for World {
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.clock.clone())
    }

    fn ids(&self) -> Arc<dyn Ids> {
        self.ids.clone()
    }
}

#[async_trait]
impl StoreFixture<Accounts> for World {
    async fn spoil(&self, record: &RecordKey) -> bool {
        self.accounts.spoil(record)
    }

    fn store(&self) -> Arc<dyn AccountStore> {
        Arc::new(self.accounts.clone())
    }

    async fn another(&self) -> Arc<dyn AccountStore> {
        Arc::new(MemoryAccountStore::new(Arc::new(self.clock.clone())))
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.accounts.outbox())
    }
}

#[async_trait]
impl StoreFixture<Tickets> for World {
    async fn spoil(&self, record: &RecordKey) -> bool {
        self.tickets.spoil(record)
    }

    fn store(&self) -> Arc<dyn TicketStore> {
        Arc::new(self.tickets.clone())
    }

    async fn another(&self) -> Arc<dyn TicketStore> {
        Arc::new(MemoryTicketStore::new(Arc::new(self.clock.clone())))
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.tickets.outbox())
    }
}

#[async_trait]
impl StoreFixture<Orders> for World {
    async fn spoil(&self, record: &RecordKey) -> bool {
        self.orders.spoil(record)
    }

    fn store(&self) -> Arc<dyn OrderStore> {
        Arc::new(self.orders.clone())
    }

    async fn another(&self) -> Arc<dyn OrderStore> {
        Arc::new(MemoryOrderStore::new(Arc::new(self.clock.clone())))
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.orders.outbox())
    }
}

#[async_trait]
impl StoreFixture<Payments> for World {
    async fn spoil(&self, record: &RecordKey) -> bool {
        self.payments.spoil(record)
    }

    fn store(&self) -> Arc<dyn PaymentStore> {
        Arc::new(self.payments.clone())
    }

    async fn another(&self) -> Arc<dyn PaymentStore> {
        Arc::new(MemoryPaymentStore::new(Arc::new(self.clock.clone())))
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.payments.outbox())
    }
}

#[async_trait]
impl OutboxFixture for World {
    async fn spoil(&self, event: EventId) -> bool {
        self.orders.outbox().spoil(event)
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.orders.outbox())
    }

    async fn commit(&self, events: Vec<EventEnvelope>) -> Result<(), StoreError> {
        self.orders.commit(UnitOfWork { writes: Vec::new(), events }).await.map(drop)
    }

    async fn reopened(&self) -> Arc<dyn Outbox> {
        unreachable!("survives_restart is not claimed")
    }
}

#[async_trait]
impl TransportFixture for World {
    fn publisher(&self) -> Arc<dyn EventPublisher> {
        Arc::new(self.broker.publisher())
    }

    fn subscriber(&self) -> Arc<dyn EventSubscriber> {
        Arc::new(self.broker.subscriber())
    }

    async fn append(&self, message: RawMessage) {
        let topic = Topic::ALL.into_iter().find(|topic| topic.name() == message.topic);
        self.broker.append_raw(topic.expect("the name of a topic"), message);
    }

    async fn restart(&self) {
        unreachable!("survives_restart is not claimed");
    }

    fn too_large(&self) -> Option<usize> {
        Some(CONFIG.max_bytes + 1)
    }
}

#[async_trait]
impl LogFixture for World {
    fn publisher(&self) -> Arc<dyn EventPublisher> {
        Arc::new(self.broker.publisher())
    }

    async fn log(&self, topics: &[Topic]) -> Box<dyn EventLog> {
        Box::new(self.broker.log(topics))
    }
}

#[async_trait]
impl ParkingFixture for World {
    async fn spoil(&self, parked: Uuid) -> bool {
        self.parking.spoil(parked)
    }

    fn parking_lot(&self) -> Arc<dyn ParkingLot> {
        Arc::new(self.parking.clone())
    }

    async fn reopened(&self) -> Arc<dyn ParkingLot> {
        unreachable!("survives_restart is not claimed")
    }
}

impl TimersFixture for World {
    fn timers(&self) -> Arc<dyn TimerQueue> {
        Arc::new(self.timers.clone())
    }
}

#[async_trait]
impl GatewayFixture for World {
    fn gateway(&self) -> Arc<dyn PaymentGateway> {
        Arc::new(self.gateway.clone())
    }

    fn cards(&self) -> TestCards {
        TestCards {
            good: CardToken::new("tok_visa"),
            bad: CardToken::new("tok_chargeDeclined"),
            silent: Some(CardToken::new("tok_timeout")),
        }
    }

    async fn held(&self, payment: PaymentId) -> u64 {
        let charges = self.gateway.charges().into_iter();
        charges.filter(|charge| charge.payment == payment && !charge.refunded).map(|charge| charge.total.amount).sum()
    }

    fn notice(&self, notice: &GatewayNotice, at: Timestamp) -> (Vec<u8>, String) {
        self.gateway.sign_notice(notice, at)
    }
}

impl SessionsFixture for World {
    fn sessions(&self) -> Arc<dyn SessionStore> {
        Arc::new(self.sessions.clone())
    }
}

#[async_trait]
impl LimitsFixture for World {
    fn limiter(&self) -> Arc<dyn RateLimiter> {
        Arc::new(self.limiter.clone())
    }

    async fn set_back(&self, span: Duration) {
        self.clock.set_back(span);
    }
}

impl DraftsFixture for World {
    fn drafts(&self) -> Arc<dyn DraftStore> {
        Arc::new(self.drafts.clone())
    }
}

/// The clock of the machine and ids by chance.
#[derive(Default)]
pub(crate) struct Machine {
    clock: Arc<SystemClock>,
    ids: Arc<RandomIds>,
}

#[async_trait]
impl TimeFixture for Machine {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn pass(&self, span: Duration) {
        self.clock.sleep(span).await;
    }
}

impl ClockFixture for Machine {
    fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    fn ids(&self) -> Arc<dyn Ids> {
        self.ids.clone()
    }
}
