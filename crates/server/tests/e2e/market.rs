//! A marketplace behind an address, and what people do there.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::response::Response;
use futures::future::join_all;
use http::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use ticketing_core::ports::clock::{Clock, Ids};
use ticketing_memory::{RandomIds, SystemClock};
use uuid::Uuid;

use crate::call::{Reply, Site};

pub(crate) use crate::call::{PASSWORD, User, id, offer};

/// Longer than anything takes that happens at all.
const PATIENCE: Duration = Duration::from_secs(90);

/// A marketplace behind an address.
pub(crate) struct Market {
    /// `http://` with host and port, and nothing after it.
    pub(crate) base: String,
    /// The same where operators are answered; empty if nobody said.
    operators: String,
    pub(crate) client: Client<HttpConnector, Body>,
}

/// A request to it.
pub(crate) type Call<'a> = crate::call::Call<'a, Market>;

/// A browser that shows its pages.
pub(crate) type Browser<'a> = crate::browser::Browser<'a, Market>;

impl Site for Market {
    fn origin(&self) -> &str {
        &self.base
    }

    fn request(&self, method: &str, path: &str) -> http::request::Builder {
        Request::builder().method(method).uri(format!("{}{path}", self.base))
    }

    async fn answer(&self, request: Request<Body>) -> Response {
        self.client.request(request).await.expect("the marketplace answers").map(Body::new)
    }
}

#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
impl Call<'_> {
    /// Sends it, unless nobody is there to take it.
    pub(crate) async fn send_if_taken(self) -> Option<Reply> {
        let request = self.request.body(self.body).expect("a request");
        match self.site.client.request(request).await {
            Ok(answer) => Some(Reply::read(answer.map(Body::new)).await),
            Err(error) => {
                assert!(error.is_connect(), "it was taken and not answered: {error:?}");
                None
            }
        }
    }
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
        User::of(&email, &reply)
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
        User::of(&user.email, &reply)
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
