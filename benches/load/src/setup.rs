//! The accounts and tickets that a run needs, made the way people make them: over HTTP.

mod account;
mod prepare;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::connection::{CallError, Connection};
use crate::request::{Envelope, post};
use crate::settings::{Scenario, Settings, Target};
use crate::tell;

pub use account::Account;

use prepare::{Patience, in_parallel};

/// Who buys what.
#[derive(Debug)]
pub struct Shop {
    buyers: Vec<Account>,
    tickets: Vec<String>,
    next: AtomicUsize,
}

/// Why a run could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// No URL was given.
    #[error("there is no base URL")]
    NoTarget,
    /// The server is not there, or does not speak HTTP.
    #[error("{host} does not answer: {error}")]
    Unreachable {
        /// Where it was looked for.
        host: String,
        /// Why.
        error: CallError,
    },
    /// The server said no.
    #[error("{what} was refused with {status}: {body}")]
    Refused {
        /// What was asked for.
        what: &'static str,
        /// The status.
        status: u16,
        /// What it said.
        body: String,
    },
    /// The orders service did not hear of the tickets.
    #[error("the orders service does not know the tickets after {} s", prepare::LONGEST.as_secs())]
    TicketsUnknown,
}

/// Words that titles have, to be searched for.
const WORDS: [&str; 8] = ["opera", "quartet", "football", "comedy", "musical", "lecture", "ballet", "festival"];

const SELLERS: u32 = 4;

impl Shop {
    /// Opens accounts, puts tickets on sale, and waits until they can be ordered.
    ///
    /// # Errors
    ///
    /// [`SetupError`].
    pub async fn open(settings: &Settings) -> Result<Self, SetupError> {
        let door = settings.door().ok_or(SetupError::NoTarget)?;
        let sellers = accounts(settings, door, "seller", SELLERS).await?;
        let buyers = accounts(settings, door, "buyer", settings.buyer_count()).await?;
        let tickets = offer_all(settings, door, &sellers).await?;
        let shop = Self { buyers, tickets, next: AtomicUsize::new(0) };
        if settings.scenario != Scenario::Browse {
            shop.await_tickets(settings).await?;
        }
        Ok(shop)
    }

    /// The id of a ticket, by its number.
    #[must_use]
    pub fn ticket(&self, number: usize) -> Option<&str> {
        self.tickets.get(number).map(String::as_str)
    }

    /// How many tickets there are; never zero.
    #[must_use]
    pub fn ticket_count(&self) -> usize {
        self.tickets.len().max(1)
    }

    /// The number of the next ticket; the first follows the last.
    #[must_use]
    pub fn next_ticket(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed) % self.ticket_count()
    }

    /// A buyer, by number.
    #[must_use]
    pub fn buyer(&self, number: usize) -> Option<&Account> {
        self.buyers.get(number)
    }

    /// A word to search for.
    #[must_use]
    pub fn word(&self, number: usize) -> &'static str {
        word(number)
    }

    /// How often sessions must be renewed.
    #[must_use]
    pub fn renew_every(&self) -> Duration {
        let shortest = self.buyers.iter().map(Account::lasts).min();
        shortest.unwrap_or(Duration::from_secs(3600)) / 2
    }

    /// Renews every session. One that cannot be renewed shows in the answers.
    pub async fn renew(&self, door: &Target, timeout: Duration) {
        let mut connection = Connection::new(door.clone(), timeout);
        for buyer in &self.buyers {
            if let Err(error) = buyer.renew(&mut connection).await {
                tell(format_args!("a session could not be renewed: {error}"));
            }
        }
    }

    /// Asks for each ticket at a price that is not its own, which orders nothing, until it is known.
    async fn await_tickets(&self, settings: &Settings) -> Result<(), SetupError> {
        let Some(buyer) = self.buyers.first() else { return Ok(()) };
        let target = settings.base_url.first().ok_or(SetupError::NoTarget)?;
        let known = in_parallel("known to orders", self.tickets.len(), |number| async move {
            let Some(ticket) = self.ticket(number) else { return Ok(()) };
            let mut connection = Connection::new(target.clone(), settings.timeout);
            let body = format!("{{\"ticketId\":\"{ticket}\",\"price\":{{\"amount\":1,\"currency\":\"EUR\"}}}}");
            let (mut request, mut patience) = (Vec::new(), Patience::default());
            loop {
                let token = buyer.token();
                post(&mut request, Envelope { host: &target.host, token: Some(&token) }, "/api/orders", &body);
                let answer = connection.call(&request).await.map_err(|error| unreachable(target, error))?;
                match answer.status {
                    404 | 429 | 500.. => patience.wait(answer.retry_after).await.ok_or(SetupError::TicketsUnknown)?,
                    409 => return Ok(()),
                    _ => return Err(refused("an order at another price", &answer)),
                }
            }
        });
        known.await.map(drop)
    }
}

async fn accounts(
    settings: &Settings,
    door: &Target,
    role: &'static str,
    count: u32,
) -> Result<Vec<Account>, SetupError> {
    in_parallel(role, count as usize, |number| async move {
        let email = format!("load-{}-{role}-{number}@load.example", settings.seed);
        Account::open(door, settings.timeout, email).await
    })
    .await
}

async fn offer_all(settings: &Settings, door: &Target, sellers: &[Account]) -> Result<Vec<String>, SetupError> {
    in_parallel("tickets", settings.ticket_count() as usize, |number| async move {
        let seller = sellers.get(number % sellers.len().max(1)).ok_or(SetupError::NoTarget)?;
        let word = word(number);
        let body = format!(
            "{{\"title\":\"{word} {number} of load {}\",\"price\":{{\"amount\":{},\"currency\":\"EUR\"}},\"quantity\":{},\
             \"venue\":\"Load hall\",\"city\":\"Vienna\",\"category\":\"{word}\"}}",
            settings.seed,
            1200 + number % 5000,
            settings.quantity
        );
        let mut connection = Connection::new(door.clone(), settings.timeout);
        seller.offer(&mut connection, &body).await
    })
    .await
}

fn word(number: usize) -> &'static str {
    WORDS.get(number % WORDS.len()).copied().unwrap_or_default()
}

fn unreachable(target: &Target, error: CallError) -> SetupError {
    SetupError::Unreachable { host: target.host.clone(), error }
}

fn refused(what: &'static str, answer: &crate::connection::Answer<'_>) -> SetupError {
    SetupError::Refused { what, status: answer.status, body: String::from_utf8_lossy(&answer.body).into_owned() }
}
