//! One connection's part of a run: asking, measuring, counting.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Deserialize;

use crate::connection::{Answer, CallError, Connection};
use crate::request::{Envelope, get, post};
use crate::settings::Settings;
use crate::setup::Shop;
use crate::tally::{Kind, Tally, Told};

/// What one connection works with.
#[derive(Debug)]
pub struct Session {
    /// What is asked for.
    pub settings: Arc<Settings>,
    /// Who buys what.
    pub shop: Arc<Shop>,
    /// Which connection it is, from 0.
    pub number: usize,
    /// Its own chance.
    pub random: StdRng,
    /// Where all connections count.
    pub tally: Arc<Mutex<Tally>>,
    base: Connection,
    /// To where payments and replicas are, if that is elsewhere.
    door: Option<Connection>,
    request: Vec<u8>,
    turns: usize,
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ordered {
    /// The places are held under this id, for this buyer.
    Held {
        /// The order.
        id: String,
        /// Which of the shop's buyers has it.
        buyer: usize,
    },
    /// There was no place left.
    SoldOut,
    /// It was refused for another reason.
    Refused,
    /// Whether it happened is not known.
    Unknown,
}

/// Where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// To this connection's base URL.
    Base,
    /// To where accounts, tickets and payments are.
    Door,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
struct Problem<'a> {
    #[serde(borrow)]
    code: Option<&'a str>,
}

impl Session {
    /// The session of one connection; they take turns with the base URLs.
    #[must_use]
    pub fn new(settings: &Arc<Settings>, shop: &Arc<Shop>, tally: &Arc<Mutex<Tally>>, number: usize) -> Option<Self> {
        let target = settings.base_url.iter().cycle().nth(number)?;
        let connection = |target: &crate::settings::Target| Connection::new(target.clone(), settings.timeout);
        Some(Self {
            settings: Arc::clone(settings),
            shop: Arc::clone(shop),
            number,
            random: StdRng::seed_from_u64(settings.seed ^ (number as u64) << 32),
            tally: Arc::clone(tally),
            base: connection(target),
            door: settings.auth_url.as_ref().map(connection),
            request: Vec::with_capacity(1024),
            turns: 0,
        })
    }

    /// Orders one place of a ticket for the next buyer, and pays for some.
    pub async fn buy(&mut self, ticket: usize, due: Instant) -> Ordered {
        let ordered = self.order(ticket, due).await;
        if let Ordered::Held { id, buyer } = &ordered
            && self.settings.pay > 0.0
            && self.random.random_bool(self.settings.pay)
        {
            self.pay(id, *buyer).await;
        }
        ordered
    }

    async fn order(&mut self, ticket: usize, due: Instant) -> Ordered {
        let buyer = self.next_buyer();
        let (Some(ticket), Some(account)) = (self.shop.ticket(ticket), self.shop.buyer(buyer)) else {
            return Ordered::Refused;
        };
        let body = format!("{{\"ticketId\":\"{ticket}\",\"quantity\":1}}");
        let token = account.token();
        post(&mut self.request, Envelope { host: self.base.host(), token: Some(&token) }, "/api/orders", &body);
        let answer = self.base.call(&self.request).await;
        count(&self.tally, Kind::Order, due, &answer);
        ordered(answer, buyer)
    }

    async fn pay(&mut self, order: &str, buyer: usize) {
        let Some(account) = self.shop.buyer(buyer) else { return };
        let body = format!("{{\"orderId\":\"{order}\",\"token\":\"tok_visa\"}}");
        let token = account.token();
        let connection = self.door.as_mut().unwrap_or(&mut self.base);
        post(&mut self.request, Envelope { host: connection.host(), token: Some(&token) }, "/api/payments", &body);
        let due = Instant::now();
        let answer = connection.call(&self.request).await;
        count(&self.tally, Kind::Payment, due, &answer);
    }

    /// Reads something that everybody may see; `None` if it could not be read.
    pub async fn read(&mut self, kind: Kind, place: Place, path: &str, due: Instant) -> Option<Vec<u8>> {
        let connection = match (place, &mut self.door) {
            (Place::Door, Some(door)) => door,
            (Place::Door, None) | (Place::Base, _) => &mut self.base,
        };
        get(&mut self.request, Envelope { host: connection.host(), token: None }, path);
        let answer = connection.call(&self.request).await;
        count(&self.tally, kind, due, &answer);
        let answer = answer.ok().filter(|answer| answer.status == 200)?;
        // Only a lag is measured by what was read.
        Some(if place == Place::Door { answer.body.into_owned() } else { Vec::new() })
    }

    /// Counts something by hand.
    pub fn count(&self, note: impl FnOnce(&mut Tally)) {
        note(&mut self.tally.lock());
    }

    /// Connections take turns with buyers, each with its own share of them.
    fn next_buyer(&mut self) -> usize {
        let turn = self.number + self.turns * self.settings.connections as usize;
        self.turns += 1;
        turn % (self.settings.buyers as usize).max(1)
    }
}

fn count(tally: &Mutex<Tally>, kind: Kind, due: Instant, answer: &Result<Answer<'_>, CallError>) {
    let took: Duration = due.elapsed();
    let mut tally = tally.lock();
    match answer {
        Ok(answer) => tally.answered(kind, due, took, Told { status: answer.status, code: code(answer) }),
        Err(error) => tally.failed(kind, due, error),
    }
}

fn code<'a>(answer: &'a Answer<'_>) -> Option<&'a str> {
    if answer.status < 400 {
        return None;
    }
    serde_json::from_slice::<Problem<'_>>(&answer.body).ok()?.code
}

fn ordered(answer: Result<Answer<'_>, CallError>, buyer: usize) -> Ordered {
    let Ok(answer) = answer else { return Ordered::Unknown };
    match answer.status {
        201 => match serde_json::from_slice::<Named>(&answer.body) {
            Ok(named) => Ordered::Held { id: named.id, buyer },
            Err(_) => Ordered::Unknown,
        },
        500.. => Ordered::Unknown,
        _ if code(&answer) == Some("sold_out") => Ordered::SoldOut,
        _ => Ordered::Refused,
    }
}
