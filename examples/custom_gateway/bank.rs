//! A payment provider in a few lines, and how the kit plays with it. It moves no money.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::extract::{Json, Path, State};
use axum::http::StatusCode;
use axum::routing::{post, put};
use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use parking_lot::Mutex;
use serde_json::{Value, json};
use sha2::Sha256;
use ticketing::core::domain::buyer_action::BuyerAction;
use ticketing::core::domain::payment::CaptureOutcome;
use ticketing::core::ports::gateway::{CardToken, GatewayNotice, UnverifiedNotice};
use ticketing::{PaymentGateway, PaymentId, Timestamp};
use ticketing_conformance::gateway::{BuyerAct, GatewayFixture, TestCards};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::gateway::BankGateway;

/// The card whose buyer must act.
pub(crate) const CHALLENGED: &str = "ask-me";
const SECRET: &[u8] = b"between the bank and us";

/// A bank that is open. A clone is the same one.
#[derive(Debug, Clone)]
pub(crate) struct Bank {
    books: Books,
    pub(crate) gateway: BankGateway,
}

type Books = Arc<Mutex<BTreeMap<Uuid, Attempt>>>;

#[derive(Debug, Clone)]
struct Attempt {
    answer: Value,
    amount: u64,
    refunds: BTreeMap<Uuid, u64>,
}

impl Bank {
    pub(crate) async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (books, address) = (Books::default(), format!("http://{}", listener.local_addr()?));
        let routes = Router::new()
            .route("/payments/{payment}", put(charge).get(look))
            .route("/payments/{payment}/close", post(close))
            .route("/payments/{payment}/refunds/{refund}", put(refund))
            .with_state(books.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let http = Client::builder(TokioExecutor::new()).build_http();
        Ok(Self { books, gateway: BankGateway { address, secret: SECRET, http } })
    }

    /// The buyer says yes; the bank sends a notice, unless it awaits nobody.
    pub(crate) fn approve(&self, payment: PaymentId, at: Timestamp) -> Option<UnverifiedNotice> {
        let outcome = CaptureOutcome::Captured { reference: format!("ch-{payment}").into() };
        end(&self.books, payment.uuid(), captured(payment.uuid()))
            .then(|| self.notice(&GatewayNotice { payment, outcome }, at))
    }
}

fn captured(payment: Uuid) -> Value {
    json!({ "status": "captured", "reference": format!("ch-{payment}") })
}

fn declined(reason: &str) -> Value {
    json!({ "status": "declined", "reason": reason })
}

/// Ends what awaits its buyer; returns whether it did.
fn end(books: &Books, payment: Uuid, answer: Value) -> bool {
    let mut books = books.lock();
    let waiting = books.get_mut(&payment).filter(|attempt| attempt.answer["status"] == "action");
    waiting.map(|attempt| attempt.answer = answer).is_some()
}

async fn charge(State(books): State<Books>, Path(payment): Path<Uuid>, Json(body): Json<Value>) -> Json<Value> {
    let answer = match body["card"].as_str() {
        Some("good") => captured(payment),
        Some(CHALLENGED) => json!({ "status": "action", "url": format!("https://bank.example/{payment}") }),
        _ => declined("card_declined"),
    };
    let attempt = Attempt { answer, amount: body["amount"].as_u64().unwrap_or_default(), refunds: BTreeMap::new() };
    Json(books.lock().entry(payment).or_insert(attempt).answer.clone())
}

async fn look(State(books): State<Books>, Path(payment): Path<Uuid>) -> (StatusCode, Json<Value>) {
    match books.lock().get(&payment) {
        Some(attempt) => (StatusCode::OK, Json(attempt.answer.clone())),
        None => (StatusCode::NOT_FOUND, Json(Value::Null)),
    }
}

async fn close(State(books): State<Books>, Path(payment): Path<Uuid>) -> Json<Value> {
    end(&books, payment, declined("abandoned"));
    let closed = Attempt { answer: declined("never_arrived"), amount: 0, refunds: BTreeMap::new() };
    Json(books.lock().entry(payment).or_insert(closed).answer.clone())
}

async fn refund(
    State(books): State<Books>,
    Path((payment, refund)): Path<(Uuid, Uuid)>,
    Json(body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let (mut books, amount) = (books.lock(), body["amount"].as_u64().unwrap_or_default());
    let status = match books.get_mut(&payment) {
        None => StatusCode::NOT_FOUND,
        Some(attempt) if attempt.refunds.contains_key(&refund) => StatusCode::OK,
        Some(attempt) if amount > attempt.held() => StatusCode::CONFLICT,
        Some(attempt) => {
            attempt.refunds.insert(refund, amount);
            StatusCode::OK
        }
    };
    (status, Json(Value::Null))
}

impl Attempt {
    fn held(&self) -> u64 {
        let taken = if self.answer["status"] == "captured" { self.amount } else { 0 };
        taken - self.refunds.values().sum::<u64>()
    }
}

#[async_trait]
impl GatewayFixture for Bank {
    fn gateway(&self) -> Arc<dyn PaymentGateway> {
        Arc::new(self.gateway.clone())
    }

    fn cards(&self) -> TestCards {
        let card = CardToken::new;
        TestCards { good: card("good"), bad: card("bad"), silent: None, challenged: Some(card(CHALLENGED)) }
    }

    async fn act(&self, payment: PaymentId, act: BuyerAct) {
        let answer = match act {
            BuyerAct::Approves => captured(payment.uuid()),
            BuyerAct::Refuses => declined("authentication_failed"),
        };
        end(&self.books, payment.uuid(), answer);
    }

    async fn held(&self, payment: PaymentId) -> u64 {
        self.books.lock().get(&payment.uuid()).map_or(0, Attempt::held)
    }

    fn notice(&self, notice: &GatewayNotice, at: Timestamp) -> UnverifiedNotice {
        let mut body = match &notice.outcome {
            CaptureOutcome::Captured { reference } => json!({ "status": "captured", "reference": &**reference }),
            CaptureOutcome::Declined { reason } => declined(reason),
            CaptureOutcome::ActionRequired(BuyerAction::Redirect(url)) => {
                json!({ "status": "action", "url": url.expose() })
            }
            CaptureOutcome::ActionRequired(BuyerAction::Confirm(_)) => Value::Null,
        };
        body["payment"] = json!(notice.payment.to_string());
        let (body, time) = (body.to_string(), at.millis().to_string());
        let mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("HMAC takes a key of any length");
        let mac = mac.chain_update(&time).chain_update(&body);
        let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
        let headers = [("bank-time", time), ("bank-signature", signature)];
        UnverifiedNotice {
            headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect(),
            body: body.into(),
        }
    }
}
