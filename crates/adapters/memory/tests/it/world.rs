//! A separate fixture for each rule: one of every adapter, on a clock that the rule moves.
//!
//! The kit's own tests exchange parts of it for broken ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ticketing_conformance::audit_reader::{AuditReaderFixture, Bank};
use ticketing_conformance::clock::ClockFixture;
use ticketing_conformance::drafts::DraftsFixture;
use ticketing_conformance::gateway::{BuyerAct, GatewayFixture, TestCards};
use ticketing_conformance::limits::LimitsFixture;
use ticketing_conformance::log::LogFixture;
use ticketing_conformance::mailer::{ArrivedMail, MailerFixture, ServerState};
use ticketing_conformance::outbox::OutboxFixture;
use ticketing_conformance::parking::ParkingFixture;
use ticketing_conformance::sessions::SessionsFixture;
use ticketing_conformance::store::{Accounts, Letters, Orders, Passes, Payments, StoreFixture, Tickets};
use ticketing_conformance::time::TimeFixture;
use ticketing_conformance::timers::TimersFixture;
use ticketing_conformance::transport::TransportFixture;
use ticketing_core::domain::account::EmailAddress;
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::ids::{EventId, PaymentId};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::account_store::AccountStore;
use ticketing_core::ports::audit_reader::{AdmissionReader, AuditReader, Ledger, LetterReader};
use ticketing_core::ports::clock::{Clock, ClockAndIds, Ids};
use ticketing_core::ports::drafts::DraftStore;
use ticketing_core::ports::gateway::{CardToken, GatewayNotice, PaymentGateway, UnverifiedNotice};
use ticketing_core::ports::identity::SessionStore;
use ticketing_core::ports::letter_store::LetterStore;
use ticketing_core::ports::limits::RateLimiter;
use ticketing_core::ports::log::EventLog;
use ticketing_core::ports::mailer::{Mail, Mailer};
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::outbox::Outbox;
use ticketing_core::ports::parking::ParkingLot;
use ticketing_core::ports::pass_store::PassStore;
use ticketing_core::ports::payment_store::PaymentStore;
use ticketing_core::ports::store::{RecordKey, StoreError, UnitOfWork};
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_core::ports::timers::TimerQueue;
use ticketing_core::ports::transport::{EventPublisher, EventSubscriber};
use ticketing_core::wire::{EventEnvelope, RawMessage};
use ticketing_memory::{
    Fault, FaultPlan, ManualClock, MemoryAccountStore, MemoryBrokerConfig, MemoryEngines, MemoryLetterStore,
    MemoryOrderStore, MemoryPassStore, MemoryPaymentStore, MemoryTicketStore, Operation, SandboxGateway, SequentialIds,
};
use uuid::Uuid;

/// Sound, until a test exchanges a part.
pub(crate) struct World {
    pub(crate) clock: ManualClock,
    /// What lies below, whatever a test puts over it.
    pub(crate) engines: MemoryEngines,
    pub(crate) faults: FaultPlan,
    pub(crate) tickets: Arc<dyn TicketStore>,
    pub(crate) tickets_outbox: Arc<dyn Outbox>,
    pub(crate) orders: Arc<dyn OrderStore>,
    pub(crate) orders_outbox: Arc<dyn Outbox>,
    pub(crate) reopened_outbox: Arc<dyn Outbox>,
    pub(crate) payments: Arc<dyn PaymentStore>,
    pub(crate) passes: Arc<dyn PassStore>,
    pub(crate) letters: Arc<dyn LetterStore>,
    pub(crate) publisher: Arc<dyn EventPublisher>,
    pub(crate) subscriber: Arc<dyn EventSubscriber>,
    pub(crate) parking: Arc<dyn ParkingLot>,
    pub(crate) reopened_parking: Arc<dyn ParkingLot>,
    pub(crate) timers: Arc<dyn TimerQueue>,
    pub(crate) gateway: Arc<dyn PaymentGateway>,
    pub(crate) sessions: Arc<dyn SessionStore>,
    pub(crate) limiter: Arc<dyn RateLimiter>,
    pub(crate) drafts: Arc<dyn DraftStore>,
    pub(crate) mailer: Arc<dyn Mailer>,
    pub(crate) audit_reader: Arc<dyn AuditReader>,
    pub(crate) admission_reader: Arc<dyn AdmissionReader>,
    pub(crate) letter_reader: Arc<dyn LetterReader>,
    pub(crate) ledger: Arc<dyn Ledger>,
    /// Whether something was made unreadable: a broken adapter then shows it.
    pub(crate) is_spoilt: Arc<AtomicBool>,
}

impl Default for World {
    fn default() -> Self {
        let clock = ManualClock::default();
        let env = ClockAndIds { clock: Arc::new(clock.clone()), ids: Arc::new(SequentialIds::new()) };
        let engines = MemoryEngines::new(env);
        let MemoryEngines { tickets, orders, payments, passes, letters, broker, parking, gateway, .. } =
            engines.clone();
        let faults = FaultPlan::counting(Arc::new(clock.clone()));
        Self {
            clock,
            tickets_outbox: Arc::new(tickets.outbox()),
            tickets: Arc::new(tickets),
            orders_outbox: Arc::new(orders.outbox()),
            reopened_outbox: Arc::new(orders.outbox()),
            orders: Arc::new(orders),
            payments: Arc::new(payments),
            passes: Arc::new(passes),
            letters: Arc::new(letters),
            publisher: Arc::new(broker.with_faults(faults.clone()).publisher()),
            subscriber: Arc::new(broker.subscriber()),
            reopened_parking: Arc::new(parking.clone()),
            parking: Arc::new(parking),
            timers: Arc::new(engines.timers.clone()),
            ledger: Arc::new(gateway.clone()),
            gateway: Arc::new(gateway),
            sessions: Arc::new(engines.sessions.clone()),
            limiter: Arc::new(engines.limiter.clone()),
            drafts: Arc::new(engines.drafts.clone()),
            mailer: Arc::new(engines.mailer.with_faults(faults.clone())),
            audit_reader: Arc::new(engines.audit_reader()),
            admission_reader: Arc::new(engines.audit_reader()),
            letter_reader: Arc::new(engines.audit_reader()),
            is_spoilt: Arc::default(),
            faults,
            engines,
        }
    }
}

impl World {
    fn note(&self, is_spoilt: bool) -> bool {
        self.is_spoilt.fetch_or(is_spoilt, Ordering::Relaxed);
        is_spoilt
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
        Arc::clone(&self.engines.env.ids)
    }
}

#[async_trait]
impl StoreFixture<Accounts> for World {
    async fn spoil(&self, record: &RecordKey) -> bool {
        self.note(self.engines.accounts.spoil(record))
    }

    fn store(&self) -> Arc<dyn AccountStore> {
        Arc::new(self.engines.accounts.clone())
    }

    async fn another(&self) -> Arc<dyn AccountStore> {
        Arc::new(MemoryAccountStore::new(Arc::new(self.clock.clone())))
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.engines.accounts.outbox())
    }
}

#[async_trait]
impl StoreFixture<Orders> for World {
    async fn spoil(&self, record: &RecordKey) -> bool {
        self.note(self.engines.orders.spoil(record))
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
        self.note(self.engines.tickets.spoil(record))
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
        self.note(self.engines.payments.spoil(record))
    }

    fn store(&self) -> Arc<dyn PaymentStore> {
        Arc::clone(&self.payments)
    }

    async fn another(&self) -> Arc<dyn PaymentStore> {
        Arc::new(MemoryPaymentStore::new(Arc::new(self.clock.clone())))
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.engines.payments.outbox())
    }
}

#[async_trait]
impl StoreFixture<Passes> for World {
    async fn spoil(&self, record: &RecordKey) -> bool {
        self.note(self.engines.passes.spoil(record))
    }

    fn store(&self) -> Arc<dyn PassStore> {
        Arc::clone(&self.passes)
    }

    async fn another(&self) -> Arc<dyn PassStore> {
        Arc::new(MemoryPassStore::new(Arc::new(self.clock.clone())))
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.engines.passes.outbox())
    }
}

#[async_trait]
impl StoreFixture<Letters> for World {
    async fn spoil(&self, record: &RecordKey) -> bool {
        self.note(self.engines.letters.spoil(record))
    }

    fn store(&self) -> Arc<dyn LetterStore> {
        Arc::clone(&self.letters)
    }

    async fn another(&self) -> Arc<dyn LetterStore> {
        Arc::new(MemoryLetterStore::new(Arc::new(self.clock.clone())))
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.engines.letters.outbox())
    }
}

#[async_trait]
impl OutboxFixture for World {
    async fn spoil(&self, event: EventId) -> bool {
        self.note(self.engines.orders.outbox().spoil(event))
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
        self.engines.broker.append_raw(topic.expect("the name of a topic"), message);
    }

    async fn restart(&self) {}

    fn too_large(&self) -> Option<usize> {
        Some(MemoryBrokerConfig::default().max_bytes + 1)
    }

    async fn interrupt(&self, _topic: Topic) -> bool {
        self.faults.inject(Operation::Publish, Fault::FailAfter);
        true
    }
}

#[async_trait]
impl LogFixture for World {
    fn publisher(&self) -> Arc<dyn EventPublisher> {
        Arc::clone(&self.publisher)
    }

    async fn log(&self, topics: &[Topic]) -> Box<dyn EventLog> {
        Box::new(self.engines.broker.log(topics))
    }
}

#[async_trait]
impl ParkingFixture for World {
    async fn spoil(&self, parked: Uuid) -> bool {
        self.note(self.engines.parking.spoil(parked))
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
            good: CardToken::new(SandboxGateway::VISA),
            bad: CardToken::new(SandboxGateway::CHARGE_DECLINED),
            silent: Some(CardToken::new(SandboxGateway::TIMEOUT)),
            challenged: Some(CardToken::new(SandboxGateway::THREE_D_SECURE)),
        }
    }

    async fn act(&self, payment: PaymentId, act: BuyerAct) {
        match act {
            BuyerAct::Approves => drop(self.engines.gateway.approve(payment)),
            BuyerAct::Refuses => drop(self.engines.gateway.refuse(payment)),
        }
    }

    async fn held(&self, payment: PaymentId) -> u64 {
        let charges = self.engines.gateway.charges().into_iter();
        charges.filter(|charge| charge.payment == payment).map(|charge| charge.total.amount - charge.refunded).sum()
    }

    fn notice(&self, notice: &GatewayNotice, at: Timestamp) -> UnverifiedNotice {
        self.engines.gateway.sign_notice(notice, at)
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

#[async_trait]
impl AuditReaderFixture for World {
    async fn spoil(&self, record: &RecordKey) -> bool {
        let engines = &self.engines;
        self.note(engines.orders.spoil(record) || engines.passes.spoil(record) || engines.letters.spoil(record))
    }

    fn admission_reader(&self) -> Arc<dyn AdmissionReader> {
        Arc::clone(&self.admission_reader)
    }

    fn passes(&self) -> Arc<dyn PassStore> {
        Arc::clone(&self.passes)
    }

    fn letter_reader(&self) -> Arc<dyn LetterReader> {
        Arc::clone(&self.letter_reader)
    }

    fn letters(&self) -> Arc<dyn LetterStore> {
        Arc::clone(&self.letters)
    }

    fn audit_reader(&self) -> Arc<dyn AuditReader> {
        Arc::clone(&self.audit_reader)
    }

    fn tickets(&self) -> Arc<dyn TicketStore> {
        Arc::clone(&self.tickets)
    }

    fn orders(&self) -> Arc<dyn OrderStore> {
        Arc::clone(&self.orders)
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::clone(&self.orders_outbox)
    }

    fn parking_lot(&self) -> Arc<dyn ParkingLot> {
        Arc::clone(&self.parking)
    }

    fn payments(&self) -> Arc<dyn PaymentStore> {
        Arc::clone(&self.payments)
    }

    fn bank(&self) -> Option<Bank> {
        let TestCards { good, bad, .. } = self.cards();
        Some(Bank { gateway: self.gateway(), ledger: Arc::clone(&self.ledger), good, bad })
    }
}

#[async_trait]
impl MailerFixture for World {
    fn mailer(&self) -> Arc<dyn Mailer> {
        Arc::clone(&self.mailer)
    }

    async fn arrived(&self) -> Vec<ArrivedMail> {
        self.engines.mailer.mails().into_iter().map(arrived).collect()
    }

    async fn refuse(&self, recipient: &EmailAddress) {
        self.engines.mailer.refuse(recipient.clone());
    }

    async fn turn(&self, state: ServerState) -> bool {
        match state {
            ServerState::Up => {}
            // The next mail finds nobody; there is no other way to be busy.
            ServerState::Away | ServerState::Busy => self.faults.inject(Operation::Mail, Fault::FailBefore),
            ServerState::Silent => self.faults.inject(Operation::Mail, Fault::FailAfter),
        }
        true
    }
}

/// Mail in memory has no header, and its id in place of one.
fn arrived(mail: Mail) -> ArrivedMail {
    ArrivedMail {
        recipients: vec![mail.to.as_str().to_owned()],
        header_names: Vec::new(),
        message_id: format!("{}@memory.invalid", mail.id),
        subject: mail.subject,
        text: mail.text,
        html: mail.html,
        attachments: mail.attachments,
        unsubscribe: mail.unsubscribe,
    }
}
