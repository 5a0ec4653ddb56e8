//! The JSON API as a router inside an application that has its own users and routes.
//!
//! [`Api`] takes the use cases of the marketplace and a function that says who acts, and makes an [`axum::Router`] that is
//! mounted below any path.
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//!
//! use axum::{Router, routing::get};
//! use http::request::Parts;
//! use ticketing_core::assembly::Settings;
//! use ticketing_core::domain::ids::AccountId;
//! use ticketing_core::usecase::error::Error;
//! use ticketing_memory::MemoryEngines;
//! use ticketing_server::embed::Api;
//!
//! /// The application's own users; here the token is the user's id.
//! async fn my_session(request: &Parts) -> Result<Option<AccountId>, Error> {
//!     let token = request.headers.get("authorization").and_then(|token| token.to_str().ok());
//!     Ok(token.and_then(|token| token.strip_prefix("Bearer ")?.parse().ok()))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! let engines = MemoryEngines::default();
//! let market = engines.service_context(Settings::default());
//! let (tickets, loops) = market.tickets(engines.ticket_ports())?;
//! let (search, feeding) = market.search(engines.search_ports(), &tickets)?;
//! # let loops = loops.and(feeding);
//!
//! let shop = Api::new(engines.env.clone()).tickets(tickets, search).identify(my_session).router();
//! let app: Router = Router::new().nest("/shop", shop).route("/", get(async || "my front page"));
//! # drop((app, loops));
//! # Ok(())
//! # }
//! ```

mod identify_by;

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use axum::Router;
use http::request::Parts;

use ticketing_core::assembly::Observables;
use ticketing_core::messaging::shutdown::shutdown;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::limits::RateLimiter;
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::orders::Orders;
use ticketing_core::usecase::payments::Payments;
use ticketing_core::usecase::search::Search;
use ticketing_core::usecase::tickets::Tickets;
use ticketing_memory::MemoryLimiter;

use crate::config::{ConfirmAddress, Service};
use crate::state::{AppState, Guards, Health, Limiters, Running};
use crate::telemetry::{Lags, Metrics, Sources};
use crate::{api, surface};

pub use crate::config::HttpConfig;
pub use crate::state::{Actor, Identify};
pub use identify_by::IdentifyBy;

/// The JSON API of a marketplace, for an application around it.
///
/// Every request gets an id, limits, a time within which it is answered, and problems as RFC 9457 has them.
/// What the application puts around the router, and its other routes, stay as they are.
///
/// # Whose address it is
///
/// Limits count by the network of the client. Serve the application with
/// [`into_make_service_with_connect_info::<SocketAddr>()`](Router::into_make_service_with_connect_info); without it
/// all clients count as one. Behind a proxy, name it in [`HttpConfig::trusted_proxies`].
///
/// # Other sites
///
/// A browser sends cookies along whichever site makes it ask, so a change must come from a page of this site.
/// It is carried out if it has an `Authorization: Bearer` header, which no other site can make a browser send, or
/// `Sec-Fetch-Site` is `same-origin` or `none`, or `Origin` is one of [`HttpConfig::public_origins`] (the host of
/// the request, if there are none). A request with neither of these headers comes from a program, and is carried out
/// unless it has cookies. Anything else is refused with `cross_origin` (403).
///
/// Where no cookie ever identifies anybody, [`Api::tokens_only`] turns all of it off.
#[must_use = "it serves nothing until it is made a router"]
pub struct Api {
    env: ClockAndIds,
    running: Running,
    identity: Arc<dyn Identify>,
    limiter: Option<Arc<dyn RateLimiter>>,
    http: HttpConfig,
    is_tokens_only: bool,
    has_operators: bool,
    around: Box<dyn FnOnce(Router) -> Router + Send + Sync>,
}

impl Api {
    /// An API of no service yet, in which nobody is signed in.
    pub fn new(env: ClockAndIds) -> Self {
        Self {
            env,
            running: Running::default(),
            identity: Arc::new(Nobody),
            limiter: None,
            http: HttpConfig::default(),
            is_tokens_only: false,
            has_operators: false,
            around: Box::new(std::convert::identity),
        }
    }

    /// Serves `/api/tickets`, which are found by this search.
    pub fn tickets(mut self, tickets: Tickets, search: Search) -> Self {
        self.running.tickets = Some(tickets);
        self.running.search = Some(search);
        self
    }

    /// Serves `/api/orders`.
    pub fn orders(mut self, orders: Orders) -> Self {
        self.running.orders = Some(orders);
        self
    }

    /// Serves `/api/payments`, and takes the notices of the gateway.
    pub fn payments(mut self, payments: Payments) -> Self {
        self.running.payments = Some(payments);
        self
    }

    /// Says who acts: an `async fn(&Parts) -> Result<Option<AccountId>, E>`, or anything that is [`Identify`].
    ///
    /// It is asked once for each request that only somebody signed in may make.
    pub fn identify(mut self, identity: impl Identify) -> Self {
        self.identity = Arc::new(identity);
        self
    }

    /// Says that no cookie, client certificate or password of HTTP ever identifies anybody: other sites cannot make
    /// a browser send what does, so it does not matter which site asks.
    pub fn tokens_only(mut self) -> Self {
        self.is_tokens_only = true;
        self
    }

    /// How requests are received. What concerns sign-in, passwords, live updates and connections is not used.
    pub fn http(mut self, http: HttpConfig) -> Self {
        self.http = http;
        self
    }

    /// Counts changes with this limiter, such as one that all processes share; in memory without it.
    ///
    /// Reads, and changes while it does not answer, are counted in memory.
    pub fn limiter(mut self, limiter: impl RateLimiter) -> Self {
        self.limiter = Some(Arc::new(limiter));
        self
    }

    /// Serves `/livez`, `/readyz` and `/metrics` too, to everybody.
    pub fn with_operators(mut self) -> Self {
        self.has_operators = true;
        self
    }

    /// Puts layers around the routes, for code that hands out an API for others to finish. The last call counts.
    pub fn around(mut self, layers: impl FnOnce(Router) -> Router + Send + Sync + 'static) -> Self {
        self.around = Box::new(layers);
        self
    }

    /// The routes, to be mounted with [`Router::nest`] below any path, or with [`Router::merge`] at the root.
    ///
    /// [`Router::nest_service`] takes prefixes that begin with a parameter, too.
    pub fn router(mut self) -> Router {
        let around = std::mem::replace(&mut self.around, Box::new(std::convert::identity));
        let has_operators = self.has_operators;
        let app = Arc::new(self.state());
        let mut routes = api::router(&app.services, api::docs::routes());
        if has_operators {
            routes = routes.merge(api::health::operators());
        }
        around(surface::complete(routes, &app))
    }

    fn state(self) -> AppState {
        let clock = || Arc::clone(&self.env.clock);
        let local: Arc<dyn RateLimiter> = Arc::new(MemoryLimiter::new(clock()));
        let limiters = Limiters { shared: self.limiter.unwrap_or_else(|| Arc::clone(&local)), local };
        let services = self.running.services();
        let sources = Sources {
            clock: clock(),
            batchers: self.running.orders.as_ref().map(|orders| orders.batchers.clone()),
            observables: Observables::default(),
        };
        let health = Health::default();
        health.set_ready();
        AppState {
            guards: Guards::new(&limiters, &self.http, clock()),
            http: self.http,
            gateway: None,
            confirm_address: ConfirmAddress::Off,
            health: Arc::new(health),
            metrics: Metrics::new(&sources, Vec::new(), Lags::default()),
            identity: self.identity,
            sessions: None,
            is_tokens_only: self.is_tokens_only,
            limiters,
            contacts_key: None,
            remote: Vec::new(),
            drafts: None,
            stopping: shutdown().1,
            docs: LazyLock::new({
                let services = services.clone();
                Box::new(move || api::docs::of_host(&services))
            }),
            services,
            running: self.running,
            env: self.env,
        }
    }
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("services", &self.running.services()).finish_non_exhaustive()
    }
}

impl Running {
    fn services(&self) -> Vec<Service> {
        let Self { accounts: _, tickets, search: _, orders, payments, admissions, notifications: _ } = self;
        let running = [
            tickets.as_ref().map(|_| Service::Tickets),
            orders.as_ref().map(|_| Service::Orders),
            payments.as_ref().map(|_| Service::Payments),
            admissions.as_ref().map(|_| Service::Admissions),
        ];
        running.into_iter().flatten().collect()
    }
}

/// Knows nobody.
struct Nobody;

#[async_trait]
impl Identify for Nobody {
    async fn identify(&self, _: &Parts) -> Result<Option<Actor>, Error> {
        Ok(None)
    }
}
