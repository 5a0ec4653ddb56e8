//! The loop that decides: take what is queued, decide it in order, commit it as one unit of work, answer.

use std::collections::{HashMap, HashSet};
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use futures_channel::mpsc::UnboundedReceiver;
use tracing::Instrument;

use crate::domain::hold_limits::{HoldLimits, HoldRefusal};
use crate::domain::ids::TicketId;
use crate::domain::order::OrderRefusal;
use crate::domain::stock::Stock;
use crate::domain::time::Timestamp;
use crate::messaging::panic::caught;
use crate::messaging::spans;
use crate::ports::clock::ClockAndIds;
use crate::ports::error_chain;
use crate::ports::order_store::OrderStore;
use crate::ports::store::{CommitToken, RecordKey, StoreError, Stored};
use crate::usecase::error::Error;

use super::BatcherConfig;
use super::command::{Decision, OrderAction, QueuedCommand};
use super::counts::Counts;
use super::decide::Terms;
use super::in_flight::{InFlightBatch, InFlightOrders};
use super::state::BatchState;

/// One decision for each command of a batch, in order.
type Decisions = Vec<Result<Decision, Error>>;

/// Lets those run who were just answered, so that what they ask for next is decided together.
async fn let_others_run() {
    let mut is_their_turn = true;
    poll_fn(|context| {
        if std::mem::take(&mut is_their_turn) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
}

/// One loop that decides what its queue brings.
#[derive(Debug)]
#[must_use = "a batcher that is not run answers nobody"]
pub struct OrderBatcher {
    pub(super) store: Arc<dyn OrderStore>,
    pub(super) env: ClockAndIds,
    pub(super) config: BatcherConfig,
    pub(super) commands: UnboundedReceiver<QueuedCommand>,
    /// Stocks as this batcher last committed them. They may be out of date where other processes commit too:
    /// the store notices, and they are read again.
    pub(super) stocks: HashMap<TicketId, Stored<Stock>>,
    /// Tickets that are decided on their own because they failed the last time.
    pub(super) isolated: HashSet<TicketId>,
    pub(super) counts: Counts,
    /// The orders that all batchers of this process are deciding, and this one's part of them.
    pub(super) in_flight: InFlightOrders,
    pub(super) batch: Option<InFlightBatch>,
}

/// Whether an earlier attempt may have been committed though its answer was lost: if so, read before deciding again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PriorAttempt {
    None,
    MayHaveCommitted,
}

/// How often a batch is decided again, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct RetryLimit {
    pub(super) attempts: usize,
    pub(super) within: Duration,
}

/// Of a whole batch, before it is split by ticket.
pub(super) const TOGETHER: RetryLimit = RetryLimit { attempts: 3, within: Duration::from_secs(1) };
/// How many attempts the store may leave unanswered.
const SILENT: usize = 3;

impl OrderBatcher {
    /// Decides until the batchers are closed, or every handle to them is dropped, and the queue is empty.
    pub async fn run(mut self) {
        while let Ok(first) = self.commands.recv().await {
            let mut batch = vec![first];
            while batch.len() < self.config.max_batch
                && let Ok(next) = self.commands.try_recv()
            {
                batch.push(next);
            }
            self.batch = self.enter(&batch);
            let span = spans::batch(batch.iter().map(|queued| &queued.command.origin));
            self.decide_batch(batch).instrument(span).await;
            self.batch = None;
            let_others_run().await;
        }
    }

    /// Shows the other batchers what is being decided here, if limits depend on it.
    fn enter(&self, batch: &[QueuedCommand]) -> Option<InFlightBatch> {
        let places = batch.iter().filter_map(|QueuedCommand { command, .. }| match &command.action {
            OrderAction::Place(request) => Some((command.ticket, request)),
            OrderAction::Cancel(_)
            | OrderAction::Expire(_)
            | OrderAction::Complete(..)
            | OrderAction::Refund(..)
            | OrderAction::CallOff(_)
            | OrderAction::LetIn(_)
            | OrderAction::Follow(_) => None,
        });
        (self.config.limits != HoldLimits::OFF).then(|| self.in_flight.enter(places))
    }

    /// Decides, commits and answers; gives the batch back if that fails again and again.
    pub(super) async fn decide_within(
        &mut self,
        batch: Vec<QueuedCommand>,
        limit: RetryLimit,
        mut prior: PriorAttempt,
    ) -> Result<(), (Vec<QueuedCommand>, StoreError)> {
        if batch.is_empty() {
            return Ok(());
        }
        let (began, mut silent) = (self.env.now(), 0);
        let mut last = StoreError::Conflict(Vec::new());
        for _ in 0..limit.attempts {
            last = match self.decide_or_panic(&batch, prior).await {
                Ok(answers) => {
                    answer_each(batch, answers);
                    return Ok(());
                }
                Err(error) => error,
            };
            match &last {
                StoreError::Corrupt(_) => {
                    self.forget(&batch, None);
                    break;
                }
                StoreError::Conflict(keys) => self.forget(&batch, Some(keys)),
                StoreError::Unavailable(_) => {
                    let cause = error_chain(&last);
                    tracing::warn!(cause, "{} orders may or may not be committed", batch.len());
                    self.forget(&batch, None);
                    prior = PriorAttempt::MayHaveCommitted;
                    silent += 1;
                }
            }
            if silent == SILENT || self.env.now().since(began) > limit.within {
                break;
            }
        }
        Err((batch, last))
    }

    /// A panic fails what was decided as an unreadable record would, and nothing else.
    async fn decide_or_panic(&mut self, batch: &[QueuedCommand], prior: PriorAttempt) -> Result<Decisions, StoreError> {
        match caught(self.decide_once(batch, prior)).await {
            Ok(decided) => decided,
            Err(panicked) => {
                let cause = error_chain(&panicked);
                tracing::error!(cause, "deciding {} orders panicked", batch.len());
                self.counts.0.panics.fetch_add(1, Ordering::Relaxed);
                Err(StoreError::Corrupt(panicked.into()))
            }
        }
    }

    async fn decide_once(&mut self, batch: &[QueuedCommand], prior: PriorAttempt) -> Result<Decisions, StoreError> {
        let now = self.env.now();
        let (mut state, mut answers) = self.decide_at(now, batch, prior).await?;
        loop {
            let stale: Vec<_> = self.refused_from_cache(batch, &answers).collect();
            if stale.is_empty() {
                break;
            }
            // Nothing is refused from the cache: another process may have put places back. Orders are read each time,
            // so what was accepted before may be refused now; each round remembers less.
            self.forget(batch, Some(&stale));
            (state, answers) = self.decide_at(now, batch, prior).await?;
        }
        let work = state.unit_of_work(&self.env, now);
        let span = spans::commit(&work);
        let committed = if work.is_empty() { None } else { Some(self.store.commit(work).instrument(span).await?) };
        self.counts.committed(&state);
        self.remember(state, committed);
        Ok(answers)
    }

    async fn decide_at(
        &self,
        now: Timestamp,
        batch: &[QueuedCommand],
        prior: PriorAttempt,
    ) -> Result<(BatchState, Decisions), StoreError> {
        let mut state = self.set_up(batch, prior).await?;
        let terms = Terms { now, pay_by: now.after(self.config.hold_for), limits: self.config.limits };
        let answers = batch.iter().map(|queued| state.decide(&queued.command, terms)).collect();
        Ok((state, answers))
    }

    fn refused_from_cache(&self, batch: &[QueuedCommand], answers: &Decisions) -> impl Iterator<Item = RecordKey> {
        let refused = batch.iter().zip(answers).filter(|(_, answer)| answer.as_ref().is_err_and(is_by_stock));
        let tickets = refused.map(|(queued, _)| queued.command.ticket);
        tickets.filter(|ticket| self.stocks.contains_key(ticket)).map(RecordKey::Stock)
    }

    fn remember(&mut self, state: BatchState, committed: Option<CommitToken>) {
        if self.stocks.len() > self.config.cached_stocks {
            self.stocks.clear();
        }
        self.stocks.extend(state.into_stocks(committed));
    }

    /// Drops the cached stocks that another process changed; all of the batch's if it is unknown which.
    fn forget(&mut self, batch: &[QueuedCommand], changed: Option<&[RecordKey]>) {
        for QueuedCommand { command, .. } in batch {
            let gone = changed.is_none_or(|keys| keys.contains(&RecordKey::Stock(command.ticket)));
            if gone {
                self.stocks.remove(&command.ticket);
            }
        }
    }
}

/// Whether a refusal depends on the stock, and not only on what is read each time.
const fn is_by_stock(refusal: &Error) -> bool {
    match refusal {
        Error::Stock(_) | Error::Hold(HoldRefusal::TooManyPlaces { .. }) => true,
        Error::Order(refusal) => match refusal {
            OrderRefusal::Unchanged | OrderRefusal::Begun => true,
            OrderRefusal::Completed
            | OrderRefusal::Refunded { .. }
            | OrderRefusal::NotPaid
            | OrderRefusal::Used
            | OrderRefusal::Cancelled { .. }
            | OrderRefusal::NotDue { .. } => false,
        },
        _ => false,
    }
}

fn answer_each(batch: Vec<QueuedCommand>, answers: Decisions) {
    for (queued, answer) in batch.into_iter().zip(answers) {
        queued.reply(answer);
    }
}

pub(super) fn answer_all(batch: Vec<QueuedCommand>, error: &Error) {
    for queued in batch {
        queued.reply(Err(error.clone()));
    }
}
