//! The services over the engines they were given, and the state of the edge.
//!
//! Whoever brings engines of their own fills [`Engines`] and calls
//! [`assemble`]; everything behind that is the same.

use std::sync::{Arc, OnceLock};

use ticketing_core::assembly::{AccountPorts, ExpirationPorts, Loops, ServicePorts, Surroundings};
use ticketing_core::flow::shutdown::shutdown;
use ticketing_core::ports::gateway::PaymentGateway;
use ticketing_core::ports::identity::TokenVerifier;
use ticketing_core::ports::limits::RateLimiter;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::parking::ParkingLot;
use ticketing_core::ports::payment_store::PaymentStore;
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_core::ports::transport::StartFrom;
use ticketing_core::usecase::World;
use ticketing_core::usecase::accounts::Accounts;
use ticketing_core::usecase::orders::Orders;
use ticketing_core::usecase::payments::Payments;
use ticketing_core::usecase::tickets::Tickets;

use crate::api::docs::Documents;
use crate::api::health::Health;
use crate::config::{Config, HttpConfig, Service};
use crate::live::LiveUpdates;
use crate::runtime::Assembly;
use crate::telemetry::Metrics;

/// Everything a marketplace plugs in.
#[derive(Debug)]
pub struct Engines {
    /// The transport, time, chance, and how to work.
    pub surroundings: Surroundings,
    /// For the accounts service.
    pub accounts: AccountPorts,
    /// For the tickets service.
    pub tickets: ServicePorts<dyn TicketStore>,
    /// For the orders service.
    pub orders: ServicePorts<dyn OrderStore>,
    /// For the payments service.
    pub payments: ServicePorts<dyn PaymentStore>,
    /// For the expiration service.
    pub expiration: ExpirationPorts,
    /// For the edge, and what only one service needs.
    pub edge: EdgePorts,
}

/// What stands between a request and a service.
pub struct EdgePorts {
    /// Reads access tokens.
    pub verifier: Arc<dyn TokenVerifier>,
    /// Counts tries.
    pub limiter: Arc<dyn RateLimiter>,
    /// Takes the money.
    pub gateway: Arc<dyn PaymentGateway>,
    /// Events of live updates that could not be handled.
    pub parking: Arc<dyn ParkingLot>,
}

impl std::fmt::Debug for EdgePorts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EdgePorts").finish_non_exhaustive()
    }
}

/// What every handler works with. A clone is the same marketplace.
pub type App = Arc<AppState>;

/// The services, and the state of the edge.
pub struct AppState {
    /// Which services run here.
    pub services: Vec<Service>,
    /// Who somebody is.
    pub accounts: Accounts,
    /// What is offered.
    pub tickets: Tickets,
    /// Who gets it.
    pub orders: Orders,
    /// Who paid for it.
    pub payments: Payments,
    /// Time and chance.
    pub world: World,
    /// How requests are received.
    pub http: HttpConfig,
    /// Whether requests are taken.
    pub health: Health,
    /// What is counted.
    pub metrics: Metrics,
    pub(crate) verifier: Arc<dyn TokenVerifier>,
    pub(crate) limiter: Arc<dyn RateLimiter>,
    pub(crate) live: LiveUpdates,
    pub(crate) docs: OnceLock<Documents>,
}

impl std::fmt::Debug for AppState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppState").field("services", &self.services).finish_non_exhaustive()
    }
}

/// Puts the services together over their engines. Nothing runs yet.
pub fn assemble(engines: Engines, config: &Config) -> Assembly {
    let Engines { surroundings, edge, .. } = engines;
    let world = surroundings.world.clone();
    let (accounts, account_loops) = surroundings.accounts(engines.accounts);
    let (tickets, ticket_loops) = surroundings.tickets(engines.tickets);
    let (orders, order_loops) = surroundings.orders(engines.orders);
    let (payments, payment_loops) = surroundings.payments(engines.payments, edge.gateway);
    let (http_stops, stopping) = shutdown();
    let live = LiveUpdates::new(&world, config.http.live_listeners, stopping);
    let of_services = [
        (Service::Accounts, account_loops),
        (Service::Tickets, ticket_loops),
        (Service::Orders, order_loops),
        (Service::Payments, payment_loops),
        (Service::Expiration, surroundings.expiration(engines.expiration)),
        (Service::Web, surroundings.follower(Arc::new(live.clone()), edge.parking, StartFrom::Latest)),
    ];
    let running = of_services.into_iter().filter(|(service, _)| config.services.contains(service));
    let loops = running.map(|(_, loops)| loops).fold(Loops::default(), Loops::and);
    let metrics = Metrics::new(orders.desks.clone(), loops.counts());
    let app = AppState {
        services: config.services.clone(),
        accounts,
        tickets,
        orders,
        payments,
        world,
        http: config.http.clone(),
        health: Health::default(),
        metrics: metrics.clone(),
        verifier: edge.verifier,
        limiter: edge.limiter,
        live,
        docs: OnceLock::new(),
    };
    Assembly { app: Arc::new(app), loops: loops.watched(|step| metrics.watch(step)), http_stops }
}
