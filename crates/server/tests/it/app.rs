//! A marketplace whose time a test moves and whose events a test moves along.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::header::HOST;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use ticketing_core::assembly::{LoopFailed, Loops};
use ticketing_core::domain::hold_limits::HoldLimits;
use ticketing_core::messaging::shutdown::ShutdownTrigger;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_crypto::Argon2Config;
use ticketing_memory::{ManualClock, MemoryEngines, RandomIds};
use ticketing_server::config::{Config, HttpConfig, Limits};
use ticketing_server::marketplace::{Engines, assemble};
use ticketing_server::runtime::Assembly;
use ticketing_server::state::App;
use ticketing_server::wiring;
use tokio::sync::Mutex;
use tower::ServiceExt;

use crate::call::Site;

pub(crate) use crate::call::{PASSWORD, Reply, User, id, offer};

/// Everything on memory. When it is dropped, no event may be on its way.
pub(crate) struct TestApp {
    pub(crate) router: Router,
    pub(crate) app: App,
    pub(crate) memory: MemoryEngines,
    /// Ends what would hold connections open.
    pub(crate) http_stops: ShutdownTrigger,
    clock: ManualClock,
    loops: Mutex<Loops>,
}

/// A request to it.
pub(crate) type Call<'a> = crate::call::Call<'a, TestApp>;

const ORIGIN: &str = "http://shop.example";

impl Site for TestApp {
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
        self.settle().await;
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
        let env = ClockAndIds { clock: Arc::new(clock.clone()), ids: Arc::new(RandomIds::new()) };
        let memory = MemoryEngines::new(env);
        let mut engines = wiring::engines(&memory, Argon2Config::weak(), &config).expect("a weak hash is a hash");
        exchange(&mut engines);
        let assembly = assemble(engines, &config).expect("engines that fit together");
        let router = ticketing_server::router(&assembly);
        let Assembly { app, mut loops, http_stops, .. } = assembly;
        for batcher in loops.take_batchers() {
            tokio::spawn(batcher.run());
        }
        app.health.set_ready();
        let loops = Mutex::new(loops);
        let this = Self { router, app, memory, http_stops, clock, loops };
        // A group hears what is published after it subscribed.
        this.settle().await;
        this
    }

    /// The same marketplace, asked through the front door of another process.
    pub(crate) fn with_front_door(mut self, router: Router, web: Assembly) -> Self {
        web.app.health.set_ready();
        let loops = self.loops.get_mut();
        *loops = std::mem::take(loops).and(web.loops);
        (self.router, self.http_stops) = (router, web.http_stops);
        self
    }

    /// Moves every event to whoever waits for it, and does what is due, until there is nothing more to do.
    pub(crate) async fn settle(&self) {
        self.try_to_settle().await.expect("nothing fails on memory");
    }

    pub(crate) async fn try_to_settle(&self) -> Result<(), LoopFailed> {
        self.loops.lock().await.settle().await
    }

    /// Lets time pass, and then whatever was due happen.
    pub(crate) async fn pass(&self, span: Duration) {
        self.clock.advance(span);
        self.settle().await;
    }

    /// Lets time pass while no event moves.
    pub(crate) fn lag(&self, span: Duration) {
        self.clock.advance(span);
    }

    pub(crate) fn now(&self) -> ticketing_core::domain::time::Timestamp {
        self.clock.now()
    }

    pub(crate) async fn sign_up(&self, name: &str) -> User {
        let email = format!("{name}@example.org");
        let reply = self.post("/api/users/signup").json(&json!({"email": email, "password": PASSWORD})).send().await;
        assert_eq!(reply.status, StatusCode::CREATED, "{reply:?}");
        self.settle().await;
        User::of(&email, &reply)
    }

    pub(crate) async fn sign_in(&self, user: &User) -> User {
        let body = json!({"email": user.email, "password": PASSWORD});
        let reply = self.post("/api/users/signin").json(&body).send().await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        User::of(&user.email, &reply)
    }

    /// Puts places on sale for 12 euros each, and returns the ticket.
    pub(crate) async fn sell(&self, seller: &User, places: u32) -> Value {
        self.sell_as(seller, &offer("Opera", 1200, places)).await
    }

    pub(crate) async fn sell_as(&self, seller: &User, offer: &Value) -> Value {
        let reply = self.post("/api/tickets").by(seller).json(offer).send().await;
        assert_eq!(reply.status, StatusCode::CREATED, "{reply:?}");
        self.settle().await;
        reply.body
    }

    /// Orders one place, and returns the order.
    pub(crate) async fn buy(&self, buyer: &User, ticket: &Value) -> Value {
        let reply = self.try_to_buy(buyer, ticket).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{reply:?}");
        reply.body
    }

    pub(crate) async fn try_to_buy(&self, buyer: &User, ticket: &Value) -> Reply {
        let reply = self.post("/api/orders").by(buyer).json(&json!({"ticketId": id(ticket)})).send().await;
        self.settle().await;
        reply
    }

    pub(crate) async fn pay(&self, buyer: &User, order: &Value) -> Reply {
        self.pay_with(buyer, order, "tok_visa").await
    }

    pub(crate) async fn pay_with(&self, buyer: &User, order: &Value, card: &str) -> Reply {
        let body = json!({"orderId": id(order), "token": card});
        let reply = self.post("/api/payments").by(buyer).json(&body).send().await;
        self.settle().await;
        reply
    }

    pub(crate) async fn ticket(&self, ticket: &Value) -> Value {
        self.get(&format!("/api/tickets/{}", id(ticket))).send().await.body
    }

    pub(crate) async fn order(&self, buyer: &User, order: &Value) -> Value {
        self.get(&format!("/api/orders/{}", id(order))).by(buyer).send().await.body
    }

    /// Asks where only operators do.
    pub(crate) async fn ask_operators(&self, request: http::request::Builder) -> (u16, Value) {
        crate::health::ask(&ticketing_server::operators(&self.app), request).await
    }

    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        Call::new(self, "GET", path)
    }

    pub(crate) fn post(&self, path: &str) -> Call<'_> {
        Call::new(self, "POST", path)
    }

    pub(crate) fn put(&self, path: &str) -> Call<'_> {
        Call::new(self, "PUT", path)
    }

    pub(crate) fn delete(&self, path: &str) -> Call<'_> {
        Call::new(self, "DELETE", path)
    }

    pub(crate) fn call(&self, method: &str, path: &str) -> Call<'_> {
        Call::new(self, method, path)
    }

    /// How many events wait to be published.
    pub(crate) fn unpublished(&self) -> usize {
        let MemoryEngines { accounts, tickets, orders, payments, .. } = &self.memory;
        [accounts.outbox(), tickets.outbox(), orders.outbox(), payments.outbox()]
            .iter()
            .map(|outbox| outbox.len())
            .sum()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        assert_eq!(self.unpublished(), 0, "events wait to be published");
        for group in ["tickets", "orders", "payments", "expiration"] {
            assert_eq!(self.memory.broker.lag(group), 0, "deliveries to {group} are unsettled");
        }
    }
}
