//! A batch that cannot be decided as a whole is split by ticket.
//!
//! The commands of each ticket are then decided on their own, in order of arrival, so that a
//! ticket whose records are unreadable, locked or contended fails nobody
//! else. A store that is really away is noticed, and not asked once for every ticket.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use crate::domain::ids::TicketId;
use crate::domain::time::Timestamp;
use crate::messaging::panic::caught;
use crate::ports::order_store::OrderNeeds;
use crate::ports::store::{RecordKey, StoreError};

use super::command::QueuedCommand;
use super::run::{OrderBatcher, PriorAttempt, RetryLimit, TOGETHER, answer_all};

/// Of the commands of one ticket.
const APART: RetryLimit = RetryLimit { attempts: 32, within: Duration::from_secs(2) };
/// How many parts in a row the store may leave unanswered before it counts as unavailable.
const AWAY: usize = 3;
/// How long a batch may take before the rest of it is answered as unavailable.
const WITHIN: Duration = Duration::from_secs(15);
/// The most tickets that a batcher isolates.
const ISOLATED: usize = 1024;

/// Matters of one ticket each.
type Parts = VecDeque<Vec<QueuedCommand>>;

/// How much of an unresponsive store a batch puts up with.
struct Patience {
    began: Timestamp,
    unanswered: usize,
}

impl OrderBatcher {
    pub(super) async fn decide_batch(&mut self, batch: Vec<QueuedCommand>) {
        let began = self.env.now();
        let mut patience = Patience { began, unanswered: 0 };
        let (isolated, batch) = self.without_isolated(batch);
        let mut parts = match self.decide_within(batch, TOGETHER, PriorAttempt::None).await {
            Ok(()) => Parts::new(),
            Err((batch, error)) => {
                patience.unanswered += usize::from(matches!(error, StoreError::Unavailable(_)));
                self.take_apart(batch, error)
            }
        };
        // They failed before, so they go last: nobody waits for them.
        parts.extend(by_ticket(isolated));
        self.decide_apart(parts, patience).await;
    }

    /// The commands of isolated tickets, and all others.
    fn without_isolated(&self, batch: Vec<QueuedCommand>) -> (Vec<QueuedCommand>, Vec<QueuedCommand>) {
        if self.isolated.is_empty() {
            return (Vec::new(), batch);
        }
        batch.into_iter().partition(|queued| self.isolated.contains(&queued.command.ticket))
    }

    /// The parts of a batch, those that the store named last; none if the batch is a single part and the store is silent.
    fn take_apart(&mut self, batch: Vec<QueuedCommand>, error: StoreError) -> Parts {
        let named = match &error {
            StoreError::Conflict(keys) => keys.iter().filter_map(stock_of).collect(),
            StoreError::Unavailable(_) | StoreError::Corrupt(_) => HashSet::new(),
        };
        let parts = by_ticket(batch);
        if let (1, StoreError::Unavailable(_)) = (parts.len(), &error) {
            let error = error.into();
            parts.into_iter().for_each(|part| {
                self.isolate(&part);
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
            // Whether an attempt lost its answer is not known any more.
            match self.decide_within(part, APART, PriorAttempt::MayHaveCommitted).await {
                Ok(()) => {
                    patience.unanswered = 0;
                    self.isolated.retain(|isolated| Some(*isolated) != ticket);
                }
                Err((part, StoreError::Corrupt(cause))) => {
                    patience.unanswered = 0;
                    self.answer_unreadable(part, StoreError::Corrupt(cause), &mut parts).await;
                }
                Err((part, error)) => {
                    patience.unanswered += usize::from(matches!(error, StoreError::Unavailable(_)));
                    self.isolate(&part);
                    let error = error.into();
                    answer_all(part, &error);
                    if patience.is_over(self.env.now()) {
                        parts.drain(..).for_each(|part| answer_all(part, &error));
                    }
                }
            }
        }
    }

    /// One unreadable order fails alone; an unreadable stock fails all that wait for it.
    async fn answer_unreadable(&mut self, part: Vec<QueuedCommand>, error: StoreError, parts: &mut Parts) {
        self.isolate(&part);
        if part.len() > 1 && self.can_read_stock(&part).await {
            part.into_iter().rev().for_each(|queued| parts.push_front(vec![queued]));
        } else {
            answer_all(part, &error.into());
        }
    }

    async fn can_read_stock(&self, part: &[QueuedCommand]) -> bool {
        let needs = OrderNeeds { stocks: ticket_of(part).into_iter().collect(), ..OrderNeeds::default() };
        matches!(caught(self.store.load(&needs)).await, Ok(Ok(_)))
    }

    /// Isolates the ticket of a part until it can be decided again.
    fn isolate(&mut self, part: &[QueuedCommand]) {
        if self.isolated.len() >= ISOLATED {
            self.isolated.clear();
        }
        self.isolated.extend(ticket_of(part));
    }
}

impl Patience {
    fn is_over(&self, now: Timestamp) -> bool {
        self.unanswered >= AWAY || now.since(self.began) > WITHIN
    }
}

/// The commands of each ticket together, in order of arrival: they collide with the same others.
fn by_ticket(batch: Vec<QueuedCommand>) -> Vec<Vec<QueuedCommand>> {
    let mut places = HashMap::new();
    let mut parts: Vec<Vec<QueuedCommand>> = Vec::new();
    for queued in batch {
        let place = *places.entry(queued.command.ticket).or_insert(parts.len());
        match parts.get_mut(place) {
            Some(part) => part.push(queued),
            None => parts.push(vec![queued]),
        }
    }
    parts
}

fn ticket_of(part: &[QueuedCommand]) -> Option<TicketId> {
    part.first().map(|queued| queued.command.ticket)
}

fn stock_of(key: &RecordKey) -> Option<TicketId> {
    match key {
        RecordKey::Stock(ticket) => Some(*ticket),
        _ => None,
    }
}
