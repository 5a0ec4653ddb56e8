//! A marketplace behind an address, and what people do there.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::join_all;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use ticketing_core::ports::clock::{Clock, Ids};
use ticketing_memory::{RandomIds, SystemClock};
use uuid::Uuid;

use crate::call::{Call, Reply};

/// A password that is hard to guess.
pub(crate) const PASSWORD: &str = "brass lantern quay 42";

/// Longer than anything takes that happens at all.
const PATIENCE: Duration = Duration::from_secs(90);

/// A marketplace behind an address.
pub(crate) struct Market {
    /// `http://` with host and port, and nothing after it.
    pub(crate) base: String,
    /// The same where operators are answered; empty if nobody said.
    operators: String,
    pub(crate) client: Client<HttpConnector, Full<Bytes>>,
}

/// Somebody with an account, and the cookies of a session.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) email: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Market {
    pub(crate) fn at(address: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { base: format!("http://{address}"), operators: String::new(), client }
    }

    /// The same, with where its operators are answered.
    pub(crate) fn with_operators(self, address: &str) -> Self {
        Self { operators: format!("http://{address}"), ..self }
    }

    /// As operators see it.
    pub(crate) fn operators(&self) -> Self {
        Self { base: self.operators.clone(), operators: String::new(), client: self.client.clone() }
    }

    /// Opens an account whose name nobody has.
    pub(crate) async fn sign_up(&self, name: &str) -> User {
        let email = format!("{name}-{}@example.org", unique().simple());
        let reply = self.post("/api/users/signup").json(&json!({"email": email, "password": PASSWORD})).send().await;
        assert_eq!(reply.status, 201, "{reply:?}");
        User { email, access: reply.cookie("access"), refresh: reply.cookie("refresh") }
    }

    /// A few accounts; not all at once, since passwords are hashed a few at a time.
    pub(crate) async fn sign_up_many(&self, count: usize) -> Vec<User> {
        let mut users = Vec::new();
        while users.len() < count {
            users.extend(join_all((0..4.min(count - users.len())).map(|_| self.sign_up("buyer"))).await);
        }
        users
    }

    pub(crate) async fn sign_in(&self, user: &User) -> User {
        let body = json!({"email": user.email, "password": PASSWORD});
        let reply = self.post("/api/users/signin").json(&body).send().await;
        assert_eq!(reply.status, 200, "{reply:?}");
        User { email: user.email.clone(), access: reply.cookie("access"), refresh: reply.cookie("refresh") }
    }

    /// Puts places on sale for 12 euros each, and returns the ticket.
    pub(crate) async fn sell(&self, seller: &User, places: u32) -> Value {
        let reply = self.post("/api/tickets").by(seller).json(&offer("Opera", 1200, places)).send().await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.body
    }

    /// Orders one place, and returns the order.
    pub(crate) async fn order(&self, buyer: &User, ticket: &Value) -> Value {
        let reply = self.try_to_order(buyer, ticket).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.body
    }

    pub(crate) async fn try_to_order(&self, buyer: &User, ticket: &Value) -> Reply {
        self.ordering(buyer, ticket).send().await
    }

    pub(crate) fn ordering(&self, buyer: &User, ticket: &Value) -> Call<'_> {
        self.post("/api/orders").by(buyer).json(&json!({"ticketId": id(ticket)}))
    }

    pub(crate) async fn pay(&self, buyer: &User, order: &Value, card: &str) -> Reply {
        self.post("/api/payments").by(buyer).json(&json!({"orderId": id(order), "token": card})).send().await
    }

    pub(crate) async fn ticket(&self, ticket: &Value) -> Value {
        self.get(&format!("/api/tickets/{}", id(ticket))).send().await.body
    }

    pub(crate) async fn see_order(&self, buyer: &User, order: &Value) -> Value {
        self.get(&format!("/api/orders/{}", id(order))).by(buyer).send().await.body
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
}

/// Asks again and again until the answer is as expected, and returns it.
pub(crate) async fn eventually<T: std::fmt::Debug>(
    mut ask: impl AsyncFnMut() -> T,
    is_expected: impl Fn(&T) -> bool,
) -> T {
    let began = Instant::now();
    loop {
        let answer = ask().await;
        if is_expected(&answer) {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "still not as expected: {answer:?}");
        tokio::time::sleep(Duration::from_millis(50)).await; // between two looks
    }
}

/// A name that nothing else has.
pub(crate) fn unique() -> Uuid {
    RandomIds::new().uuid(SystemClock::new().now())
}

/// The name of a ticket, an order or whatever else has one.
pub(crate) fn id(thing: &Value) -> &str {
    thing["id"].as_str().expect("things have names")
}

pub(crate) fn offer(title: &str, amount: u64, quantity: u32) -> Value {
    json!({"title": title, "price": {"amount": amount, "currency": "EUR"}, "quantity": quantity})
}
