//! A double of Stripe, written from its published API reference: what the adapter uses of it, and the ways it fails.
//!
//! It checks what Stripe checks (key, version, form, idempotency keys), keeps its objects as JSON, records an event for
//! each change, and serves the page where the buyer of a Checkout Session pays. It moves no money.

mod books;
mod events;
mod faults;
mod requests;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::LOCATION;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{any, get};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use books::Books;
use faults::Faults;
use requests::Keys;

pub(crate) use events::sign;
pub(crate) use faults::Fault;

/// The only key that the double takes.
pub(crate) const KEY: &str = "sk_test_canaryDouble";
/// Signs the notices of its endpoint.
pub(crate) const WEBHOOK_SECRET: &str = "whsec_canaryDouble";

/// A double that serves on its own port until it is dropped.
pub(crate) struct Double {
    world: Arc<World>,
    url: String,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct World {
    books: Mutex<Books>,
    keys: Mutex<Keys>,
    faults: Mutex<Faults>,
    gate: Notify,
}

impl Double {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let world = Arc::<World>::default();
        let router = Router::new()
            .route("/v1/{*path}", any(requests::answer))
            .route("/c/pay/{session}", get(page).post(pay))
            .with_state(Arc::clone(&world));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { world, url, serving }
    }

    /// Where its API is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The next request whose method and path end so meets a fault.
    pub(crate) fn fail(&self, request_end: &'static str, fault: Fault) {
        self.world.faults.lock().add(request_end, fault);
    }

    /// Returns once every fault has met its request.
    pub(crate) async fn faults_are_met(&self) {
        while !self.world.faults.lock().are_met() {
            tokio::task::yield_now().await;
        }
    }

    /// Lets a request through that waits.
    pub(crate) fn let_through(&self) {
        self.world.gate.notify_one();
    }

    /// As after a day.
    pub(crate) fn forget_keys(&self) {
        *self.world.keys.lock() = Keys::default();
    }

    /// The buyer does, or refuses, what a payment awaits of them.
    pub(crate) fn act(&self, payment: &str, approves: bool) {
        self.world.books.lock().act(payment, approves);
    }

    /// A card is declined on the page where the buyer pays, who may type another one.
    pub(crate) fn decline_on_page(&self, payment: &str) {
        self.world.books.lock().decline_on_page(payment);
    }

    /// Somebody refunds a payment in the dashboard.
    pub(crate) fn refund_by_hand(&self, payment: &str, amount: u64) {
        self.world.books.lock().refund_by_hand(payment, amount);
    }

    /// The money of every refund comes back from the bank.
    pub(crate) fn fail_refunds(&self) {
        self.world.books.lock().fail_refunds();
    }

    /// What it holds of a payment, in Stripe's units.
    pub(crate) fn held(&self, payment: &str) -> u64 {
        self.world.books.lock().held(payment)
    }

    /// The intents and sessions of a payment.
    pub(crate) fn of(&self, payment: &str) -> Vec<Value> {
        self.world.books.lock().of(payment)
    }

    /// The bodies of the notices since they were last taken, in order.
    pub(crate) fn take_events(&self) -> Vec<String> {
        std::mem::take(&mut self.world.books.lock().events)
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The page where a buyer pays; a form without a script stands for what Stripe has there.
async fn page(State(world): State<Arc<World>>, Path(session): Path<String>) -> Response {
    match world.books.lock().sessions.get(&session) {
        Some(session) if session["status"] == "open" => {
            let amount = &session["amount_total"];
            Html(format!("<form method=\"post\"><p>Pay {amount}</p><button>Pay</button></form>")).into_response()
        }
        Some(_) => Html("This page is over.").into_response(),
        None => bare(404, None),
    }
}

async fn pay(State(world): State<Arc<World>>, Path(session): Path<String>, _: Request) -> Response {
    let back = world.books.lock().pay_session(&session);
    match back {
        Some(url) => bare(303, Some(&url)),
        None => bare(410, None),
    }
}

/// An answer without a body, which may lead elsewhere.
fn bare(status: u16, location: Option<&str>) -> Response {
    let answer = Response::builder().status(status);
    let answer = location.into_iter().fold(answer, |answer, location| answer.header(LOCATION, location));
    answer.body(Body::empty()).expect("an answer")
}
