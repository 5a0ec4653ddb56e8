//! A marketplace behind an address.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::response::Response;
use futures::future::join_all;
use http::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use ticketing_core::ports::clock::{Clock, Ids};
use ticketing_memory::{RandomIds, SystemClock};
use uuid::Uuid;

#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
use crate::call::Reply;
use crate::call::Site;
use crate::marketplace::Marketplace;

pub(crate) use crate::call::{PASSWORD, User, id, offer};

/// Longer than anything takes that happens at all.
const PATIENCE: Duration = Duration::from_secs(90);

/// An idle connection is not used again after this span.
///
/// The server closes one that brings no request for 15 s. A test that starts an engine meanwhile
/// blocks its runtime and would not see that it was closed.
const IDLE: Duration = Duration::from_secs(5);

/// A marketplace behind an address.
pub(crate) type Market = Marketplace<Remote>;

/// Where it is.
pub(crate) struct Remote {
    /// `http://` with host and port, and nothing after it.
    pub(crate) base: String,
    /// The same where operators are answered; empty if nobody said.
    operators: String,
    pub(crate) client: Client<HttpConnector, Body>,
}

/// A request to it.
pub(crate) type Call<'a> = crate::call::Call<'a, Remote>;

/// A browser that shows its pages.
pub(crate) type Browser<'a> = crate::browser::Browser<'a, Remote>;

impl Site for Remote {
    fn origin(&self) -> &str {
        &self.base
    }

    fn request(&self, method: &str, path: &str) -> http::request::Builder {
        Request::builder().method(method).uri(format!("{}{path}", self.base))
    }

    async fn answer(&self, request: Request<Body>) -> Response {
        self.client.request(request).await.expect("the marketplace answers").map(Body::new)
    }

    /// Of an account that no other test has.
    fn email(&self, name: &str) -> String {
        format!("{name}-{}@example.org", unique().simple())
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
        let client = Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE).build_http();
        Self(Remote { base: format!("http://{address}"), operators: String::new(), client })
    }

    /// The same, with where its operators are answered.
    pub(crate) fn with_operators(mut self, address: &str) -> Self {
        self.operators = format!("http://{address}");
        self
    }

    /// As operators see it.
    pub(crate) fn operators(&self) -> Self {
        let client = self.client.clone();
        Self(Remote { base: self.operators.clone(), operators: String::new(), client })
    }

    /// What its operators count.
    #[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
    pub(crate) async fn metrics(&self) -> String {
        use http_body_util::BodyExt;

        let answer = self.operators().get("/metrics").open().await;
        let text = answer.into_body().collect().await.expect("a body").to_bytes();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// A few accounts; not all at once, since passwords are hashed a few at a time.
    pub(crate) async fn sign_up_many(&self, count: usize) -> Vec<User> {
        let mut users = Vec::new();
        while users.len() < count {
            users.extend(join_all((0..4.min(count - users.len())).map(|_| self.sign_up("buyer"))).await);
        }
        users
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
