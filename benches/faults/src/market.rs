//! The marketplace as people see it: requests over HTTP, and what came of them.

use std::time::Duration;

use http::Method;
use ticketing_api::client::{Client, ClientError, HttpTransport, Unanswered};

use crate::Error;
use crate::tally::{Said, Tally};

/// Longer than the server lets a request take.
const ANSWER_WITHIN: Duration = Duration::from_secs(13);

/// A marketplace with a front door, and a second process of orders beside it.
#[derive(Debug, Clone)]
pub(crate) struct Market {
    front: Client,
    second_orders: Client,
    /// What was answered.
    pub(crate) tally: Tally,
}

/// Whom to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// The front door.
    Front,
    /// The second process of orders.
    SecondOrders,
}

/// What somebody asks for, and through which door.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Errand {
    /// What it is called in reports.
    pub(crate) what: &'static str,
    pub(crate) door: Door,
    /// Where to ask next time.
    other: Door,
}

impl Errand {
    /// At the front door.
    pub(crate) const fn new(what: &'static str) -> Self {
        Self { what, door: Door::Front, other: Door::Front }
    }

    /// At either door, this one first: both lead to orders.
    pub(crate) const fn for_orders(what: &'static str, door: Door) -> Self {
        Self { what, door, other: door.other() }
    }

    /// At the other door.
    pub(crate) const fn elsewhere(self) -> Self {
        Self { what: self.what, door: self.other, other: self.door }
    }
}

impl Door {
    /// The other one.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Front => Self::SecondOrders,
            Self::SecondOrders => Self::Front,
        }
    }
}

impl Market {
    /// The marketplace behind these base URLs.
    pub(crate) fn new(front: &str, second_orders: &str) -> Result<Self, Error> {
        let [front, second_orders] = [client(front, ANSWER_WITHIN)?, client(second_orders, ANSWER_WITHIN)?];
        Ok(Self { front, second_orders, tally: Tally::default() })
    }

    /// Asks in the name of nobody.
    pub(crate) const fn client(&self, door: Door) -> &Client {
        match door {
            Door::Front => &self.front,
            Door::SecondOrders => &self.second_orders,
        }
    }

    /// Counts an outcome, and returns it.
    pub(crate) fn counted<T>(&self, what: &'static str, outcome: Result<T, ClientError>) -> Result<T, ClientError> {
        self.tally.count(what, outcome.as_ref().map_or_else(said, |_| Said::from("done")));
        outcome
    }
}

/// Whether a process says that requests should be sent to it.
pub(crate) async fn is_ready(address: &str) -> bool {
    let Ok(client) = client(&format!("http://{address}"), Duration::from_secs(3)) else { return false };
    client.call(Method::GET, "/readyz").done().await.is_ok()
}

fn client(url: &str, answer_within: Duration) -> Result<Client, Error> {
    let base = url.parse().map_err(|_| Error::Address(url.to_owned()))?;
    let transport = HttpTransport::new(base).map_err(|_| Error::Address(url.to_owned()))?;
    Ok(Client::new(transport.answer_within(answer_within)))
}

fn said(error: &ClientError) -> Said {
    match error {
        ClientError::Refused(refusal) => format!("{} {}", refusal.problem.status, refusal.problem.code).into(),
        ClientError::Unanswered(Unanswered::Unreachable(_)) => "no connection".into(),
        ClientError::Unanswered(Unanswered::Lost(_)) => "no answer".into(),
        ClientError::Unreadable { status, .. } => format!("{status} unreadable").into(),
    }
}
