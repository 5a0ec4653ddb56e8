//! A marketplace whose time a test moves and whose events a test moves along.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::Request;
use http::header::HOST;
use serde_json::Value;
use ticketing_core::assembly::LoopFailed;
use ticketing_core::domain::hold_limits::HoldLimits;
use ticketing_core::messaging::shutdown::ShutdownTrigger;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_crypto::Argon2Config;
use ticketing_memory::{ManualClock, ManualLoops, MemoryEngines, RandomIds};
use ticketing_server::config::{Config, HttpConfig, Limits};
use ticketing_server::marketplace::{Engines, assemble};
use ticketing_server::runtime::Assembly;
use ticketing_server::state::App;
use ticketing_server::wiring;
use tower::ServiceExt;

use crate::call::Site;
use crate::marketplace::Marketplace;

pub(crate) use crate::call::{PASSWORD, Reply, User, id, offer};

/// A marketplace on memory.
pub(crate) type TestApp = Marketplace<InMemory>;

/// Everything on memory. When it is dropped, no event may be on its way.
pub(crate) struct InMemory {
    pub(crate) router: Router,
    pub(crate) app: App,
    pub(crate) memory: MemoryEngines,
    /// Ends what would hold connections open.
    pub(crate) http_stops: ShutdownTrigger,
    loops: ManualLoops,
}

/// A request to it.
pub(crate) type Call<'a> = crate::call::Call<'a, InMemory>;

const ORIGIN: &str = "http://shop.example";

impl Site for InMemory {
    fn origin(&self) -> &str {
        ORIGIN
    }

    fn request(&self, method: &str, path: &str) -> http::request::Builder {
        Request::builder().method(method).uri(path).header(HOST, ORIGIN.trim_start_matches("http://"))
    }

    async fn answer(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.expect("a router never fails")
    }

    async fn settled(&self) {
        self.loops.settle().await.expect("nothing fails on memory");
    }
}

impl Call<'_> {
    pub(crate) fn at_address(mut self, address: &str) -> Self {
        let peer: SocketAddr = format!("{address}:4711").parse().expect("an address");
        self.request = self.request.extension(ConnectInfo(peer));
        self
    }

    /// A header in bytes that need not be text.
    pub(crate) fn header_bytes(mut self, name: &str, value: &[u8]) -> Self {
        self.request = self.request.header(name, value);
        self
    }
}

impl Reply {
    /// The fields that a problem names.
    pub(crate) fn wrong_fields(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().into_iter().flatten();
        errors.filter_map(|error| error["field"].as_str()).collect()
    }

    /// Whether it is a problem the way RFC 9457 and our documentation have it.
    pub(crate) fn is_documented_problem(&self) -> bool {
        let body = &self.body;
        self.header("content-type") == "application/problem+json"
            && body["status"] == self.status.as_u16()
            && body["type"] == format!("urn:ticketing:problem:{}", self.code())
            && ["title", "detail", "code", "requestId"].iter().all(|field| body[*field].is_string())
            && body["errors"].is_array()
            && body["requestId"] == self.header("x-request-id")
    }
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts with other settings; nothing is limited unless they say so.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_over(change, |_| {}).await
    }

    /// Starts with other settings, and with other engines in the place of some.
    pub(crate) async fn start_over(change: impl FnOnce(&mut Config), exchange: impl FnOnce(&mut Engines)) -> Self {
        let http = HttpConfig { limits: Limits::OFF, ..HttpConfig::default() };
        let mut config = Config { http, hold_limits: HoldLimits::OFF, ..Config::default() };
        change(&mut config);
        let clock = ManualClock::default();
        let env = ClockAndIds { ids: Arc::new(RandomIds::new()), ..clock.with_sequential_ids() };
        let memory = MemoryEngines::new(env);
        let mut engines = wiring::engines(&memory, Argon2Config::weak(), &config).expect("a weak hash is a hash");
        exchange(&mut engines);
        let assembly = assemble(engines, &config).expect("engines that fit together");
        let router = ticketing_server::router(&assembly);
        let Assembly { app, loops, http_stops, .. } = assembly;
        app.health.set_ready();
        let loops = ManualLoops::start(loops, &clock);
        let this = Self(InMemory { router, app, memory, http_stops, loops });
        // A group hears what is published after it subscribed.
        this.settle().await;
        this
    }

    /// The same marketplace, asked through the front door of another process.
    pub(crate) fn with_front_door(mut self, router: Router, web: Assembly) -> Self {
        web.app.health.set_ready();
        self.loops.add(web.loops);
        (self.router, self.http_stops) = (router, web.http_stops);
        self
    }

    /// Steps everything until all events have arrived and what is due has happened.
    pub(crate) async fn settle(&self) {
        self.settled().await;
    }

    pub(crate) async fn try_to_settle(&self) -> Result<(), LoopFailed> {
        self.loops.settle().await
    }

    /// Lets time pass, and then whatever was due happen.
    pub(crate) async fn pass(&self, span: Duration) {
        self.loops.clock().advance(span);
        self.settle().await;
    }

    /// Lets time pass while no event moves.
    pub(crate) fn lag(&self, span: Duration) {
        self.loops.clock().advance(span);
    }

    pub(crate) fn now(&self) -> ticketing_core::domain::time::Timestamp {
        self.loops.clock().now()
    }

    /// Asks where only operators do.
    pub(crate) async fn ask_operators(&self, request: http::request::Builder) -> (u16, Value) {
        crate::health::ask(&ticketing_server::operators(&self.app), request).await
    }

    /// The same with a body.
    pub(crate) async fn ask_operators_with(&self, request: http::request::Builder, body: &str) -> (u16, Value) {
        crate::health::ask_with(&ticketing_server::operators(&self.app), request, body).await
    }
}

impl InMemory {
    /// How many events wait to be published.
    pub(crate) fn unpublished(&self) -> usize {
        let MemoryEngines { accounts, tickets, orders, payments, passes, .. } = &self.memory;
        [accounts.outbox(), tickets.outbox(), orders.outbox(), payments.outbox(), passes.outbox()]
            .iter()
            .map(|outbox| outbox.len())
            .sum()
    }
}

impl Drop for InMemory {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        assert_eq!(self.unpublished(), 0, "events wait to be published");
        let groups = [
            "tickets",
            "orders",
            "payments",
            "admissions",
            "notifications",
            "notifications-alerts",
            "expiration",
            "search",
        ];
        for group in groups {
            assert_eq!(self.memory.broker.lag(group), 0, "deliveries to {group} are unsettled");
        }
    }
}
