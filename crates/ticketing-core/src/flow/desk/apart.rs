//! What becomes of a batch that could not be decided as one.
//!
//! The matters of each ticket stand alone then, in order of arrival, so that a
//! ticket whose records are unreadable, locked or fought over fails nobody
//! else. A store that is really away is noticed, and not asked for every ticket.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use crate::domain::ids::TicketId;
use crate::domain::time::Timestamp;
use crate::flow::panic::caught;
use crate::ports::order_store::OrderNeeds;
use crate::ports::store::{RecordKey, StoreError};

use super::{Desk, Doubts, TOGETHER, Tries, Waiting, answer_all};

/// How often and how long the matters of one ticket are decided again.
const APART: Tries = Tries { most: 32, within: Duration::from_secs(2) };
/// How many parts in a row the store may leave unanswered before it counts as away.
const AWAY: usize = 3;
/// How long a batch may take before what is left of it is told to come again.
const WITHIN: Duration = Duration::from_secs(15);
/// The most tickets that a desk keeps apart from the others.
const TROUBLED: usize = 1024;

/// Matters of one ticket each.
type Parts = VecDeque<Vec<Waiting>>;

/// How the store does while the parts are decided.
struct Patience {
    began: Timestamp,
    unanswered: usize,
}

impl Desk {
    pub(super) async fn decide_batch(&mut self, batch: Vec<Waiting>) {
        let began = self.world.now();
        let mut patience = Patience { began, unanswered: 0 };
        let (troubled, batch) = self.without_troubled(batch);
        let mut parts = match self.decide_within(batch, TOGETHER, Doubts::None).await {
            Ok(()) => Parts::new(),
            Err((batch, error)) => {
                patience.unanswered += usize::from(matches!(error, StoreError::Unavailable(_)));
                self.take_apart(batch, error)
            }
        };
        // They were in the way before: nobody waits for them.
        parts.extend(by_ticket(troubled));
        self.decide_apart(parts, patience).await;
    }

    /// The matters of tickets that failed alone the last time, and all others.
    fn without_troubled(&self, batch: Vec<Waiting>) -> (Vec<Waiting>, Vec<Waiting>) {
        if self.troubled.is_empty() {
            return (Vec::new(), batch);
        }
        batch.into_iter().partition(|waiting| self.troubled.contains(&waiting.matter.ticket))
    }

    /// The parts of a batch, those last that the store named; none if it is one already and the store is silent.
    fn take_apart(&mut self, batch: Vec<Waiting>, error: StoreError) -> Parts {
        let named = match &error {
            StoreError::Conflict(keys) => keys.iter().filter_map(stock_of).collect(),
            StoreError::Unavailable(_) | StoreError::Corrupt(_) => HashSet::new(),
        };
        let parts = by_ticket(batch);
        if let (1, StoreError::Unavailable(_)) = (parts.len(), &error) {
            let error = error.into();
            parts.into_iter().for_each(|part| {
                self.trouble(&part);
                answer_all(part, &error);
            });
            return Parts::new();
        }
        let (last, first): (Vec<_>, Vec<_>) =
            parts.into_iter().partition(|part| ticket_of(part).is_some_and(|ticket| named.contains(&ticket)));
        first.into_iter().chain(last).collect()
    }

    async fn decide_apart(&mut self, mut parts: Parts, mut patience: Patience) {
        while let Some(part) = parts.pop_front() {
            let ticket = ticket_of(&part);
            // Whether one of the tries lost its answer is not known any more.
            match self.decide_within(part, APART, Doubts::Committed).await {
                Ok(()) => {
                    patience.unanswered = 0;
                    self.troubled.retain(|troubled| Some(*troubled) != ticket);
                }
                Err((part, StoreError::Corrupt(cause))) => {
                    patience.unanswered = 0;
                    self.answer_unreadable(part, StoreError::Corrupt(cause), &mut parts).await;
                }
                Err((part, error)) => {
                    patience.unanswered += usize::from(matches!(error, StoreError::Unavailable(_)));
                    self.trouble(&part);
                    let error = error.into();
                    answer_all(part, &error);
                    if patience.is_over(self.world.now()) {
                        parts.drain(..).for_each(|part| answer_all(part, &error));
                    }
                }
            }
        }
    }

    /// One unreadable order fails alone; an unreadable stock fails all that wait for it.
    async fn answer_unreadable(&mut self, part: Vec<Waiting>, error: StoreError, parts: &mut Parts) {
        self.trouble(&part);
        if part.len() > 1 && self.can_read_stock(&part).await {
            part.into_iter().rev().for_each(|waiting| parts.push_front(vec![waiting]));
        } else {
            answer_all(part, &error.into());
        }
    }

    async fn can_read_stock(&self, part: &[Waiting]) -> bool {
        let needs = OrderNeeds { stocks: ticket_of(part).into_iter().collect(), ..OrderNeeds::default() };
        matches!(caught(self.store.load(&needs)).await, Ok(Ok(_)))
    }

    /// Keeps the ticket of a part apart from now on, until it can be decided again.
    fn trouble(&mut self, part: &[Waiting]) {
        if self.troubled.len() >= TROUBLED {
            self.troubled.clear();
        }
        self.troubled.extend(ticket_of(part));
    }
}

impl Patience {
    fn is_over(&self, now: Timestamp) -> bool {
        self.unanswered >= AWAY || now.since(self.began) > WITHIN
    }
}

/// The matters of each ticket together, in order of arrival: they collide with the same others.
fn by_ticket(batch: Vec<Waiting>) -> Vec<Vec<Waiting>> {
    let mut places = HashMap::new();
    let mut parts: Vec<Vec<Waiting>> = Vec::new();
    for waiting in batch {
        let place = *places.entry(waiting.matter.ticket).or_insert(parts.len());
        match parts.get_mut(place) {
            Some(part) => part.push(waiting),
            None => parts.push(vec![waiting]),
        }
    }
    parts
}

fn ticket_of(part: &[Waiting]) -> Option<TicketId> {
    part.first().map(|waiting| waiting.matter.ticket)
}

fn stock_of(key: &RecordKey) -> Option<TicketId> {
    match key {
        RecordKey::Stock(ticket) => Some(*ticket),
        _ => None,
    }
}
