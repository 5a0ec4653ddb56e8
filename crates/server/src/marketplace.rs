//! The services over the engines they were given, and the state of the edge.
//!
//! Whoever brings engines of their own fills [`Engines`] and calls
//! [`assemble`]; everything behind that is the same. A service runs if its
//! ports are there.

use std::sync::{Arc, OnceLock};

use ticketing_core::assembly::{AccountPorts, AssemblyError, ExpirationPorts, Loops, ServicePorts, Surroundings};
use ticketing_core::messaging::shutdown::{Shutdown, shutdown};
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::drafts::DraftStore;
use ticketing_core::ports::gateway::PaymentGateway;
use ticketing_core::ports::identity::{SessionStore, TokenVerifier};
use ticketing_core::ports::limits::RateLimiter;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::parking::ParkingLot;
use ticketing_core::ports::payment_store::PaymentStore;
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_core::ports::transport::StartFrom;
use ticketing_core::usecase::accounts::Accounts;
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::orders::Orders;
use ticketing_core::usecase::payments::Payments;
use ticketing_core::usecase::tickets::Tickets;

use crate::api::docs::Documents;
use crate::api::health::Health;
use crate::auth::devices::DeviceKey;
use crate::auth::limits::Guards;
use crate::config::{Config, Gateway, HttpConfig, Service};
use crate::front_door::Elsewhere;
use crate::live::{LiveFollowsEvents, LiveUpdates};
use crate::runtime::Assembly;
use crate::telemetry::Metrics;

/// Everything that the services of one process plug in.
#[derive(Debug)]
pub struct Engines {
    /// The transport, time, chance, and how to work.
    pub surroundings: Surroundings,
    /// For the accounts service.
    pub accounts: Option<AccountPorts>,
    /// For the tickets service.
    pub tickets: Option<ServicePorts<dyn TicketStore>>,
    /// For the orders service.
    pub orders: Option<ServicePorts<dyn OrderStore>>,
    /// For the payments service.
    pub payments: Option<PaymentPorts>,
    /// For the expiration service.
    pub expiration: Option<ExpirationPorts>,
    /// For the pages and the front door.
    pub web: Option<WebPorts>,
    /// For the edge of whatever runs.
    pub edge: EdgePorts,
    /// What repeats for the engines themselves.
    pub loops: Loops,
    /// What the engines count for themselves.
    pub counts: Vec<EngineCount>,
}

/// A metric that an engine counts for itself.
pub struct EngineCount {
    /// The metric, without the prefix of the program.
    pub name: &'static str,
    /// What it means.
    pub help: &'static str,
    /// Reads it; it only grows.
    pub read: Box<dyn Fn() -> u64 + Send + Sync>,
}

/// What the payments service needs of its own.
pub struct PaymentPorts {
    /// What it needs like any service.
    pub service: ServicePorts<dyn PaymentStore>,
    /// Takes the money.
    pub gateway: Arc<dyn PaymentGateway>,
}

/// What the front door needs.
pub struct WebPorts {
    /// Shows what changes about tickets.
    pub live: LiveUpdates,
    /// Events that live updates could not handle; `None` where they follow none, because the engines feed them.
    pub parking: Option<Arc<dyn ParkingLot>>,
    /// The services that run in other processes.
    pub elsewhere: Elsewhere,
    /// Keeps forms that were not accepted until their page is shown again.
    pub drafts: Arc<dyn DraftStore>,
}

/// What stands between a request and a service.
pub struct EdgePorts {
    /// Reads access tokens.
    pub verifier: Arc<dyn TokenVerifier>,
    /// Tells which sessions are alive.
    pub sessions: Arc<dyn SessionStore>,
    /// Counts tries, with all other processes.
    pub limiter: Arc<dyn RateLimiter>,
    /// Counts reads, and changes while `limiter` does not answer, in this process alone.
    pub local_limiter: Arc<dyn RateLimiter>,
    /// Knows browsers that signed in before; every process of accounts has the same.
    pub devices: DeviceKey,
}

impl std::fmt::Debug for EngineCount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineCount").field("name", &self.name).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for PaymentPorts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PaymentPorts").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for WebPorts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebPorts").field("elsewhere", &self.elsewhere).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for EdgePorts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EdgePorts").finish_non_exhaustive()
    }
}

/// What every handler works with. A clone is the same marketplace.
pub type App = Arc<AppState>;

/// The services that run here, and the state of the edge.
pub struct AppState {
    /// Which services run here.
    pub services: Vec<Service>,
    /// Time and chance.
    pub env: ClockAndIds,
    /// How requests are received.
    pub http: HttpConfig,
    /// What takes the money, where payments or pages run.
    pub gateway: Option<Gateway>,
    /// Whether requests are taken.
    pub health: Arc<Health>,
    /// What is counted.
    pub metrics: Metrics,
    pub(crate) edge: EdgePorts,
    pub(crate) guards: Guards,
    pub(crate) elsewhere: Elsewhere,
    pub(crate) live: LiveUpdates,
    /// `None` where there are no pages.
    pub(crate) drafts: Option<Arc<dyn DraftStore>>,
    /// Ends what holds connections open.
    pub(crate) stopping: Shutdown,
    pub(crate) docs: OnceLock<Documents>,
    running: Running,
}

/// The services that can be called, as far as they run here.
#[derive(Default)]
struct Running {
    accounts: Option<Accounts>,
    tickets: Option<Tickets>,
    orders: Option<Orders>,
    payments: Option<Payments>,
}

impl AppState {
    /// Who somebody is.
    ///
    /// # Errors
    ///
    /// [`Error::Broken`] where it does not run; its routes are served only where it does.
    pub fn accounts(&self) -> Result<&Accounts, Error> {
        self.running.accounts.as_ref().ok_or_else(|| runs_elsewhere(Service::Accounts))
    }

    /// What is offered.
    ///
    /// # Errors
    ///
    /// [`Error::Broken`] where it does not run; its routes are served only where it does.
    pub fn tickets(&self) -> Result<&Tickets, Error> {
        self.running.tickets.as_ref().ok_or_else(|| runs_elsewhere(Service::Tickets))
    }

    /// Who gets it.
    ///
    /// # Errors
    ///
    /// [`Error::Broken`] where it does not run; its routes are served only where it does.
    pub fn orders(&self) -> Result<&Orders, Error> {
        self.running.orders.as_ref().ok_or_else(|| runs_elsewhere(Service::Orders))
    }

    /// Who paid for it.
    ///
    /// # Errors
    ///
    /// [`Error::Broken`] where it does not run; its routes are served only where it does.
    pub fn payments(&self) -> Result<&Payments, Error> {
        self.running.payments.as_ref().ok_or_else(|| runs_elsewhere(Service::Payments))
    }
}

fn runs_elsewhere(service: Service) -> Error {
    Error::Broken(Arc::new(RunsElsewhere(service)))
}

#[derive(Debug, thiserror::Error)]
#[error("{} was called where it does not run", .0.name())]
struct RunsElsewhere(Service);

impl std::fmt::Debug for AppState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppState").field("services", &self.services).finish_non_exhaustive()
    }
}

/// Puts the services together over their engines. Nothing runs yet.
///
/// # Errors
///
/// [`AssemblyError`]: these engines do not fit together.
pub fn assemble(engines: Engines, config: &Config) -> Result<Assembly, AssemblyError> {
    let (http_stops, stopping) = shutdown();
    let Engines { surroundings, edge, counts, .. } = engines;
    let mut parts = Parts { services: Vec::new(), loops: engines.loops };
    let accounts = engines.accounts.map(|ports| surroundings.accounts(ports)).transpose()?;
    let accounts = accounts.map(|service| parts.add(Service::Accounts, service));
    let tickets = engines.tickets.map(|ports| surroundings.tickets(ports)).transpose()?;
    let tickets = tickets.map(|service| parts.add(Service::Tickets, service));
    let orders = engines.orders.map(|ports| surroundings.orders(ports)).transpose()?;
    let orders = orders.map(|service| parts.add(Service::Orders, service));
    let payments = engines.payments.map(|ports| surroundings.payments(ports.service, ports.gateway)).transpose()?;
    let payments = payments.map(|service| parts.add(Service::Payments, service));
    if let Some(ports) = engines.expiration {
        parts.add(Service::Expiration, ((), surroundings.expiration(ports)?));
    }
    let (live, elsewhere, drafts) = match engines.web {
        Some(WebPorts { live, parking, elsewhere, drafts }) => {
            let follow = parking.map(|parking| {
                let follow = LiveFollowsEvents::new(live.clone(), &surroundings.env);
                surroundings.follower(Arc::new(follow), parking, StartFrom::Latest)
            });
            parts.add(Service::Web, ((live, elsewhere, Some(drafts)), follow.transpose()?.unwrap_or_default()))
        }
        None => (LiveUpdates::new(0), Elsewhere::default(), None),
    };
    let Parts { services, loops } = parts;
    let health = Arc::<Health>::default();
    let batchers = orders.as_ref().map(|orders| orders.batchers.clone());
    let metrics = Metrics::new(batchers, loops.counts(), counts, Arc::clone(&health));
    let app = AppState {
        services,
        guards: Guards::new(&edge, &config.http, Arc::clone(&surroundings.env.clock)),
        env: surroundings.env,
        http: config.http.clone(),
        gateway: config.gateway(),
        health,
        metrics: metrics.clone(),
        edge,
        elsewhere,
        live,
        drafts,
        stopping,
        docs: OnceLock::new(),
        running: Running { accounts, tickets, orders, payments },
    };
    Ok(Assembly { app: Arc::new(app), loops: loops.watched(|step| metrics.watch(step)), http_stops })
}

/// What was put together so far.
struct Parts {
    services: Vec<Service>,
    loops: Loops,
}

impl Parts {
    fn add<S>(&mut self, service: Service, (value, loops): (S, Loops)) -> S {
        self.services.push(service);
        self.loops = std::mem::take(&mut self.loops).and(loops);
        value
    }
}
