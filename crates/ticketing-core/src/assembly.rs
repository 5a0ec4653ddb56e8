//! Puts services together from their ports, and runs what repeats behind them.
//!
//! A service is a value to call and a set of loops to run. Nothing here names
//! an engine or a runtime: the application brings both.
//!
//! Invariant: what a service needs after a restart is on engines that outlive
//! the process, or none of it is. Only timers, which are derived, may differ.

mod error;
mod health;
mod loops;
mod observables;
mod running;

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::messaging::consumer::{Consumer, ConsumerConfig, ConsumerPorts, EventHandler};
use crate::messaging::driver::{Pace, Step};
use crate::messaging::relay::{Relay, RelayConfig, RelayPorts};
use crate::ports::account_store::AccountStore;
use crate::ports::audit_reader::AuditReader;
use crate::ports::clock::ClockAndIds;
use crate::ports::contacts::Contacts;
use crate::ports::error_chain;
use crate::ports::gateway::PaymentGateway;
use crate::ports::identity::{PasswordHasher, SessionLifetimes, SessionStore, TokenSigner};
use crate::ports::letter_store::LetterStore;
use crate::ports::letter_writer::LetterWriter;
use crate::ports::link_signer::LinkSigner;
use crate::ports::mailer::Mailer;
use crate::ports::order_store::OrderStore;
use crate::ports::outbox::Outbox;
use crate::ports::parking::ParkingLot;
use crate::ports::pass_signer::PassSigner;
use crate::ports::pass_store::PassStore;
use crate::ports::payment_store::PaymentStore;
use crate::ports::search_index::{SearchIndex, SearchIndexes};
use crate::ports::ticket_store::TicketStore;
use crate::ports::timers::TimerQueue;
use crate::ports::transport::{EventPublisher, EventSubscriber, StartFrom};
use crate::usecase::accounts::Accounts;
use crate::usecase::admissions::{Admissions, AdmissionsFollow};
use crate::usecase::expiration::{Expiration, ExpirationFollowsOrders, FireDue};
use crate::usecase::notifications::{AlertsFollow, Notifications, NotificationsFollow, SendLetters, SendingConfig};
use crate::usecase::orders::batcher::{BatcherConfig, OrderBatchers};
use crate::usecase::orders::{EndCalledOff, ExpireOverdue, Orders, OrdersFollow};
use crate::usecase::payments::{Payments, PaymentsFollowOrders, SettlePayments};
use crate::usecase::replica_wait::ReplicaWaits;
use crate::usecase::search::{Exchangeable, FeedSearch, Fill, Rebuilder, Search, SearchFollows};
use crate::usecase::tickets::{JointReads, Tickets, TicketsFollow};

pub use error::AssemblyError;
pub use health::{EndedBy, LoopEnded, LoopHealth};
pub use loops::{LoopFailed, Loops};
pub use observables::Observables;
pub use running::{RunningLoops, Spawn};

/// How the marketplace works; the defaults suit one process and many.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ticketing_core::assembly::Settings;
/// use ticketing_core::usecase::orders::batcher::BatcherConfig;
///
/// let batcher = BatcherConfig { hold_for: Duration::from_mins(5), ..BatcherConfig::default() };
/// let settings = Settings { batcher, ..Settings::default() };
/// assert!(settings.batcher.hold_for < Settings::default().batcher.hold_for);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How orders are decided.
    pub batcher: BatcherConfig,
    /// How events leave a service.
    pub relay: RelayConfig,
    /// How events are handled.
    pub consumer: ConsumerConfig,
    /// How long tokens and sessions last.
    pub lifetimes: SessionLifetimes,
    /// How long a request may ask the gateway before the payment is looked up.
    pub payment_grace: Duration,
    /// How long after its deadline an order is ended without a timer.
    pub overdue_grace: Duration,
    /// How long an order or a payment waits for its service to learn of the ticket or order that it names.
    pub replica_wait: Duration,
    /// How letters are sent.
    pub sending: SendingConfig,
    /// How often timers, overdue orders, open payments and letters are looked for.
    pub poll_every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            batcher: BatcherConfig::default(),
            relay: RelayConfig::default(),
            consumer: ConsumerConfig::default(),
            lifetimes: SessionLifetimes::default(),
            payment_grace: Duration::from_secs(30),
            overdue_grace: Duration::from_secs(5),
            replica_wait: Duration::from_secs(2),
            sending: SendingConfig::default(),
            poll_every: Duration::from_millis(250),
        }
    }
}

/// What every service shares: the transport, time and chance.
///
/// # Examples
///
/// A marketplace over engines in memory:
///
/// ```
/// use std::sync::Arc;
/// use ticketing_core::assembly::Settings;
/// use ticketing_core::usecase::{orders::PlaceOrder, tickets::CreateTicket};
/// use ticketing_core::wire::Origin;
/// use ticketing_memory::MemoryEngines;
/// # use ticketing_core::domain::{ids::AccountId, ticket::{Offer, OfferInput}};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
/// # let input = OfferInput { title: "Opera", amount: 4500, currency: "EUR", quantity: 2, ..OfferInput::default() };
/// # let offer = Offer::parse(input)?;
/// let engines = MemoryEngines::default();
/// let context = engines.service_context(Settings::default());
/// let (tickets, ticket_loops) = context.tickets(engines.ticket_ports())?;
/// let (orders, order_loops) = context.orders(engines.order_ports())?;
/// let (payments, payment_loops) = context.payments(engines.payment_ports(), Arc::new(engines.gateway.clone()))?;
/// let expiration = context.expiration(engines.expiration_ports())?;
///
/// let loops = ticket_loops.and(order_loops).and(payment_loops).and(expiration);
/// let running = loops.start(context.env.clone(), &|task| drop(tokio::spawn(task)));
/// # let _ = payments;
/// # let origin = Origin::new(context.env.uuid(context.env.now()));
/// let opera = tickets.create_ticket(CreateTicket::new(seller, offer), origin.clone()).await?.ticket;
/// let order = orders.place_order(PlaceOrder::new(buyer, opera.id), origin).await?;
/// assert_eq!(order.ticket.id, opera.id);
/// running.stop().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ServiceContext {
    /// Takes events to the others.
    pub publisher: Arc<dyn EventPublisher>,
    /// Brings the events of the others.
    pub subscriber: Arc<dyn EventSubscriber>,
    /// Time and chance.
    pub env: ClockAndIds,
    /// How to work.
    pub settings: Settings,
}

/// The ports of the accounts service.
#[derive(Debug)]
pub struct AccountPorts {
    /// Keeps accounts.
    pub store: Arc<dyn AccountStore>,
    /// Its unpublished events.
    pub outbox: Arc<dyn Outbox>,
    /// Keeps sessions.
    pub sessions: Arc<dyn SessionStore>,
    /// Hashes passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Signs access tokens.
    pub signer: Arc<dyn TokenSigner>,
    /// Signs the links of letters.
    pub links: Arc<dyn LinkSigner>,
}

/// What a service needs that keeps a store and follows events.
#[derive(Debug)]
pub struct ServicePorts<S: ?Sized> {
    /// Keeps its state.
    pub store: Arc<S>,
    /// Its unpublished events.
    pub outbox: Arc<dyn Outbox>,
    /// Its events that could not be handled.
    pub parking: Arc<dyn ParkingLot>,
}

/// How the notifications service reaches people.
#[derive(Debug, Clone)]
pub struct MailPorts {
    /// Knows their addresses.
    pub contacts: Arc<dyn Contacts>,
    /// Puts letters into words.
    pub writer: Arc<dyn LetterWriter>,
    /// Sends them.
    pub mailer: Arc<dyn Mailer>,
}

/// The ports of the expiration service.
#[derive(Debug)]
pub struct ExpirationPorts {
    /// Keeps timers.
    pub timers: Arc<dyn TimerQueue>,
    /// Its events that could not be handled.
    pub parking: Arc<dyn ParkingLot>,
}

/// What the search is fed by, beside the tickets service of the same process.
#[derive(Debug, Clone)]
pub struct SearchPorts {
    /// Feeds the index.
    pub feeder: SearchFollows,
    /// Fills an index that begins, and builds it again; absent where nothing reads all tickets.
    pub owners: Option<Arc<dyn AuditReader>>,
    /// Begin an index beside the one in use, for a [rebuild](Search::rebuild); absent where there can be one alone.
    pub indexes: Option<Arc<dyn SearchIndexes>>,
    /// Its events that could not be handled.
    pub parking: Arc<dyn ParkingLot>,
}

impl<S: ?Sized> Clone for ServicePorts<S> {
    fn clone(&self) -> Self {
        let Self { store, outbox, parking } = self;
        Self { store: Arc::clone(store), outbox: Arc::clone(outbox), parking: Arc::clone(parking) }
    }
}

impl ServiceContext {
    /// The accounts service.
    ///
    /// # Errors
    ///
    /// [`AssemblyError`]: of its engines some outlive the process and others do not.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use ticketing_core::assembly::Settings;
    /// use ticketing_core::usecase::accounts::SignUp;
    /// use ticketing_crypto::{Argon2Config, Argon2Hasher, Ed25519Signer};
    /// use ticketing_memory::MemoryEngines;
    /// # use ticketing_core::wire::Origin;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let engines = MemoryEngines::default();
    /// let hasher = Arc::new(Argon2Hasher::new(Argon2Config::default())?);
    /// let signer = Arc::new(Ed25519Signer::generate());
    /// let context = engines.service_context(Settings::default());
    /// let (accounts, loops) = context.accounts(engines.account_ports(hasher, signer))?;
    /// # let origin = Origin::new(context.env.uuid(context.env.now()));
    ///
    /// let running = loops.start(context.env.clone(), &|task| drop(tokio::spawn(task)));
    /// let command = SignUp::new("ada@example.org".parse()?, "correct horse battery staple");
    /// let ada = accounts.sign_up(command, origin).await?;
    /// assert_eq!(accounts.account(ada.account).await?.email.as_str(), "ada@example.org");
    /// running.stop().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn accounts(&self, ports: AccountPorts) -> Result<(Accounts, Loops), AssemblyError> {
        let AccountPorts { store, outbox, sessions, hasher, signer, links } = ports;
        let lifetimes = self.settings.lifetimes;
        let accounts = Accounts { store, sessions, hasher, signer, links, env: self.env.clone(), lifetimes };
        Ok((accounts, self.relaying("accounts", outbox)?))
    }

    /// The tickets service.
    ///
    /// # Errors
    ///
    /// [`AssemblyError`]: of its engines some outlive the process and others do not.
    pub fn tickets(&self, ports: ServicePorts<dyn TicketStore>) -> Result<(Tickets, Loops), AssemblyError> {
        let store = Arc::new(JointReads::new(ports.store, self.env.clone()));
        let tickets = Tickets { store, env: self.env.clone() };
        let follow = self.following("tickets", Arc::new(TicketsFollow(tickets.clone())), ports.parking)?;
        Ok((tickets, self.relaying("tickets", ports.outbox)?.and(follow)))
    }

    /// The search for tickets, beside the tickets service.
    ///
    /// An index that begins is filled before it follows events; [`Search::is_filled`] tells when that is done.
    ///
    /// # Errors
    ///
    /// [`AssemblyError`]: the transport outlives the process, and the parking lot does not.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::assembly::Settings;
    /// use ticketing_core::domain::search::{Question, SearchPage};
    /// use ticketing_memory::MemoryEngines;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let engines = MemoryEngines::default();
    /// let context = engines.service_context(Settings::default());
    /// let (tickets, loops) = context.tickets(engines.ticket_ports())?;
    /// let (search, feeding) = context.search(engines.search_ports(), &tickets)?;
    /// # drop(loops.and(feeding));
    ///
    /// let everything = Question::all(context.env.now());
    /// assert_eq!(search.find_tickets(&everything, SearchPage::First { limit: 10 }).await?.count, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn search(&self, ports: SearchPorts, tickets: &Tickets) -> Result<(Search, Loops), AssemblyError> {
        let SearchPorts { feeder, owners, indexes, parking } = ports;
        let index = Arc::new(Exchangeable::new(Arc::clone(feeder.index())));
        let feeder = feeder.feeding(Arc::clone(&index) as Arc<dyn SearchIndex>);
        let mut search = Search::new(Arc::clone(feeder.index()), Arc::clone(&tickets.store), self.env.clone());
        let rebuilder = indexes
            .zip(owners.clone())
            .map(|(indexes, owners)| Rebuilder::new(feeder.history(), index, indexes, owners, &mut search));
        let fill = owners.filter(|_| feeder.begins()).map(|owners| Fill::new(&feeder, owners, self.env.clone()));
        let consumer = self.consumer("search", Arc::new(feeder), &parking)?;
        let mut loops = Loops::default();
        // Not by its group, which may be another after each start.
        loops.observe("search", &consumer, parking);
        loops.take_in(Box::new(FeedSearch::new(&search, consumer, fill, rebuilder)), Pace::default());
        Ok((search, loops))
    }

    /// The orders service.
    ///
    /// # Errors
    ///
    /// [`AssemblyError`]: of its engines some outlive the process and others do not.
    pub fn orders(&self, ports: ServicePorts<dyn OrderStore>) -> Result<(Orders, Loops), AssemblyError> {
        let (batchers, decide) = OrderBatchers::open(&ports.store, &self.env, self.settings.batcher);
        let orders = Orders {
            store: ports.store,
            batchers: batchers.clone(),
            env: self.env.clone(),
            waits: ReplicaWaits::new(self.settings.replica_wait),
        };
        let follow = self.following("orders", Arc::new(OrdersFollow(orders.clone())), ports.parking)?;
        let mut loops = self.relaying("orders", ports.outbox)?.and(follow);
        loops.decide(batchers, decide);
        let overdue = ExpireOverdue::new(orders.clone(), self.settings.overdue_grace, 256);
        loops.take_in(Box::new(overdue), self.polling());
        loops.take_in(Box::new(EndCalledOff::new(orders.clone(), 4)), self.polling());
        Ok((orders, loops))
    }

    /// The payments service.
    ///
    /// # Errors
    ///
    /// [`AssemblyError`]: of its engines some outlive the process and others do not.
    pub fn payments(
        &self,
        ports: ServicePorts<dyn PaymentStore>,
        gateway: Arc<dyn PaymentGateway>,
    ) -> Result<(Payments, Loops), AssemblyError> {
        let waits = ReplicaWaits::new(self.settings.replica_wait);
        let payments = Payments { store: ports.store, gateway, env: self.env.clone(), waits };
        let follow = self.following("payments", Arc::new(PaymentsFollowOrders(payments.clone())), ports.parking)?;
        let mut loops = self.relaying("payments", ports.outbox)?.and(follow);
        let settle = SettlePayments::new(payments.clone(), self.settings.payment_grace, 64);
        loops.take_in(Box::new(settle), self.polling());
        Ok((payments, loops))
    }

    /// The admissions service.
    ///
    /// # Errors
    ///
    /// [`AssemblyError`]: of its engines some outlive the process and others do not.
    pub fn admissions(
        &self,
        ports: ServicePorts<dyn PassStore>,
        signer: Arc<dyn PassSigner>,
    ) -> Result<(Admissions, Loops), AssemblyError> {
        let admissions = Admissions { store: ports.store, signer, env: self.env.clone() };
        let follow = self.following("admissions", Arc::new(AdmissionsFollow(admissions.clone())), ports.parking)?;
        Ok((admissions, self.relaying("admissions", ports.outbox)?.and(follow)))
    }

    /// The notifications service.
    ///
    /// # Errors
    ///
    /// [`AssemblyError`]: of its engines some outlive the process and others do not.
    pub fn notifications(
        &self,
        ports: ServicePorts<dyn LetterStore>,
        mail: MailPorts,
    ) -> Result<(Notifications, Loops), AssemblyError> {
        let MailPorts { contacts, writer, mailer } = mail;
        let notifications = Notifications { store: ports.store, contacts, writer, mailer, env: self.env.clone() };
        let follow = Arc::new(NotificationsFollow(notifications.clone()));
        let follow = self.following("notifications", follow, Arc::clone(&ports.parking))?;
        let alerts = Arc::new(AlertsFollow(notifications.clone()));
        let alerts = self.following("notifications", alerts, ports.parking)?;
        // It tells nobody anything yet; what it may tell one day leaves by the same way.
        let mut loops = self.relaying("notifications", ports.outbox)?.and(follow).and(alerts);
        let send = SendLetters::new(notifications.clone(), self.settings.sending);
        loops.observables.letters = Some(send.counts());
        loops.take_in(Box::new(send), self.polling());
        Ok((notifications, loops))
    }

    /// The expiration service. Nobody calls it.
    ///
    /// Timers may forget what a restart forgets: the orders service ends what is overdue without them.
    ///
    /// # Errors
    ///
    /// [`AssemblyError`]: of its engines some outlive the process and others do not.
    pub fn expiration(&self, ports: ExpirationPorts) -> Result<Loops, AssemblyError> {
        let ExpirationPorts { timers, parking } = ports;
        let expiration = Expiration { timers, publisher: Arc::clone(&self.publisher), env: self.env.clone() };
        let follow = Arc::new(ExpirationFollowsOrders(expiration.clone()));
        let mut loops = self.following("expiration", follow, parking)?;
        let fire_due = FireDue::new(expiration, 256, Duration::from_secs(30));
        loops.observables.timer_lateness = Some(fire_due.lateness());
        loops.take_in(Box::new(fire_due), self.polling());
        Ok(loops)
    }

    /// Whatever else wants to follow events; a new group begins at `start`.
    ///
    /// It subscribes before this returns, or with its first step if the transport is away.
    ///
    /// # Errors
    ///
    /// [`AssemblyError::Name`]: a service of the marketplace has the name of the handler, or nobody can.
    pub async fn follower(
        &self,
        handler: Arc<dyn EventHandler>,
        parking: Arc<dyn ParkingLot>,
        start: StartFrom,
    ) -> Result<Loops, AssemblyError> {
        let config = ConsumerConfig { start, ..self.settings.consumer };
        let mut consumer = Consumer::new(handler, self.consumer_ports(&parking), config)?;
        if let Err(error) = consumer.subscribe().await {
            let (name, cause) = (consumer.name(), error_chain(&error));
            tracing::warn!(name, cause, "{name} subscribes later: {cause}");
        }
        Ok(Loops::default().consuming(consumer, parking))
    }

    /// A service follows from the beginning, so that its replicas are whole.
    fn following(
        &self,
        service: &'static str,
        handler: Arc<dyn EventHandler>,
        parking: Arc<dyn ParkingLot>,
    ) -> Result<Loops, AssemblyError> {
        let consumer = self.consumer(service, handler, &parking)?;
        Ok(Loops::default().consuming(consumer, parking))
    }

    fn consumer(
        &self,
        service: &'static str,
        handler: Arc<dyn EventHandler>,
        parking: &Arc<dyn ParkingLot>,
    ) -> Result<Consumer, AssemblyError> {
        if self.transport_survives() && !parking.survives_restart() {
            return Err(AssemblyError::ForgetfulParking { service });
        }
        let config = ConsumerConfig { start: StartFrom::Earliest, ..self.settings.consumer };
        Ok(Consumer::of_service(handler, self.consumer_ports(parking), config))
    }

    fn consumer_ports(&self, parking: &Arc<dyn ParkingLot>) -> ConsumerPorts {
        let ClockAndIds { clock, ids } = self.env.clone();
        ConsumerPorts { subscriber: Arc::clone(&self.subscriber), parking: Arc::clone(parking), clock, ids }
    }

    fn relaying(&self, service: &'static str, outbox: Arc<dyn Outbox>) -> Result<Loops, AssemblyError> {
        match (outbox.survives_restart(), self.transport_survives()) {
            (true, false) => return Err(AssemblyError::ForgetfulTransport { service }),
            (false, true) => return Err(AssemblyError::ForgetfulStore { service }),
            (true, true) | (false, false) => {}
        }
        let owner: Uuid = self.env.uuid(self.env.now());
        let mut loops = Loops::default();
        loops.observables.outboxes.push((service.to_owned(), Arc::clone(&outbox)));
        let ports = RelayPorts { outbox, publisher: Arc::clone(&self.publisher) };
        loops.relay(Relay::new(service, ports, owner, self.settings.relay));
        Ok(loops)
    }

    fn transport_survives(&self) -> bool {
        self.subscriber.features().survives_restart
    }

    fn polling(&self) -> Pace {
        Pace { period: self.settings.poll_every, ..Pace::default() }
    }
}
