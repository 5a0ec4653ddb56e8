//! Requests over loopback, beside a bare axum route that answers the same bytes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};
use criterion::Criterion;
use futures::future::join_all;
use ticketing_core::domain::hold_limits::HoldLimits;
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::ticket::Listing;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::store::{UnitOfWork, Write};
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_crypto::Argon2Config;
use ticketing_load::connection::{Answer, Connection};
use ticketing_load::request::{self, Envelope};
use ticketing_load::settings::Target;
use ticketing_memory::MemoryEngines;
use ticketing_server::config::{Config, HttpConfig, Limits, LogConfig, TracesConfig};
use ticketing_server::marketplace::assemble;
use ticketing_server::telemetry::init_log;
use ticketing_server::wiring;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::ratios::{Goal, Ratios};
use crate::sample::ticket;

/// Connections, each with one request under way.
const CONNECTIONS: usize = 64;
/// Tickets of a thousand places each: more than all orders of a run take.
const TICKETS: usize = 3000;
/// The page of the catalogue.
const PAGE: &str = "/?limit=50";

pub(crate) fn bench(criterion: &mut Criterion, ratios: &mut Ratios) {
    let runtime = Runtime::new().expect("a runtime starts");
    let shop = runtime.block_on(Shop::open());
    let mut group = criterion.benchmark_group("http");
    group.sample_size(20).measurement_time(Duration::from_secs(8));
    for (name, requests) in [
        ("post-order", shop.orders()),
        ("bare-post", shop.bare_order()),
        ("catalog-page", shop.page(&shop.ours)),
        ("catalog-page-signed-in", shop.own_page()),
        ("bare-page", shop.page(&shop.bare)),
    ] {
        group.bench_function(name, |bencher| bencher.iter_custom(|n| requests.time(&runtime, n)));
    }
    // Last, since from here on the process has a subscriber.
    let traced = runtime.block_on(Shop::traced(0.01)).orders();
    group.bench_function("post-order-traced", |bencher| bencher.iter_custom(|n| traced.time(&runtime, n)));
    group.finish();
    ratios.compare("http: POST /api/orders", ["http/post-order", "http/bare-post"], Goal::RateAtLeast(0.4));
    let names = ["http/post-order-traced", "http/post-order"];
    ratios.compare("http: POST /api/orders, traced at 1 %", names, Goal::TimeAtMost(1.03));
    for (what, page, goal) in [
        ("http: catalogue page of 50", "http/catalog-page", 0.5),
        ("http: the same, signed in", "http/catalog-page-signed-in", 0.2),
    ] {
        ratios.compare(what, [page, "http/bare-page"], Goal::RateAtLeast(goal));
    }
}

/// Requests that the connections to a server take turns with.
struct Requests {
    target: Target,
    all: Arc<[Vec<u8>]>,
}

impl Requests {
    fn new(target: &Target, all: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self { target: target.clone(), all: all.into_iter().collect() }
    }

    /// How long `n` of them take, over all connections at once.
    fn time(&self, runtime: &Runtime, n: u64) -> Duration {
        let each = usize::try_from(n).expect("a count fits").div_ceil(CONNECTIONS);
        runtime.block_on(async {
            let connections = join_all((0..CONNECTIONS).map(|_| connect(&self.target))).await;
            let began = Instant::now();
            let crowd = connections.into_iter().enumerate().map(|(turn, mut connection)| {
                let all = Arc::clone(&self.all);
                tokio::spawn(async move {
                    let turns = all.iter().cycle().skip(turn * 37 % all.len()).step_by(CONNECTIONS.min(all.len()));
                    for request in turns.take(each) {
                        call(&mut connection, request).await;
                    }
                })
            });
            for done in join_all(crowd).await {
                done.expect("every answer is a success");
            }
            began.elapsed().mul_f64(n as f64 / (each * CONNECTIONS) as f64)
        })
    }

    /// What the first of them is answered.
    async fn answer(&self) -> Arc<[u8]> {
        let mut connection = connect(&self.target).await;
        call(&mut connection, self.all.first().expect("there is one")).await.body.into()
    }
}

/// A connection that has been used, so that opening it is not measured.
async fn connect(target: &Target) -> Connection {
    let mut connection = Connection::new(target.clone(), Duration::from_secs(30));
    let mut probe = Vec::new();
    request::get(&mut probe, Envelope { host: &target.host, token: None }, "/livez");
    call(&mut connection, &probe).await;
    connection
}

async fn call<'a>(connection: &'a mut Connection, request: &[u8]) -> Answer<'a> {
    let answer = connection.call(request).await.expect("the server answers");
    let text = || String::from_utf8_lossy(&answer.body);
    assert!(matches!(answer.status, 200 | 201), "{} {}", answer.status, text());
    answer
}

/// The marketplace and a bare server, both on loopback.
struct Shop {
    ours: Target,
    bare: Target,
    token: String,
    tickets: Vec<String>,
}

impl Shop {
    async fn open() -> Self {
        let memory = MemoryEngines::default();
        let tickets = fill(&memory).await;
        let ours = serve(marketplace(&memory, 0.0)).await;
        let token = sign_up(&ours).await;
        let mut shop = Self { bare: ours.clone(), ours, token, tickets };
        shop.bare = serve(shop.same_bytes().await).await;
        shop
    }

    /// Another, of whose requests a share is traced, and a collector that takes every span.
    async fn traced(share: f64) -> Self {
        let collector = serve(Router::new().route("/v1/traces", post(|_: Bytes| async {}))).await;
        let traces = TracesConfig {
            endpoint: format!("http://{}", collector.address).parse().expect("an address"),
            service_name: "bench".to_owned(),
            messaging_system: "memory",
        };
        let log = LogConfig { filter: "off".to_owned(), ..LogConfig::default() };
        init_log(&Config { traces: Some(traces), log, ..Config::default() });
        let memory = MemoryEngines::default();
        let tickets = fill(&memory).await;
        let ours = serve(marketplace(&memory, share)).await;
        Self { token: sign_up(&ours).await, bare: collector, ours, tickets }
    }

    /// A server that answers what the marketplace answered, and does nothing for it.
    async fn same_bytes(&self) -> Router {
        let [order, page] = [self.orders().answer().await, self.page(&self.ours).answer().await];
        let json = [(CONTENT_TYPE, "application/json")];
        Router::new()
            .route("/livez", get(|| async {}))
            .route("/order", post(move |_: Bytes| async move { (StatusCode::CREATED, json, order.to_vec()) }))
            .route("/", get(move || async move { ([(CONTENT_TYPE, "text/html")], page.to_vec()) }))
    }

    fn orders(&self) -> Requests {
        let one_of = |id: &String| self.post(&self.ours, "/api/orders", id);
        Requests::new(&self.ours, self.tickets.iter().map(one_of))
    }

    fn bare_order(&self) -> Requests {
        let id = self.tickets.first().expect("there are tickets");
        Requests::new(&self.bare, [self.post(&self.bare, "/order", id)])
    }

    fn post(&self, target: &Target, path: &str, ticket: &str) -> Vec<u8> {
        let mut request = Vec::new();
        let envelope = Envelope { host: &target.host, token: Some(&self.token) };
        request::post(&mut request, envelope, path, &format!("{{\"ticketId\":\"{ticket}\",\"quantity\":1}}"));
        request
    }

    fn page(&self, target: &Target) -> Requests {
        let mut request = Vec::new();
        request::get(&mut request, Envelope { host: &target.host, token: None }, PAGE);
        Requests::new(target, [request])
    }

    fn own_page(&self) -> Requests {
        let Self { ours, token, .. } = self;
        let request = format!("GET {PAGE} HTTP/1.1\r\nhost: {}\r\ncookie: access={token}\r\n\r\n", ours.host);
        Requests::new(ours, [request.into_bytes()])
    }
}

/// Puts tickets on sale past the API, known to both services.
async fn fill(memory: &MemoryEngines) -> Vec<String> {
    let (mut listings, mut stocks, mut ids) = (UnitOfWork::default(), UnitOfWork::default(), Vec::new());
    for n in 0..TICKETS {
        let ticket = ticket(&memory.env, 1000, 1200 + n as u64);
        ids.push(ticket.id.to_string());
        stocks = stocks.with(Write::insert(Stock::of(&ticket)));
        listings = listings.with(Write::insert(Listing::new(ticket)));
    }
    memory.tickets.commit(listings).await.expect("the listings are new");
    memory.orders.commit(stocks).await.expect("the stocks are new");
    ids
}

fn marketplace(memory: &MemoryEngines, traced: f64) -> Router {
    let http = HttpConfig { limits: Limits::OFF, traced, ..HttpConfig::default() };
    let config = Config { http, hold_limits: HoldLimits::OFF, ..Config::default() };
    let engines = wiring::engines(memory, Argon2Config::weak(), &config).expect("a weak hash is a hash");
    let assembly = assemble(engines, &config).expect("engines that fit together");
    let router = ticketing_server::router(&assembly);
    // It runs until the process ends, with all that follows an order.
    std::mem::forget(assembly.start());
    router
}

async fn serve(router: Router) -> Target {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    Target { host: address.clone(), address }
}

async fn sign_up(target: &Target) -> String {
    let body = "{\"email\":\"ada@example.org\",\"password\":\"brass lantern quay 42\"}";
    let mut request = Vec::new();
    request::post(&mut request, Envelope { host: &target.host, token: None }, "/api/users/signup", body);
    let mut connection = connect(target).await;
    let answer = call(&mut connection, &request).await;
    let cookie = answer.cookie("access").expect("a new account is signed in");
    cookie.split(';').next().unwrap_or_default().to_owned()
}
