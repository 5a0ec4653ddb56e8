//! The services over the engines they were given.
//!
//! An application with its own engines fills [`Engines`] and calls
//! [`assemble`]; everything behind that is the same. A service runs if its
//! ports are there.

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use ticketing_core::assembly::{
    AccountPorts, AssemblyError, ExpirationPorts, Loops, MailPorts, SearchPorts, ServiceContext, ServicePorts,
};
use ticketing_core::domain::ids::AccountId;
use ticketing_core::messaging::driver::Pace;
use ticketing_core::messaging::shutdown::shutdown;
use ticketing_core::ports::contacts::{Contact, ContactPurpose, Contacts, ContactsUnavailable};
use ticketing_core::ports::drafts::DraftStore;
use ticketing_core::ports::gateway::PaymentGateway;
use ticketing_core::ports::identity::{SessionStore, TokenVerifier};
use ticketing_core::ports::letter_store::LetterStore;
use ticketing_core::ports::letter_writer::LetterWriter;
use ticketing_core::ports::limits::RateLimiter;
use ticketing_core::ports::mailer::Mailer;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::pass_signer::PassSigner;
use ticketing_core::ports::pass_store::PassStore;
use ticketing_core::ports::payment_store::PaymentStore;
use ticketing_core::ports::ticket_feed::TicketFeed;
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_core::usecase::accounts::Accounts;
use ticketing_core::usecase::notifications::Notifications;
use ticketing_core::usecase::search::Search;
use ticketing_core::usecase::tickets::Tickets;

use crate::api::docs::of_process;
use crate::config::{Config, Service};
use crate::live::{FeedLive, LiveUpdates};
use crate::remote::RemoteServices;
use crate::runtime::{Assembly, AtEnd};
use crate::site::StandIns;
use crate::state::{AppState, ContactsKey, Description, DeviceKey, Guards, Health, Limiters, OwnSessions, Running};
use crate::telemetry::{EngineMetric, Lags, Metrics, Sources};

/// Everything that the services of one process plug in.
#[derive(Debug)]
pub struct Engines {
    /// The transport, time, chance, and how to work.
    pub context: ServiceContext,
    /// For the accounts service.
    pub accounts: Option<AccountPorts>,
    /// For the tickets service.
    pub tickets: Option<TicketPorts>,
    /// For the orders service.
    pub orders: Option<ServicePorts<dyn OrderStore>>,
    /// For the payments service.
    pub payments: Option<PaymentPorts>,
    /// For the admissions service.
    pub admissions: Option<AdmissionPorts>,
    /// For the notifications service.
    pub notifications: Option<NotificationPorts>,
    /// For the expiration service.
    pub expiration: Option<ExpirationPorts>,
    /// For the pages and the front door.
    pub web: Option<WebPorts>,
    /// For the edge of whatever runs.
    pub edge: EdgePorts,
    /// What repeats for the engines themselves.
    pub loops: Loops,
    /// What the engines count for themselves.
    pub metrics: Vec<EngineMetric>,
    /// How far the consumers of this process are behind.
    pub lags: Lags,
    /// What is closed once everything else has ended.
    pub at_end: AtEnd,
}

/// What the tickets service needs of its own.
#[derive(Debug)]
pub struct TicketPorts {
    /// What it needs like any service.
    pub service: ServicePorts<dyn TicketStore>,
    /// What the search is fed by that runs beside it.
    pub search: SearchPorts,
}

/// The ports that only the payments service needs.
#[derive(Debug)]
pub struct PaymentPorts {
    /// What it needs like any service.
    pub service: ServicePorts<dyn PaymentStore>,
    /// Takes the money.
    pub gateway: Arc<dyn PaymentGateway>,
}

/// What the admissions service needs of its own.
#[derive(Debug)]
pub struct AdmissionPorts {
    /// What it needs like any service.
    pub service: ServicePorts<dyn PassStore>,
    /// Signs passes.
    pub signer: Arc<dyn PassSigner>,
}

/// What the notifications service needs of its own.
#[derive(Debug)]
pub struct NotificationPorts {
    /// What it needs like any service.
    pub service: ServicePorts<dyn LetterStore>,
    /// The accounts service of another process; not asked where accounts runs here.
    pub contacts: Option<Arc<dyn Contacts>>,
    /// Puts letters into words.
    pub writer: Arc<dyn LetterWriter>,
    /// Sends them.
    pub mailer: Arc<dyn Mailer>,
}

/// What the front door needs.
#[derive(Debug)]
pub struct WebPorts {
    /// Reports changed tickets, for live updates.
    pub feed: Box<dyn TicketFeed>,
    /// The services that run in other processes.
    pub remote: RemoteServices,
    /// Keeps forms that were not accepted until their page is shown again.
    pub drafts: Arc<dyn DraftStore>,
    /// What stands for a bank and for mailboxes, where nothing takes the money or sends mail.
    pub stand_ins: StandIns,
}

/// What stands between a request and a service.
#[derive(Debug)]
pub struct EdgePorts {
    /// Reads access tokens.
    pub verifier: Arc<dyn TokenVerifier>,
    /// Knows which sessions are alive.
    pub sessions: Arc<dyn SessionStore>,
    /// Counts tries, with all other processes.
    pub limiter: Arc<dyn RateLimiter>,
    /// Counts reads, and changes while `limiter` does not answer, in this process alone.
    pub local_limiter: Arc<dyn RateLimiter>,
    /// Knows browsers that signed in before; every process of accounts has the same.
    pub devices: DeviceKey,
    /// Lets other processes ask how to reach people; `None` if none has the same keys.
    pub contacts_key: Option<ContactsKey>,
}

/// Puts the services together over their engines. Nothing runs yet.
///
/// # Errors
///
/// [`AssemblyError`]: these engines do not fit together.
pub fn assemble(engines: Engines, config: &Config) -> Result<Assembly, AssemblyError> {
    let (http_stops, stopping) = shutdown();
    let Engines { context, edge, mut metrics, lags, at_end, .. } = engines;
    let mut parts = Parts { services: Vec::new(), loops: engines.loops };
    let accounts = parts.try_add(Service::Accounts, engines.accounts.map(|ports| context.accounts(ports)))?;
    let tickets = engines.tickets.map(|ports| tickets(&context, ports));
    let (tickets, search) = parts.try_add(Service::Tickets, tickets)?.unzip();
    let orders = parts.try_add(Service::Orders, engines.orders.map(|ports| context.orders(ports)))?;
    let payments = engines.payments.map(|ports| context.payments(ports.service, ports.gateway));
    let payments = parts.try_add(Service::Payments, payments)?;
    let admissions = engines.admissions.map(|ports| context.admissions(ports.service, ports.signer));
    let admissions = parts.try_add(Service::Admissions, admissions)?;
    let notifications = engines.notifications.map(|ports| notifications(&context, ports, accounts.as_ref()));
    let notifications = parts.try_add(Service::Notifications, notifications)?;
    if let Some(ports) = engines.expiration {
        parts.add(Service::Expiration, ((), context.expiration(ports)?));
    }
    let (live, remote, drafts, stand_ins) = match engines.web {
        Some(ports) => parts.add(Service::Web, web(ports, config.http.live_listeners)),
        None => (LiveUpdates::new(0), RemoteServices::default(), None, StandIns::default()),
    };
    let (Parts { services, loops }, health) = (parts, Arc::<Health>::default());
    metrics.extend([loops_ended(&health), live_streams(&live)]);
    let (clock, batchers) = (Arc::clone(&context.env.clock), orders.as_ref().map(|orders| orders.batchers.clone()));
    let sources = Sources { clock, batchers, observables: loops.observables() };
    let EdgePorts { verifier, sessions, limiter, local_limiter, devices, contacts_key } = edge;
    let sessions = Arc::new(OwnSessions { verifier, sessions, devices, clock: Arc::clone(&context.env.clock) });
    let limiters = Limiters { shared: limiter, local: local_limiter };
    let metrics = Metrics::new(&sources, metrics, lags);
    let app = AppState {
        docs: docs(&services),
        services,
        guards: Guards::new(&limiters, &config.http, Arc::clone(&context.env.clock)),
        env: context.env,
        http: config.http.clone(),
        gateway: config.gateway(),
        confirm_address: config.confirm_address,
        health,
        metrics: metrics.clone(),
        identity: Arc::clone(&sessions) as _,
        sessions: Some(sessions),
        is_tokens_only: false,
        limiters,
        contacts_key,
        remote: remote.names(),
        drafts,
        stopping,
        running: Running { accounts, tickets, search, orders, payments, admissions, notifications },
    };
    let loops = loops.watched(|step| metrics.watch(step));
    Ok(Assembly { app: Arc::new(app), live, remote, stand_ins, loops, http_stops, at_end })
}

fn tickets(context: &ServiceContext, ports: TicketPorts) -> Result<((Tickets, Search), Loops), AssemblyError> {
    let (tickets, loops) = context.tickets(ports.service)?;
    let (search, feeding) = context.search(ports.search, &tickets)?;
    Ok(((tickets, search), loops.and(feeding)))
}

fn notifications(
    context: &ServiceContext,
    ports: NotificationPorts,
    accounts: Option<&Accounts>,
) -> Result<(Notifications, Loops), AssemblyError> {
    let NotificationPorts { service, contacts, writer, mailer } = ports;
    let here = accounts.map(|accounts| Arc::new(accounts.clone()) as Arc<dyn Contacts>);
    let contacts = here.or(contacts).unwrap_or_else(|| Arc::new(NoAccounts));
    context.notifications(service, MailPorts { contacts, writer, mailer })
}

/// Where accounts does not run and nobody said where it does, letters wait.
#[derive(Debug)]
struct NoAccounts;

#[async_trait]
impl Contacts for NoAccounts {
    async fn contact(&self, _: AccountId, _: ContactPurpose) -> Result<Option<Contact>, ContactsUnavailable> {
        Err(ContactsUnavailable("nobody said where accounts runs".into()))
    }
}

type Web = (LiveUpdates, RemoteServices, Option<Arc<dyn DraftStore>>, StandIns);

fn web(WebPorts { feed, remote, drafts, stand_ins }: WebPorts, listeners: usize) -> (Web, Loops) {
    let (live, mut loops) = (LiveUpdates::new(listeners), Loops::default());
    loops.take_in(Box::new(FeedLive::new(live.clone(), feed)), Pace::default());
    ((live, remote, Some(drafts), stand_ins), loops)
}

fn docs(services: &[Service]) -> Description {
    let services = services.to_vec();
    LazyLock::new(Box::new(move || of_process(&services)))
}

fn loops_ended(health: &Arc<Health>) -> EngineMetric {
    let health = Arc::clone(health);
    let help = "Loops that ended before they were told to";
    EngineMetric::counter("loops_ended", help, move || health.loops_ended())
}

fn live_streams(live: &LiveUpdates) -> EngineMetric {
    let live = live.clone();
    EngineMetric::gauge("live_streams", "Streams of live updates", move || live.listeners() as u64)
}

/// What was put together so far.
struct Parts {
    services: Vec<Service>,
    loops: Loops,
}

impl Parts {
    /// Adds a service that may not run here.
    fn try_add<S>(
        &mut self,
        service: Service,
        made: Option<Result<(S, Loops), AssemblyError>>,
    ) -> Result<Option<S>, AssemblyError> {
        Ok(made.transpose()?.map(|made| self.add(service, made)))
    }

    fn add<S>(&mut self, service: Service, (value, loops): (S, Loops)) -> S {
        self.services.push(service);
        self.loops = std::mem::take(&mut self.loops).and(loops);
        value
    }
}
