//! Every engine of a marketplace at once, but for the gateway.

use std::sync::Arc;

use ticketing_core::assembly::{AccountPorts, ExpirationPorts, ServiceContext, ServicePorts, Settings};
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::identity::{PasswordHasher, TokenSigner};
use ticketing_core::ports::letter_store::LetterStore;
use ticketing_core::ports::link_signer::LinkSigner;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::parking::ParkingLot;
use ticketing_core::ports::pass_store::PassStore;
use ticketing_core::ports::payment_store::PaymentStore;
use ticketing_core::ports::ticket_store::TicketStore;

use crate::{
    SqliteAccountStore, SqliteAttemptKeys, SqliteAttemptNotes, SqliteAuditReader, SqliteBroker, SqliteConfig,
    SqliteDrafts, SqliteError, SqliteFile, SqliteLetterStore, SqliteLimiter, SqliteOrderStore, SqliteOutbox,
    SqliteParkingLot, SqlitePassStore, SqlitePaymentStore, SqliteSessions, SqliteTicketStore, SqliteTimers,
};

/// All that a marketplace plugs in but its gateway, in one file. A clone is a handle to the same file.
///
/// # Examples
///
/// A marketplace without accounts, for an application that has its own:
///
/// ```
/// use std::sync::Arc;
/// use ticketing_core::assembly::Settings;
/// use ticketing_core::ports::clock::ClockAndIds;
/// use ticketing_memory::{RandomIds, SystemClock};
/// use ticketing_sqlite::{SqliteConfig, SqliteEngines};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = std::env::temp_dir().join(format!("ticketing-doc-{}", uuid::Uuid::from_u128(rand::random())));
/// # std::fs::create_dir(&directory)?;
/// let env = ClockAndIds { clock: Arc::new(SystemClock::new()), ids: Arc::new(RandomIds::new()) };
/// let engines = SqliteEngines::open(&SqliteConfig::new(directory.join("market.db")), env).await?;
/// let mut settings = Settings::default();
/// settings.batcher.batchers = SqliteEngines::BATCHERS;
/// let context = engines.service_context(settings);
/// let (tickets, ticket_loops) = context.tickets(engines.ticket_ports())?;
/// let (orders, order_loops) = context.orders(engines.order_ports())?;
/// let loops = ticket_loops.and(order_loops).and(context.expiration(engines.expiration_ports())?);
/// # drop((tickets, orders, loops, context, engines));
/// # std::fs::remove_dir_all(directory)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct SqliteEngines {
    /// Time and chance.
    pub env: ClockAndIds,
    /// The file that all of them share.
    pub file: SqliteFile,
    /// Accounts.
    pub accounts: SqliteAccountStore,
    /// Listings.
    pub tickets: SqliteTicketStore,
    /// Stocks and orders.
    pub orders: SqliteOrderStore,
    /// Payables and payments.
    pub payments: SqlitePaymentStore,
    /// Admissions and entrances.
    pub passes: SqlitePassStore,
    /// Letters.
    pub letters: SqliteLetterStore,
    /// Events on their way.
    pub broker: SqliteBroker,
    /// Events that could not be handled.
    pub parking: SqliteParkingLot,
    /// Deadlines.
    pub timers: SqliteTimers,
    /// Sessions.
    pub sessions: SqliteSessions,
    /// Tries.
    pub limiter: SqliteLimiter,
    /// Forms that were not accepted.
    pub drafts: SqliteDrafts,
    /// The keys of attempts to pay.
    pub attempt_keys: SqliteAttemptKeys,
    /// The notes of attempts to pay.
    pub attempt_notes: SqliteAttemptNotes,
}

impl SqliteEngines {
    /// How many order batchers suit a file ([`BatcherConfig::batchers`](ticketing_core::usecase::orders::batcher::BatcherConfig)):
    /// one thread writes, and what one batcher decides waits once for the disk. With several, each would wait for the
    /// others' turn as well.
    pub const BATCHERS: usize = 1;

    /// Opens the file of a marketplace; it is created where there is none.
    ///
    /// # Errors
    ///
    /// As [`SqliteFile::open`].
    pub async fn open(config: &SqliteConfig, env: ClockAndIds) -> Result<Self, SqliteError> {
        let file = SqliteFile::open(config, Arc::clone(&env.clock)).await?;
        let broker = SqliteBroker::of(&file);
        broker.trim().await.map_err(|failure| failure.of_file(file.path()))?;
        let outbox = |service| SqliteOutbox::of(&broker, service);
        Ok(Self {
            accounts: SqliteAccountStore::of(&file, outbox("accounts")),
            tickets: SqliteTicketStore::of(&file, outbox("tickets")),
            orders: SqliteOrderStore::of(&file, outbox("orders")),
            payments: SqlitePaymentStore::of(&file, outbox("payments")),
            passes: SqlitePassStore::of(&file, outbox("admissions")),
            letters: SqliteLetterStore::of(&file, outbox("notifications")),
            parking: SqliteParkingLot::of(&file),
            timers: SqliteTimers::of(&file),
            sessions: SqliteSessions::of(&file),
            limiter: SqliteLimiter::of(&file),
            drafts: SqliteDrafts::of(&file),
            attempt_keys: SqliteAttemptKeys::of(&file),
            attempt_notes: SqliteAttemptNotes::of(&file),
            env,
            file,
            broker,
        })
    }

    /// Reads everything that the services keep, for an audit.
    #[must_use]
    pub fn audit_reader(&self) -> SqliteAuditReader {
        SqliteAuditReader::of(&self.file)
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

    /// For the accounts service; who hashes and signs is not a matter of the file.
    #[must_use]
    pub fn account_ports(
        &self,
        hasher: Arc<dyn PasswordHasher>,
        signer: Arc<impl TokenSigner + LinkSigner>,
    ) -> AccountPorts {
        AccountPorts {
            store: Arc::new(self.accounts.clone()),
            outbox: Arc::new(self.accounts.outbox()),
            sessions: Arc::new(self.sessions.clone()),
            hasher,
            links: Arc::clone(&signer) as _,
            signer,
        }
    }

    /// For the tickets service.
    #[must_use]
    pub fn ticket_ports(&self) -> ServicePorts<dyn TicketStore> {
        self.service_ports(Arc::new(self.tickets.clone()), self.tickets.outbox())
    }

    /// For the orders service.
    #[must_use]
    pub fn order_ports(&self) -> ServicePorts<dyn OrderStore> {
        self.service_ports(Arc::new(self.orders.clone()), self.orders.outbox())
    }

    /// For the payments service.
    #[must_use]
    pub fn payment_ports(&self) -> ServicePorts<dyn PaymentStore> {
        self.service_ports(Arc::new(self.payments.clone()), self.payments.outbox())
    }

    /// For the admissions service; who signs is not a matter of the file.
    #[must_use]
    pub fn pass_ports(&self) -> ServicePorts<dyn PassStore> {
        self.service_ports(Arc::new(self.passes.clone()), self.passes.outbox())
    }

    /// For the notifications service; who puts letters into words and sends them is not a matter of the file.
    #[must_use]
    pub fn letter_ports(&self) -> ServicePorts<dyn LetterStore> {
        self.service_ports(Arc::new(self.letters.clone()), self.letters.outbox())
    }

    /// For the expiration service.
    #[must_use]
    pub fn expiration_ports(&self) -> ExpirationPorts {
        ExpirationPorts { timers: Arc::new(self.timers.clone()), parking: self.parking() }
    }

    fn service_ports<S: ?Sized>(&self, store: Arc<S>, outbox: SqliteOutbox) -> ServicePorts<S> {
        ServicePorts { store, outbox: Arc::new(outbox), parking: self.parking() }
    }

    fn parking(&self) -> Arc<dyn ParkingLot> {
        Arc::new(self.parking.clone())
    }
}
