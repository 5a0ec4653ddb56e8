//! Finds the events that keep a batch from being handled.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use tracing::Instrument;

use crate::domain::time::Timestamp;
use crate::messaging::panic::caught;
use crate::messaging::spans;
use crate::ports::BoxError;

use super::park::FOLLOWS;
use super::{Consumer, HandleError, Incoming, ParkedBecause, Part, Unsettled, error_chain};

/// What happened to an earlier event of a key, so that later ones share it.
#[derive(Clone, Copy)]
enum Fate {
    Retry(Duration),
    Parked,
}

/// A batch on its way to be handled, put back or parked.
struct Batch {
    /// By key.
    fates: HashMap<String, Fate>,
    parts: VecDeque<Part>,
    began: Timestamp,
    /// How many parts in a row something did not answer for.
    unanswered: usize,
    handled: usize,
    /// Why some of it was put back without blame.
    withheld: Option<BoxError>,
}

/// How often in a row a batch is split because something did not answer. Enough to find one event among many.
pub(super) const UNANSWERED: usize = 16;
/// And for how long: whatever is really away is not asked again for each event.
pub(super) const WITHIN: Duration = Duration::from_secs(5);

impl Consumer {
    /// Handles events together, in halves, in quarters, until each is handled, put back or parked.
    pub(super) async fn isolate(&mut self, parts: VecDeque<Part>) -> Result<(), BoxError> {
        let began = self.ports.clock.now();
        let mut batch = Batch { fates: HashMap::new(), parts, began, unanswered: 0, handled: 0, withheld: None };
        while let Some(part) = batch.parts.pop_front() {
            match part {
                Part::Foreign(unsettled, reason) => self.park_foreign(*unsettled, &mut batch, reason).await?,
                Part::Events(events, run) => {
                    let (events, run) = self.share_fates(events, run, &batch).await?;
                    if !run.is_empty() {
                        self.handle_run(events, run, &mut batch).await?;
                    }
                }
            }
        }
        match batch.withheld {
            // Nothing could be handled: the driver waits before the next step.
            Some(error) if batch.handled == 0 => Err(error),
            Some(_) | None => Ok(()),
        }
    }

    async fn handle_run(
        &mut self,
        events: Vec<Incoming>,
        run: Vec<Unsettled>,
        batch: &mut Batch,
    ) -> Result<(), BoxError> {
        match self.try_to_handle(&events).await {
            Ok(()) => {
                batch.unanswered = 0;
                batch.handled += run.len();
                self.handled(run);
            }
            Err(HandleError::Partly(unhandled)) => self.settle_each(run, unhandled, batch).await?,
            Err(HandleError::Unavailable(error)) => {
                batch.unanswered += 1;
                if self.is_away(batch) {
                    return self.put_all_back(run, batch, error);
                }
                match <[Unsettled; 1]>::try_from(run) {
                    Ok([unsettled]) => self.withhold(unsettled, batch, error),
                    Err(run) => split(events, run, &mut batch.parts),
                }
            }
            Err(HandleError::Failed(error)) => match <[Unsettled; 1]>::try_from(run) {
                Ok([culprit]) => self.give_up_or_retry(culprit, batch, &error_chain(&*error)).await?,
                Err(run) => split(events, run, &mut batch.parts),
            },
        }
        Ok(())
    }

    /// A panic is a failure of the events that were being handled.
    pub(super) async fn try_to_handle(&self, events: &[Incoming]) -> Result<(), HandleError> {
        let span = spans::process(self.handler.name(), events);
        let handled = caught(async { self.handler.handle(events).await }).instrument(span.clone()).await;
        if !matches!(handled, Ok(Ok(()))) {
            span.record("otel.status_code", "ERROR");
        }
        match handled.unwrap_or_else(|panicked| Err(HandleError::Failed(panicked.into()))) {
            Err(HandleError::Partly(unhandled)) if !names_some(&unhandled, events.len()) => {
                Err(HandleError::Failed("the handler named events that it was not given".into()))
            }
            other => other,
        }
    }

    fn is_away(&self, batch: &Batch) -> bool {
        batch.unanswered >= UNANSWERED || self.ports.clock.now().since(batch.began) > WITHIN
    }

    /// Settles a run of which the handler said what became of each.
    async fn settle_each(
        &mut self,
        run: Vec<Unsettled>,
        mut unhandled: BTreeMap<usize, HandleError>,
        batch: &mut Batch,
    ) -> Result<(), BoxError> {
        let mut handled = Vec::with_capacity(run.len());
        for (index, unsettled) in run.into_iter().enumerate() {
            match (batch.fates.get(&unsettled.key).copied(), unhandled.remove(&index)) {
                (Some(fate), _) => self.share(unsettled, fate).await?,
                (None, None) => handled.push(unsettled),
                (None, Some(HandleError::Unavailable(error))) => self.withhold(unsettled, batch, error),
                (None, Some(error)) => self.give_up_or_retry(unsettled, batch, &error_chain(&error)).await?,
            }
        }
        batch.unanswered = 0;
        batch.handled += handled.len();
        self.handled(handled);
        Ok(())
    }

    /// Keeps those whose key has no fate yet; the others share it.
    async fn share_fates(
        &self,
        events: Vec<Incoming>,
        run: Vec<Unsettled>,
        batch: &Batch,
    ) -> Result<(Vec<Incoming>, Vec<Unsettled>), BoxError> {
        if batch.fates.is_empty() {
            return Ok((events, run));
        }
        let mut free = (Vec::new(), Vec::new());
        for (incoming, unsettled) in events.into_iter().zip(run) {
            match batch.fates.get(&unsettled.key).copied() {
                Some(fate) => self.share(unsettled, fate).await?,
                None => {
                    free.0.push(incoming);
                    free.1.push(unsettled);
                }
            }
        }
        Ok(free)
    }

    async fn share(&self, unsettled: Unsettled, fate: Fate) -> Result<(), BoxError> {
        match fate {
            Fate::Retry(after) => self.retry(unsettled, after),
            Fate::Parked => self.park(unsettled.delivery, ParkedBecause::Follows, FOLLOWS.to_owned()).await?,
        }
        Ok(())
    }

    /// Nothing makes bytes an event, so they are not tried again; but they stay behind what is.
    async fn park_foreign(&self, unsettled: Unsettled, batch: &mut Batch, reason: String) -> Result<(), BoxError> {
        if let Some(fate) = batch.fates.get(&unsettled.key).copied() {
            return self.share(unsettled, fate).await;
        }
        batch.fates.insert(unsettled.key.clone(), Fate::Parked);
        self.park(unsettled.delivery, ParkedBecause::Undecodable, reason).await
    }

    async fn give_up_or_retry(&mut self, culprit: Unsettled, batch: &mut Batch, cause: &str) -> Result<(), BoxError> {
        let (key, now) = (culprit.key.clone(), self.ports.clock.now());
        let counted = culprit.event().and_then(|event| self.failures.count(&key, event, now));
        // Without room to count, deliveries are better than no end of tries.
        let attempt = counted.unwrap_or(culprit.delivery.attempt);
        if attempt >= self.config.max_attempts {
            let event = culprit.event();
            self.park(culprit.delivery, ParkedBecause::Failed, cause.to_owned()).await?;
            event.into_iter().for_each(|event| self.failures.forget(&key, event));
            batch.fates.insert(key, Fate::Parked);
            return Ok(());
        }
        let after = self.config.backoff.wait(attempt, now, &*self.ports.ids);
        let (name, correlation_id) = (self.handler.name(), culprit.delivery.arrival.correlation());
        tracing::warn!(
            name,
            key,
            attempt,
            ?after,
            cause,
            correlation_id,
            "an event of {key} was not handled and will be tried again"
        );
        self.retry(culprit, after);
        batch.fates.insert(key, Fate::Retry(after));
        Ok(())
    }

    /// What one event needs does not answer: it comes again with all behind it, without being blamed.
    fn withhold(&self, unsettled: Unsettled, batch: &mut Batch, error: BoxError) {
        let (name, key, cause) = (self.handler.name(), unsettled.key.clone(), error_chain(&*error));
        let correlation_id = unsettled.delivery.arrival.correlation();
        tracing::warn!(name, key, cause, correlation_id, "an event of {key} has to wait for what it needs");
        let after = self.config.backoff.first;
        self.retry(unsettled, after);
        batch.fates.insert(key, Fate::Retry(after));
        batch.withheld = Some(error);
    }

    /// Nothing can be handled now: all of it comes again, without being blamed.
    fn put_all_back(&self, run: Vec<Unsettled>, batch: &mut Batch, error: BoxError) -> Result<(), BoxError> {
        let rest = batch.parts.drain(..).flat_map(|part| match part {
            Part::Events(_, run) => run,
            Part::Foreign(unsettled, _) => vec![*unsettled],
        });
        for unsettled in run.into_iter().chain(rest) {
            self.retry(unsettled, self.config.backoff.first);
        }
        Err(error)
    }
}

/// Whether a handler named events that it was given, and at least one.
fn names_some(unhandled: &BTreeMap<usize, HandleError>, given: usize) -> bool {
    unhandled.last_key_value().is_some_and(|(last, _)| *last < given)
}

/// Puts both halves back to the front, in order.
fn split(mut events: Vec<Incoming>, mut run: Vec<Unsettled>, parts: &mut VecDeque<Part>) {
    let half = run.len() / 2;
    parts.push_front(Part::Events(events.split_off(half), run.split_off(half)));
    parts.push_front(Part::Events(events, run));
}
