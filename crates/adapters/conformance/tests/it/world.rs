//! A world in memory of which any part may be exchanged for a broken one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ticketing_conformance::drafts::DraftsFixture;
use ticketing_conformance::gateway::{GatewayFixture, TestCards};
use ticketing_conformance::limits::LimitsFixture;
use ticketing_conformance::outbox::OutboxFixture;
use ticketing_conformance::parking::ParkingFixture;
use ticketing_conformance::report::{Family, Finding};
use ticketing_conformance::sessions::SessionsFixture;
use ticketing_conformance::store::{Orders, Payments, StoreFixture, Tickets};
use ticketing_conformance::time::{TimeFixture, with_patience};
use ticketing_conformance::timers::TimersFixture;
use ticketing_conformance::transport::TransportFixture;
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::ids::{EventId, PaymentId};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::drafts::DraftStore;
use ticketing_core::ports::gateway::{CardToken, GatewayNotice, PaymentGateway};
use ticketing_core::ports::identity::SessionStore;
use ticketing_core::ports::limits::RateLimiter;
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
    ManualClock, MemoryBroker, MemoryBrokerConfig, MemoryDrafts, MemoryLimiter, MemoryOrderStore, MemoryParkingLot,
    MemoryPaymentStore, MemorySessions, MemoryTicketStore, MemoryTimers, SandboxConfig, SandboxGateway,
};
use uuid::Uuid;

const BROKER: MemoryBrokerConfig = MemoryBrokerConfig { partitions: 8, retention: 100_000, max_bytes: 1 << 20 };

/// Sound, until a test exchanges a part.
pub(crate) struct World {
    pub(crate) clock: ManualClock,
    pub(crate) orders: Arc<dyn OrderStore>,
    pub(crate) orders_outbox: Arc<dyn Outbox>,
    pub(crate) reopened_outbox: Arc<dyn Outbox>,
    pub(crate) reopened_parking: Arc<dyn ParkingLot>,
    pub(crate) tickets: Arc<dyn TicketStore>,
    pub(crate) payments: Arc<dyn PaymentStore>,
    pub(crate) publisher: Arc<dyn EventPublisher>,
    pub(crate) subscriber: Arc<dyn EventSubscriber>,
    pub(crate) parking: Arc<dyn ParkingLot>,
    pub(crate) timers: Arc<dyn TimerQueue>,
    pub(crate) sandbox: SandboxGateway,
    pub(crate) gateway: Arc<dyn PaymentGateway>,
    pub(crate) sessions: Arc<dyn SessionStore>,
    pub(crate) limiter: Arc<dyn RateLimiter>,
    pub(crate) drafts: Arc<dyn DraftStore>,
    pub(crate) tickets_outbox: Arc<dyn Outbox>,
    pub(crate) broker: MemoryBroker,
    /// What lies below, whatever a test puts over it.
    pub(crate) below: Below,
    /// Whether something was made unreadable: a broken adapter then shows it.
    pub(crate) is_spoilt: Arc<AtomicBool>,
}

/// Where records are made unreadable.
pub(crate) struct Below {
    orders: MemoryOrderStore,
    tickets: MemoryTicketStore,
    payments: MemoryPaymentStore,
    parking: MemoryParkingLot,
}

impl Default for World {
    fn default() -> Self {
        let manual = ManualClock::default();
        let clock: Arc<dyn Clock> = Arc::new(manual.clone());
        let orders = MemoryOrderStore::new(clock.clone());
        let tickets = MemoryTicketStore::new(clock.clone());
        let payments = MemoryPaymentStore::new(clock.clone());
        let (broker, parking) = (MemoryBroker::new(clock.clone(), BROKER), MemoryParkingLot::new());
        let sandbox = SandboxGateway::new(clock.clone(), SandboxConfig::default());
        Self {
            clock: manual,
            below: Below {
                orders: orders.clone(),
                tickets: tickets.clone(),
                payments: payments.clone(),
                parking: parking.clone(),
            },
            is_spoilt: Arc::default(),
            orders_outbox: Arc::new(orders.outbox()),
            reopened_outbox: Arc::new(orders.outbox()),
            reopened_parking: Arc::new(parking.clone()),
            orders: Arc::new(orders),
            tickets_outbox: Arc::new(tickets.outbox()),
            tickets: Arc::new(tickets),
            payments: Arc::new(payments),
            publisher: Arc::new(broker.publisher()),
            subscriber: Arc::new(broker.subscriber()),
            broker,
            parking: Arc::new(parking),
            timers: Arc::new(MemoryTimers::new(clock.clone())),
            gateway: Arc::new(sandbox.clone()),
            sandbox,
            sessions: Arc::new(MemorySessions::new(clock.clone())),
            limiter: Arc::new(MemoryLimiter::new(clock.clone())),
            drafts: Arc::new(MemoryDrafts::new(clock)),
        }
    }
}

impl World {
    fn note(&self, is_spoilt: bool) -> bool {
        self.is_spoilt.fetch_or(is_spoilt, Ordering::Relaxed);
        is_spoilt
    }
}

/// The rule finds nothing wrong with a sound world, and notices the broken one.
pub(crate) async fn assert_notices<F: ?Sized + Sync>(family: &Family<F>, rule: &str, sound: &F, broken: &F) {
    let rule = family.rules.iter().find(|known| known.name == rule).expect("a rule of this name");

    assert_eq!(rule.check(sound).await, Finding::Kept, "{} of a sound world", rule.name);

    let finding = with_patience(Duration::from_secs(1), rule.check(broken)).await;
    assert!(matches!(finding, Finding::Broken(_)), "{} notices nothing: {finding}", rule.name);
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
impl StoreFixture<Orders> for World {
    async fn spoil(&self, record: &RecordKey) -> bool {
        self.note(self.below.orders.spoil(record))
    }

    fn store(&self) -> Arc<dyn OrderStore> {
        Arc::clone(&self.orders)
    }

    async fn another(&self) -> Arc<dyn OrderStore> {
        Arc::new(MemoryOrderStore::new(Arc::new(self.clock.clone())))
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::clone(&self.orders_outbox)
    }
}

#[async_trait]
impl StoreFixture<Tickets> for World {
    async fn spoil(&self, record: &RecordKey) -> bool {
        self.note(self.below.tickets.spoil(record))
    }

    fn store(&self) -> Arc<dyn TicketStore> {
        Arc::clone(&self.tickets)
    }

    async fn another(&self) -> Arc<dyn TicketStore> {
        Arc::new(MemoryTicketStore::new(Arc::new(self.clock.clone())))
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::clone(&self.tickets_outbox)
    }
}

#[async_trait]
impl StoreFixture<Payments> for World {
    async fn spoil(&self, record: &RecordKey) -> bool {
        self.note(self.below.payments.spoil(record))
    }

    fn store(&self) -> Arc<dyn PaymentStore> {
        Arc::clone(&self.payments)
    }

    async fn another(&self) -> Arc<dyn PaymentStore> {
        Arc::new(MemoryPaymentStore::new(Arc::new(self.clock.clone())))
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.below.payments.outbox())
    }
}

#[async_trait]
impl OutboxFixture for World {
    async fn spoil(&self, event: EventId) -> bool {
        self.note(self.below.orders.outbox().spoil(event))
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::clone(&self.orders_outbox)
    }

    async fn commit(&self, events: Vec<EventEnvelope>) -> Result<(), StoreError> {
        self.orders.commit(UnitOfWork { writes: Vec::new(), events }).await.map(drop)
    }

    async fn reopened(&self) -> Arc<dyn Outbox> {
        Arc::clone(&self.reopened_outbox)
    }
}

#[async_trait]
impl TransportFixture for World {
    fn publisher(&self) -> Arc<dyn EventPublisher> {
        Arc::clone(&self.publisher)
    }

    fn subscriber(&self) -> Arc<dyn EventSubscriber> {
        Arc::clone(&self.subscriber)
    }

    async fn append(&self, message: RawMessage) {
        let topic = Topic::ALL.into_iter().find(|topic| topic.name() == message.topic);
        self.broker.append_raw(topic.expect("the name of a topic"), message);
    }

    async fn restart(&self) {}

    fn too_large(&self) -> Option<usize> {
        Some(BROKER.max_bytes + 1)
    }
}

#[async_trait]
impl ParkingFixture for World {
    async fn spoil(&self, parked: Uuid) -> bool {
        self.note(self.below.parking.spoil(parked))
    }

    fn parking_lot(&self) -> Arc<dyn ParkingLot> {
        Arc::clone(&self.parking)
    }

    async fn reopened(&self) -> Arc<dyn ParkingLot> {
        Arc::clone(&self.reopened_parking)
    }
}

impl TimersFixture for World {
    fn timers(&self) -> Arc<dyn TimerQueue> {
        Arc::clone(&self.timers)
    }
}

#[async_trait]
impl GatewayFixture for World {
    fn gateway(&self) -> Arc<dyn PaymentGateway> {
        Arc::clone(&self.gateway)
    }

    fn cards(&self) -> TestCards {
        TestCards {
            good: CardToken::new("tok_visa"),
            bad: CardToken::new("tok_chargeDeclined"),
            silent: Some(CardToken::new("tok_timeout")),
        }
    }

    async fn held(&self, payment: PaymentId) -> u64 {
        let charges = self.sandbox.charges().into_iter();
        charges.filter(|charge| charge.payment == payment && !charge.refunded).map(|charge| charge.total.amount).sum()
    }

    fn notice(&self, notice: &GatewayNotice, at: Timestamp) -> (Vec<u8>, String) {
        self.sandbox.sign_notice(notice, at)
    }
}

impl SessionsFixture for World {
    fn sessions(&self) -> Arc<dyn SessionStore> {
        Arc::clone(&self.sessions)
    }
}

#[async_trait]
impl LimitsFixture for World {
    fn limiter(&self) -> Arc<dyn RateLimiter> {
        Arc::clone(&self.limiter)
    }

    async fn set_back(&self, span: Duration) {
        self.clock.set_back(span);
    }
}

impl DraftsFixture for World {
    fn drafts(&self) -> Arc<dyn DraftStore> {
        Arc::clone(&self.drafts)
    }
}
