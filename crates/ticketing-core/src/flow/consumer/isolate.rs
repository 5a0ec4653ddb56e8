//! Finds the one event that keeps a batch from being handled.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::ports::BoxError;

use super::{Consumer, HandleError, Incoming, Part, Unsettled, causes};

/// What happened to an earlier event of a key, so that later ones share it.
#[derive(Clone, Copy)]
enum Fate {
    Retry(Duration),
    Parked,
}

/// The fates of a batch, by key.
type Fates = HashMap<String, Fate>;

impl Consumer {
    /// Handles events together, in halves, in quarters, until each is handled, put back or parked.
    pub(super) async fn isolate(&self, mut parts: VecDeque<Part>) -> Result<(), BoxError> {
        let mut fates = Fates::new();
        while let Some(part) = parts.pop_front() {
            match part {
                Part::Foreign(unsettled, undecodable) => {
                    self.park_foreign(*unsettled, &mut fates, undecodable.to_string()).await?;
                }
                Part::Events(events, run) => {
                    let (events, run) = self.share_fates(events, run, &fates).await?;
                    if run.is_empty() {
                        continue;
                    }
                    match self.handler.handle(&events).await {
                        Ok(()) => self.handled(run),
                        Err(HandleError::Unavailable(error)) => return self.put_all_back(run, parts, error),
                        Err(HandleError::Failed(error)) => match <[Unsettled; 1]>::try_from(run) {
                            Ok([culprit]) => self.give_up_or_retry(culprit, &mut fates, &causes(&*error)).await?,
                            Err(run) => split(events, run, &mut parts),
                        },
                    }
                }
            }
        }
        Ok(())
    }

    /// Keeps those whose key has no fate yet; the others share it.
    async fn share_fates(
        &self,
        events: Vec<Incoming>,
        run: Vec<Unsettled>,
        fates: &Fates,
    ) -> Result<(Vec<Incoming>, Vec<Unsettled>), BoxError> {
        if fates.is_empty() {
            return Ok((events, run));
        }
        let mut free = (Vec::new(), Vec::new());
        for (incoming, unsettled) in events.into_iter().zip(run) {
            match fates.get(&unsettled.key).copied() {
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
            Fate::Parked => self.park(unsettled.delivery, "follows a parked event".to_owned()).await?,
        }
        Ok(())
    }

    /// Nothing makes bytes an event, so they are not tried again; but they stay behind what is.
    async fn park_foreign(&self, unsettled: Unsettled, fates: &mut Fates, reason: String) -> Result<(), BoxError> {
        if let Some(fate) = fates.get(&unsettled.key).copied() {
            return self.share(unsettled, fate).await;
        }
        fates.insert(unsettled.key.clone(), Fate::Parked);
        self.park(unsettled.delivery, reason).await
    }

    async fn give_up_or_retry(&self, culprit: Unsettled, fates: &mut Fates, cause: &str) -> Result<(), BoxError> {
        let (key, attempt) = (culprit.key.clone(), culprit.delivery.attempt);
        if attempt >= self.config.max_attempts {
            self.park(culprit.delivery, cause.to_owned()).await?;
            fates.insert(key, Fate::Parked);
            return Ok(());
        }
        let after = self.config.backoff.wait(attempt, self.ports.clock.now(), &*self.ports.ids);
        let name = self.handler.name();
        tracing::warn!(name, key, attempt, ?after, cause, "an event of {key} was not handled and will be tried again");
        self.retry(culprit, after);
        fates.insert(key, Fate::Retry(after));
        Ok(())
    }

    /// Nothing can be handled now: all of it comes again, without being blamed.
    fn put_all_back(&self, run: Vec<Unsettled>, parts: VecDeque<Part>, error: BoxError) -> Result<(), BoxError> {
        let rest = parts.into_iter().flat_map(|part| match part {
            Part::Events(_, run) => run,
            Part::Foreign(unsettled, _) => vec![*unsettled],
        });
        for unsettled in run.into_iter().chain(rest) {
            self.retry(unsettled, self.config.backoff.first);
        }
        Err(error)
    }
}

/// Puts both halves back to the front, in order.
fn split(mut events: Vec<Incoming>, mut run: Vec<Unsettled>, parts: &mut VecDeque<Part>) {
    let half = run.len() / 2;
    parts.push_front(Part::Events(events.split_off(half), run.split_off(half)));
    parts.push_front(Part::Events(events, run));
}
