//! Requests over loopback, beside a bare axum route that answers the same bytes.

mod client;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};
use criterion::Criterion;
use futures::future::join_all;
use serde_json::Value;
use ticketing_core::domain::hold_limits::HoldLimits;
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::ticket::Listing;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::store::{UnitOfWork, Write};
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_crypto::Argon2Config;
use ticketing_memory::MemoryEngines;
use ticketing_server::config::{Config, HttpConfig, Limits};
use ticketing_server::marketplace::assemble;
use ticketing_server::wiring;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::ratios::{Goal, Ratios};
use crate::sample::ticket;

use client::Client;

/// Connections, each with one request under way.
const CONNECTIONS: usize = 64;
/// Tickets of a thousand places each: more than all orders of a run take.
const TICKETS: usize = 3000;

pub(crate) fn bench(criterion: &mut Criterion, ratios: &mut Ratios) {
    let runtime = Runtime::new().expect("a runtime starts");
    let shop = runtime.block_on(Shop::open());
    let mut group = criterion.benchmark_group("http");
    group.sample_size(20).measurement_time(Duration::from_secs(8));
    let [order, bare_order] = [shop.order_requests(), vec![shop.bare_request("POST /order")]];
    group.bench_function("post-order", |bencher| bencher.iter_custom(|n| shop.time(&runtime, &order, n)));
    group.bench_function("bare-post", |bencher| bencher.iter_custom(|n| shop.time(&runtime, &bare_order, n)));
    let [page, bare_page] = [vec![shop.page_request()], vec![shop.bare_request("GET /page")]];
    group.bench_function("catalog-page", |bencher| bencher.iter_custom(|n| shop.time(&runtime, &page, n)));
    group.bench_function("bare-page", |bencher| bencher.iter_custom(|n| shop.time(&runtime, &bare_page, n)));
    group.finish();
    ratios.compare("http: POST /api/orders", ["http/post-order", "http/bare-post"], Goal::RateAtLeast(0.4));
    ratios.compare("http: catalogue page of 50", ["http/catalog-page", "http/bare-page"], Goal::RateAtLeast(0.15));
}

/// The marketplace and a bare server, both on loopback.
struct Shop {
    ours: String,
    bare: String,
    token: String,
    tickets: Vec<String>,
}

impl Shop {
    async fn open() -> Self {
        let memory = MemoryEngines::default();
        let tickets = fill(&memory).await;
        let ours = serve(marketplace(&memory)).await;
        let token = sign_up(&ours).await;
        let mut shop = Self { ours, bare: String::new(), token, tickets };
        shop.bare = serve(shop.same_bytes().await).await;
        shop
    }

    /// A server that answers what the marketplace answered, and does nothing for it.
    async fn same_bytes(&self) -> Router {
        let mut client = Client::connect(&self.ours).await;
        let order: Arc<str> = client.call(self.order_requests().first().expect("there are tickets")).await.into();
        let page: Arc<str> = client.call(&self.page_request()).await.into();
        let json = [(CONTENT_TYPE, "application/json")];
        Router::new()
            .route(
                "/order",
                post(move |_: axum::body::Bytes| async move { (StatusCode::CREATED, json, order.to_string()) }),
            )
            .route("/page", get(move || async move { ([(CONTENT_TYPE, "text/html")], page.to_string()) }))
    }

    fn order_requests(&self) -> Vec<String> {
        let request = |id: &String| self.post("/api/orders", &format!("{{\"ticketId\":\"{id}\",\"quantity\":1}}"));
        self.tickets.iter().map(request).collect()
    }

    fn post(&self, path: &str, body: &str) -> String {
        let Self { ours, token, .. } = self;
        format!(
            "POST {path} HTTP/1.1\r\nhost: {ours}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    fn page_request(&self) -> String {
        format!("GET /?limit=50 HTTP/1.1\r\nhost: {}\r\n\r\n", self.ours)
    }

    fn bare_request(&self, what: &str) -> String {
        let body = "{\"ticketId\":\"01a3185c-5000-7000-8000-000000000001\",\"quantity\":1}";
        let body = if what.starts_with("POST") { body } else { "" };
        let type_and_length = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
        format!(
            "{what} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n{type_and_length}\r\n{body}",
            self.bare, self.token
        )
    }

    /// How long `n` requests take, over all connections at once; they take turns with `requests`.
    fn time(&self, runtime: &Runtime, requests: &[String], n: u64) -> Duration {
        let host = requests
            .first()
            .and_then(|request| request.split("host: ").nth(1))
            .and_then(|rest| rest.split("\r\n").next());
        let host = host.expect("a request names its host").to_owned();
        let each = usize::try_from(n).expect("a count fits").div_ceil(CONNECTIONS);
        runtime.block_on(async {
            let clients = join_all((0..CONNECTIONS).map(|_| Client::connect(&host))).await;
            let requests: Arc<[String]> = requests.into();
            let began = Instant::now();
            let crowd = clients.into_iter().enumerate().map(|(turn, mut client)| {
                let requests = Arc::clone(&requests);
                tokio::spawn(async move {
                    for request in requests
                        .iter()
                        .cycle()
                        .skip(turn * 37 % requests.len())
                        .step_by(CONNECTIONS.min(requests.len()))
                        .take(each)
                    {
                        client.call(request).await;
                    }
                })
            });
            for done in join_all(crowd).await {
                done.expect("every answer is a success");
            }
            began.elapsed().mul_f64(n as f64 / (each * CONNECTIONS) as f64)
        })
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

fn marketplace(memory: &MemoryEngines) -> Router {
    let http = HttpConfig { limits: Limits::OFF, ..HttpConfig::default() };
    let config = Config { http, hold_limits: HoldLimits::OFF, ..Config::default() };
    let engines = wiring::engines(memory, Argon2Config::weak(), &config).expect("a weak hash is a hash");
    let assembly = assemble(engines, &config).expect("engines that fit together");
    let router = ticketing_server::router(&assembly);
    // It runs until the process ends, with all that follows an order.
    std::mem::forget(assembly.start());
    router
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

async fn sign_up(host: &str) -> String {
    let body = "{\"email\":\"ada@example.org\",\"password\":\"brass lantern quay 42\"}";
    let request = format!(
        "POST /api/users/signup HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut client = Client::connect(host).await;
    let answer: Value = serde_json::from_str(&client.call(&request).await).expect("the answer is JSON");
    assert!(answer.get("id").is_some(), "signed up: {answer}");
    client.cookie("access")
}
