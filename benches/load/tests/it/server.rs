//! What the load is made on: the real marketplace in memory, or one that counts wrong.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use ticketing_core::domain::hold_limits::HoldLimits;
use ticketing_crypto::Argon2Config;
use ticketing_memory::MemoryEngines;
use ticketing_server::config::{Config, HttpConfig, Limits};
use ticketing_server::marketplace::assemble;
use ticketing_server::runtime::Running;
use ticketing_server::wiring;
use tokio::net::TcpListener;

/// A marketplace on loopback, with nothing limited and passwords that are cheap to hash.
pub(crate) struct Marketplace {
    pub(crate) url: String,
    running: Running,
}

impl Marketplace {
    pub(crate) async fn open() -> Self {
        let http = HttpConfig { limits: Limits::OFF, passwords_per_address: 1000, ..HttpConfig::default() };
        let config = Config { http, hold_limits: HoldLimits::OFF, ..Config::default() };
        let engines =
            wiring::engines(&MemoryEngines::default(), Argon2Config::weak(), &config).expect("a weak hash is a hash");
        let assembly = assemble(engines, &config).expect("engines that fit together");
        let url = serve(ticketing_server::router(&assembly)).await;
        Self { url, running: assembly.start() }
    }

    /// Ends it in order, with all that follows an order.
    pub(crate) async fn close(self) {
        self.running.stop().await.expect("no loop ends early");
    }
}

/// Serves until the test ends, and returns the URL.
pub(crate) async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let address = listener.local_addr().expect("it is bound");
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    format!("http://{address}")
}

/// A server that sells `places` of any ticket, however many it has.
pub(crate) fn greedy(places: u32) -> Router {
    let left = Arc::new(AtomicU32::new(places));
    let order = move |body: Bytes| {
        let left = Arc::clone(&left);
        async move { answer_order(&body, &left) }
    };
    let named = "{\"id\":\"01a3185c-5000-7000-8000-000000000001\"}";
    let cookies = [(SET_COOKIE, "access=a; Max-Age=300"), (SET_COOKIE, "refresh=r; Max-Age=300")];
    Router::new()
        .route("/api/users/signup", post(move || async move { (axum::response::AppendHeaders(cookies), named) }))
        .route("/api/tickets", post(move || async move { (StatusCode::CREATED, named) }))
        .route("/api/orders", post(order))
}

fn answer_order(body: &[u8], left: &AtomicU32) -> Response {
    // A price is named to learn whether the ticket is known, and buys nothing.
    if body.windows(7).any(|window| window == b"\"price\"") {
        return (StatusCode::CONFLICT, "{\"code\":\"price_changed\"}").into_response();
    }
    let sold = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
    match sold {
        Ok(_) => (StatusCode::CREATED, "{\"id\":\"01a3185c-5000-7000-8000-000000000002\"}").into_response(),
        Err(_) => (StatusCode::CONFLICT, "{\"code\":\"sold_out\"}").into_response(),
    }
}
