//! A client of the API: one method for each thing that people do.
//!
//! A [`Client`] says what is asked, and a [`Transport`] brings it there: [`HttpTransport`] to an address,
//! [`InProcess`] to a router of the same process. Tests and tools ask the marketplace as its users' programs do.
//!
//! Who is signed in is a value: [`Client::sign_in`] returns [`Tokens`], and [`Client::with_tokens`] asks in their name.
//!
//! # Examples
//!
//! Orders a ticket and pays for it. An idempotency key makes a request safe to repeat when its answer was lost:
//!
//! ```no_run
//! use ticketing_api::accounts::Credentials;
//! use ticketing_api::client::{Client, ClientError, HttpTransport};
//! use ticketing_api::orders::{OrderBody, PlaceOrderBody};
//! use ticketing_api::payments::PayOrderBody;
//! use ticketing_core::domain::ids::TicketId;
//! use ticketing_core::domain::order::IdempotencyKey;
//!
//! # async fn buy(ticket: TicketId, key: IdempotencyKey) -> Result<OrderBody, Box<dyn std::error::Error>> {
//! let client = Client::new(HttpTransport::new("http://localhost:3000".parse()?)?);
//! let credentials = Credentials { email: "ada@example.org".into(), password: "brass lantern quay 42".into() };
//! let ada = client.with_tokens(client.sign_in(&credentials).await?.tokens);
//!
//! let wanted = PlaceOrderBody { ticket_id: ticket.uuid(), quantity: Some(2), price: None, facts_tag: None };
//! let order = loop {
//!     match ada.place_order(&wanted, Some(&key)).await {
//!         Err(error) if error.is_worth_repeating() => continue,
//!         outcome => break outcome?,
//!     }
//! };
//! ada.pay_order(&PayOrderBody { order_id: order.id.uuid(), token: "tok_visa".into() }, Some(&key)).await?;
//! # Ok(order)
//! # }
//! ```

mod accounts;
mod admissions;
mod alerts;
mod call;
mod error;
mod http;
mod in_process;
mod orders;
mod tickets;
mod transport;

use std::sync::Arc;

use ::http::Method;
use serde::Serialize;

pub use accounts::{SignedIn, Tokens};
pub use call::{Answer, Call};
pub use error::{ClientError, Refusal};
pub use http::{HttpTransport, InvalidBaseUrl};
pub use in_process::InProcess;
pub use transport::{Transport, Unanswered};

/// Asks a marketplace, in the name of one account or of nobody. A clone asks over the same connections.
#[derive(Debug, Clone)]
pub struct Client {
    transport: Arc<dyn Transport>,
    tokens: Option<Arc<Tokens>>,
}

impl Client {
    /// Asks in the name of nobody.
    #[must_use]
    pub fn new(transport: impl Transport) -> Self {
        Self { transport: Arc::new(transport), tokens: None }
    }

    /// The same in the name of the account that these tokens belong to.
    #[must_use]
    pub fn with_tokens(&self, tokens: Tokens) -> Self {
        Self { transport: Arc::clone(&self.transport), tokens: Some(Arc::new(tokens)) }
    }

    /// In whose name is asked.
    #[must_use]
    pub fn tokens(&self) -> Option<&Tokens> {
        self.tokens.as_deref()
    }

    /// A request by its method and path: what the typed methods are made of.
    ///
    /// It carries the access token; a body, a key and other headers are added to it.
    pub fn call(&self, method: Method, path: impl AsRef<str>) -> Call<'_> {
        Call::new(self, method, path.as_ref())
    }

    fn get(&self, path: impl AsRef<str>) -> Call<'_> {
        self.call(Method::GET, path)
    }

    fn get_with(&self, path: &str, query: &impl Serialize) -> Call<'_> {
        // No shape of a query fails to serialize.
        let query = serde_urlencoded::to_string(query).unwrap_or_default();
        if query.is_empty() { self.get(path) } else { self.get(format!("{path}?{query}")) }
    }
}
