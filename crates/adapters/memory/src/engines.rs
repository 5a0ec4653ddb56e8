//! Every engine of a marketplace at once.

use std::sync::Arc;

use ticketing_core::assembly::{AccountPorts, ExpirationPorts, SearchPorts, ServiceContext, ServicePorts, Settings};
use ticketing_core::domain::search::Watermark;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::identity::{PasswordHasher, TokenSigner};
use ticketing_core::ports::letter_store::LetterStore;
use ticketing_core::ports::link_signer::LinkSigner;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::parking::ParkingLot;
use ticketing_core::ports::pass_store::PassStore;
use ticketing_core::ports::payment_store::PaymentStore;
use ticketing_core::ports::search_index::SearchIndex;
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_core::usecase::search::SearchFollows;

use crate::{
    FaultPlan, MemoryAccountStore, MemoryAuditReader, MemoryBroker, MemoryBrokerConfig, MemoryDrafts,
    MemoryLetterStore, MemoryLimiter, MemoryMailer, MemoryOrderStore, MemoryParkingLot, MemoryPassStore,
    MemoryPaymentStore, MemorySearchIndex, MemorySearchIndexes, MemorySessions, MemoryTicketFeeds, MemoryTicketStore,
    MemoryTimers, RandomIds, SandboxConfig, SandboxGateway, SystemClock,
};

/// All that a marketplace plugs in, in memory. A clone holds the same data.
///
/// # Examples
///
/// A marketplace without accounts, for an application that has its own:
///
/// ```
/// use ticketing_core::assembly::Settings;
/// use ticketing_memory::MemoryEngines;
///
/// let engines = MemoryEngines::default();
/// let context = engines.service_context(Settings::default());
/// let (tickets, ticket_loops) = context.tickets(engines.ticket_ports())?;
/// let (orders, order_loops) = context.orders(engines.order_ports())?;
/// let loops = ticket_loops.and(order_loops).and(context.expiration(engines.expiration_ports())?);
/// # let _ = (tickets, orders, loops);
/// # Ok::<(), ticketing_core::assembly::AssemblyError>(())
/// ```
#[derive(Debug, Clone)]
pub struct MemoryEngines {
    /// Time and chance.
    pub env: ClockAndIds,
    /// Accounts.
    pub accounts: MemoryAccountStore,
    /// Listings.
    pub tickets: MemoryTicketStore,
    /// What is found of them.
    pub search: MemorySearchIndex,
    /// Report the commits of the tickets service.
    pub ticket_feeds: MemoryTicketFeeds,
    /// Stocks and orders.
    pub orders: MemoryOrderStore,
    /// Payables and payments.
    pub payments: MemoryPaymentStore,
    /// Admissions and entrances.
    pub passes: MemoryPassStore,
    /// Letters, and what they are about.
    pub letters: MemoryLetterStore,
    /// Events on their way.
    pub broker: MemoryBroker,
    /// Events that could not be handled.
    pub parking: MemoryParkingLot,
    /// Deadlines.
    pub timers: MemoryTimers,
    /// Sessions.
    pub sessions: MemorySessions,
    /// Tries.
    pub limiter: MemoryLimiter,
    /// Forms that were not accepted.
    pub drafts: MemoryDrafts,
    /// Cards, and what was charged.
    pub gateway: SandboxGateway,
    /// Mail that is not sent.
    pub mailer: MemoryMailer,
    faults: FaultPlan,
}

impl Default for MemoryEngines {
    /// Empty engines that go by the clock of the system.
    fn default() -> Self {
        Self::new(ClockAndIds { clock: Arc::new(SystemClock::new()), ids: Arc::new(RandomIds::new()) })
    }
}

impl MemoryEngines {
    /// Empty engines that go by the clock of `env`.
    #[must_use]
    pub fn new(env: ClockAndIds) -> Self {
        let clock = || -> Arc<dyn Clock> { Arc::clone(&env.clock) };
        // Drawn at each start, or anybody who knows the sandbox could claim to have paid.
        let sandbox = SandboxConfig { notice_secret: env.ids.secret().to_vec(), ..SandboxConfig::default() };
        Self {
            accounts: MemoryAccountStore::new(clock()),
            tickets: MemoryTicketStore::new(clock()),
            search: MemorySearchIndex::default(),
            ticket_feeds: MemoryTicketFeeds::new(),
            orders: MemoryOrderStore::new(clock()),
            payments: MemoryPaymentStore::new(clock()),
            passes: MemoryPassStore::new(clock()),
            letters: MemoryLetterStore::new(clock()),
            broker: MemoryBroker::new(clock(), MemoryBrokerConfig::default()),
            parking: MemoryParkingLot::new(),
            timers: MemoryTimers::new(clock()),
            sessions: MemorySessions::new(clock()),
            limiter: MemoryLimiter::new(clock()),
            drafts: MemoryDrafts::new(clock()),
            gateway: SandboxGateway::new(clock(), sandbox),
            mailer: MemoryMailer::default(),
            faults: FaultPlan::none(),
            env,
        }
    }

    /// The same data as another process would see it whose adapters all fail by one plan.
    #[must_use]
    pub fn with_faults(&self, faults: &FaultPlan) -> Self {
        Self {
            env: self.env.clone(),
            accounts: self.accounts.with_faults(faults.clone()),
            tickets: self.tickets.with_faults(faults.clone()),
            search: self.search.clone(),
            ticket_feeds: self.ticket_feeds.clone(),
            orders: self.orders.with_faults(faults.clone()),
            payments: self.payments.with_faults(faults.clone()),
            passes: self.passes.with_faults(faults.clone()),
            letters: self.letters.with_faults(faults.clone()),
            broker: self.broker.with_faults(faults.clone()),
            parking: self.parking.with_faults(faults.clone()),
            timers: self.timers.with_faults(faults.clone()),
            sessions: self.sessions.with_faults(faults.clone()),
            limiter: self.limiter.with_faults(faults.clone()),
            drafts: self.drafts.clone(),
            gateway: self.gateway.with_faults(faults.clone()),
            mailer: self.mailer.with_faults(faults.clone()),
            faults: faults.clone(),
        }
    }

    /// Reads everything that the services keep, for an audit.
    #[must_use]
    pub fn audit_reader(&self) -> MemoryAuditReader {
        MemoryAuditReader::of(self)
    }

    /// What every service shares.
    #[must_use]
    pub fn service_context(&self, settings: Settings) -> ServiceContext {
        ServiceContext {
            publisher: Arc::new(self.broker.publisher()),
            subscriber: Arc::new(self.broker.subscriber()),
            env: self.env.clone(),
            settings,
        }
    }

    /// For the accounts service; who hashes and signs is not a matter of memory.
    #[must_use]
    pub fn account_ports(
        &self,
        hasher: Arc<dyn PasswordHasher>,
        signer: Arc<impl TokenSigner + LinkSigner>,
    ) -> AccountPorts {
        AccountPorts {
            store: Arc::new(self.accounts.clone()),
            outbox: Arc::new(self.accounts.outbox().with_faults(self.faults.clone())),
            sessions: Arc::new(self.sessions.clone()),
            hasher,
            links: Arc::clone(&signer) as _,
            signer,
        }
    }

    /// For the tickets service.
    #[must_use]
    pub fn ticket_ports(&self) -> ServicePorts<dyn TicketStore> {
        let outbox = Arc::new(self.tickets.outbox().with_faults(self.faults.clone()));
        let store = self.ticket_feeds.fed_by(Arc::new(self.tickets.clone()));
        ServicePorts { store, outbox, parking: self.parking() }
    }

    /// For the search, over the index that these engines have.
    #[must_use]
    pub fn search_ports(&self) -> SearchPorts {
        self.search_ports_with(Arc::new(self.search.clone()))
    }

    /// For the search, over another index that knows nothing yet: events are kept from the first one.
    #[must_use]
    pub fn search_ports_with(&self, index: Arc<dyn SearchIndex>) -> SearchPorts {
        let now = self.env.now();
        // The log has what happened to every ticket: nothing has to be filled in.
        let known = Watermark::begin(self.env.uuid(now)).after(0, now);
        let feeder = SearchFollows::knowing(index, SearchFollows::GROUP, Some(known), &self.env);
        SearchPorts {
            feeder,
            owners: Some(Arc::new(self.audit_reader())),
            indexes: Some(Arc::new(MemorySearchIndexes)),
            parking: self.parking(),
        }
    }

    /// For the orders service.
    #[must_use]
    pub fn order_ports(&self) -> ServicePorts<dyn OrderStore> {
        let outbox = Arc::new(self.orders.outbox().with_faults(self.faults.clone()));
        ServicePorts { store: Arc::new(self.orders.clone()), outbox, parking: self.parking() }
    }

    /// For the payments service, with its gateway.
    #[must_use]
    pub fn payment_ports(&self) -> ServicePorts<dyn PaymentStore> {
        let outbox = Arc::new(self.payments.outbox().with_faults(self.faults.clone()));
        ServicePorts { store: Arc::new(self.payments.clone()), outbox, parking: self.parking() }
    }

    /// For the admissions service; who signs is not a matter of memory.
    #[must_use]
    pub fn pass_ports(&self) -> ServicePorts<dyn PassStore> {
        let outbox = Arc::new(self.passes.outbox().with_faults(self.faults.clone()));
        ServicePorts { store: Arc::new(self.passes.clone()), outbox, parking: self.parking() }
    }

    /// For the notifications service; how people are reached is not a matter of memory.
    #[must_use]
    pub fn letter_ports(&self) -> ServicePorts<dyn LetterStore> {
        let outbox = Arc::new(self.letters.outbox().with_faults(self.faults.clone()));
        ServicePorts { store: Arc::new(self.letters.clone()), outbox, parking: self.parking() }
    }

    /// For the expiration service.
    #[must_use]
    pub fn expiration_ports(&self) -> ExpirationPorts {
        ExpirationPorts { timers: Arc::new(self.timers.clone()), parking: self.parking() }
    }

    fn parking(&self) -> Arc<dyn ParkingLot> {
        Arc::new(self.parking.clone())
    }
}
