//! Pages of the catalogue in Redis, each under the generation that it was read in.
//!
//! Invariant: a page is kept under the generation that was seen before the
//! inner store was asked, never under a newer one. What a slow reader keeps
//! after a commit is therefore kept under a generation that is over.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use redis::{Cmd, Script};
use ticketing_core::domain::ticket::Listing;
use ticketing_core::ports::ticket_store::TicketQuery;
use ticketing_core::wire::TicketChanges;

use crate::client::RedisClient;
use crate::script::Call;
use crate::ticket_feed;

use super::circuit_breaker::CircuitBreaker;
use super::page::Question;

static CHANGED: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("changed.lua")));

/// A page is found for so long after it was read, whatever is lost.
const TTL: Duration = Duration::from_secs(2);
/// A search waits for so long for Redis.
const PATIENCE: Duration = Duration::from_millis(250);
/// A generation is remembered for so long after it began; when it is forgotten, the next one begins.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);
/// So many pages are kept at most, whatever visitors ask for: pages that share a slot replace each other.
const SLOTS: u64 = 1024;
/// The longest page that is kept, in bytes.
const LONGEST: usize = 256 * 1024;

#[derive(Debug)]
pub(super) struct Catalogue {
    client: RedisClient,
    breaker: CircuitBreaker,
    /// The key of the generation, which is never the same twice.
    generation: String,
    /// Begins the key of a slot.
    slot: String,
    channel: String,
}

/// What is known of a page.
pub(super) enum Found {
    Page(Vec<Listing>),
    /// It may be kept, once the store returned it.
    Place(Place),
    Nothing,
}

/// Where a page belongs.
pub(super) struct Place {
    question: Question,
    slot: String,
    generation: Vec<u8>,
    looked_up_at: Instant,
}

impl Catalogue {
    pub(super) fn new(client: &RedisClient) -> Self {
        let tag = client.tag("catalogue");
        Self {
            client: client.clone(),
            breaker: CircuitBreaker::default(),
            generation: format!("{tag}generation"),
            slot: format!("{tag}page:"),
            channel: ticket_feed::channel(client),
        }
    }

    /// Looks for a page, in one command.
    pub(super) async fn look_up(&self, query: &TicketQuery) -> Found {
        if !self.breaker.is_worth_asking() {
            return Found::Nothing;
        }
        let (question, looked_up_at) = (Question::of(query), Instant::now());
        let slot = format!("{}{}", self.slot, question.slot(SLOTS));
        let mut both = redis::cmd("MGET");
        both.arg(&self.generation).arg(&slot);
        match self.ask::<(Option<Vec<u8>>, Option<Vec<u8>>)>(&both).await {
            None => Found::Nothing,
            Some((None, _)) => self.begin().await,
            Some((Some(generation), kept)) => match kept.and_then(|kept| question.answer(&generation, &kept, TTL)) {
                Some(listings) => Found::Page(listings),
                None => Found::Place(Place { question, slot, generation, looked_up_at }),
            },
        }
    }

    /// Keeps a page for others, unless reading it took so long that it would be too old.
    pub(super) async fn keep(&self, place: Place, listings: &[Listing]) {
        let Place { question, slot, generation, looked_up_at } = place;
        let page = question.answered(&generation, listings);
        let left = millis(TTL.saturating_sub(looked_up_at.elapsed()));
        if left > 0 && page.len() <= LONGEST {
            let _kept: Option<redis::Value> = self.ask(redis::cmd("SET").arg(slot).arg(page).arg("PX").arg(left)).await;
        }
    }

    /// Ends the generation, because tickets changed, and reports them.
    pub(super) async fn end(&self, changes: &TicketChanges) {
        let call = Call::of(&CHANGED, &[&self.generation]).arg(&new_generation()).arg(millis(REMEMBERED));
        // That it worked says little: it waits longer than a search does.
        if let Err(error) = self.client.run::<()>(&call.arg(&self.channel).arg(changes.as_ref())).await {
            self.breaker.note::<()>(Err(error));
        }
    }

    /// Begins a generation if there is none; the next reader finds it.
    async fn begin(&self) -> Found {
        let mut begin = redis::cmd("SET");
        begin.arg(&self.generation).arg(&new_generation()).arg("NX").arg("PX").arg(millis(REMEMBERED));
        let _begun: Option<redis::Value> = self.ask(&begin).await;
        Found::Nothing
    }

    async fn ask<T: redis::FromRedisValue>(&self, command: &Cmd) -> Option<T> {
        self.breaker.note(self.client.ask_within(PATIENCE, command).await)
    }
}

fn new_generation() -> [u8; 16] {
    rand::random()
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
