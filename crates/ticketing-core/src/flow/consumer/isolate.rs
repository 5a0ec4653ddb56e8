//! Finds the one event that keeps a batch from being handled.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::ports::BoxError;

use super::{Consumer, Decoded, HandleError};

/// What happened to an earlier event of a key, so that later ones share its fate.
enum Fate {
    Retry(Duration),
    Parked,
}

impl Consumer {
    /// Handles events together, in halves, in quarters, until each is handled, put back or parked.
    pub(super) async fn isolate(&self, events: Vec<Decoded>) -> Result<(), BoxError> {
        let mut parts = apart_from_undecodable(events);
        let mut fates = HashMap::new();
        while let Some(part) = parts.pop_front() {
            let part = self.share_fates(part, &fates).await?;
            if part.is_empty() {
                continue;
            }
            match self.handle_together(&part).await {
                Ok(()) => self.handled(part),
                Err(HandleError::Unavailable(error)) => return self.put_all_back(part, parts, error),
                Err(HandleError::Failed(error)) => match <[Decoded; 1]>::try_from(part) {
                    Ok([culprit]) => {
                        let key = culprit.key.clone();
                        fates.insert(key, self.give_up_or_retry(culprit, &*error).await?);
                    }
                    Err(mut part) => {
                        let second = part.split_off(part.len() / 2);
                        parts.push_front(second);
                        parts.push_front(part);
                    }
                },
            }
        }
        Ok(())
    }

    async fn handle_together(&self, part: &[Decoded]) -> Result<(), HandleError> {
        let events: Result<Vec<_>, _> = part.iter().map(|decoded| decoded.incoming.clone()).collect();
        match events {
            Ok(events) => self.handler.handle(&events).await,
            Err(undecodable) => Err(HandleError::Failed(undecodable.into())),
        }
    }

    /// Keeps those whose key has no fate yet; the others share it.
    async fn share_fates(&self, part: Vec<Decoded>, fates: &HashMap<String, Fate>) -> Result<Vec<Decoded>, BoxError> {
        let mut free = Vec::with_capacity(part.len());
        for decoded in part {
            match fates.get(&decoded.key) {
                None => free.push(decoded),
                Some(Fate::Retry(after)) => self.retry(decoded, *after),
                Some(Fate::Parked) => self.park(decoded.delivery, "follows a parked event".to_owned()).await?,
            }
        }
        Ok(free)
    }

    async fn give_up_or_retry(
        &self,
        culprit: Decoded,
        error: &(dyn std::error::Error + Send + Sync),
    ) -> Result<Fate, BoxError> {
        let cause = super::causes(error);
        let attempt = culprit.delivery.attempt;
        let hopeless = culprit.incoming.is_err();
        if hopeless || attempt >= self.config.max_attempts {
            self.park(culprit.delivery, cause).await?;
            return Ok(Fate::Parked);
        }
        let after = self.config.backoff.wait(attempt, self.ports.clock.now(), &*self.ports.ids);
        let (name, key) = (self.handler.name(), &culprit.key);
        tracing::warn!(name, key, attempt, ?after, cause, "an event of {key} was not handled and will be tried again");
        self.retry(culprit, after);
        Ok(Fate::Retry(after))
    }

    /// Nothing can be handled now: all of it comes again, without being blamed.
    fn put_all_back(&self, part: Vec<Decoded>, parts: VecDeque<Vec<Decoded>>, error: BoxError) -> Result<(), BoxError> {
        for decoded in std::iter::once(part).chain(parts).flatten() {
            self.retry(decoded, self.config.backoff.first);
        }
        Err(error)
    }
}

/// Runs of events, and each undecodable delivery alone between them, in order.
fn apart_from_undecodable(events: Vec<Decoded>) -> VecDeque<Vec<Decoded>> {
    let mut parts = VecDeque::from([Vec::new()]);
    for decoded in events {
        if decoded.incoming.is_ok() {
            match parts.back_mut() {
                Some(run) => run.push(decoded),
                None => parts.push_back(vec![decoded]),
            }
        } else {
            parts.push_back(vec![decoded]);
            parts.push_back(Vec::new());
        }
    }
    parts
}
