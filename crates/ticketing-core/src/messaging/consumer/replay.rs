//! Takes released parked deliveries up again.

use std::collections::HashSet;

use uuid::Uuid;

use crate::domain::time::Timestamp;
use crate::ports::BoxError;
use crate::ports::parking::{Parked, ParkedFilter, ParkingChange};
use crate::ports::store::Page;

use super::isolate::{UNANSWERED, WITHIN};
use super::{Consumer, HandleError, decode, error_chain};

/// How far the list of released deliveries was walked.
///
/// A round walks the whole list once, page by page. A key whose event could not be handled is passed by for the rest
/// of the round, so that it hides nobody behind it.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// The next page is not read before then.
    next_at: Timestamp,
    /// Where the page before ended; `None` for the first.
    after: Option<Uuid>,
    passed_by: HashSet<String>,
}

/// What came of one released delivery.
enum Replayed {
    Handled,
    Failed(String),
    /// What it needs did not answer.
    Unanswered(BoxError),
}

impl Consumer {
    /// Handles released events one by one, in order; a key whose event fails again is held again.
    ///
    /// A key whose event has to wait for what it needs is tried again in the next round.
    pub(super) async fn replay_released(&mut self) -> Result<usize, BoxError> {
        let began = self.ports.clock.now();
        // A clock that was set back makes nobody wait for longer than asked.
        if began < self.round.next_at && self.round.next_at.since(began) <= self.config.replay_every {
            return Ok(0);
        }
        let filter = self.released(None);
        let page = Page { after: self.round.after, limit: self.config.batch };
        let released = self.ports.parking.list(&filter, page).await?;
        let (is_first, is_last) = (page.after.is_none(), released.len() < page.limit);
        let (mut replayed, mut unanswered) = (0, 0);
        for parked in released {
            if unanswered >= UNANSWERED || self.ports.clock.now().since(began) > WITHIN {
                return Ok(replayed);
            }
            let after = parked.id;
            match self.replay(&parked, is_first).await? {
                Some(Replayed::Handled) => replayed += 1,
                Some(Replayed::Failed(cause)) => self.hold(parked, &cause).await?,
                Some(Replayed::Unanswered(error)) => {
                    unanswered += 1;
                    let (key, cause) = (&parked.key, error_chain(&*error));
                    tracing::warn!(key, cause, "a released event of {key} has to wait for what it needs");
                    self.round.passed_by.insert(parked.key);
                }
                None => {}
            }
            // What was handled is gone from the list: only behind what was passed by there is somewhere to go on.
            self.round.after = (!self.round.passed_by.is_empty()).then_some(after);
        }
        if is_last {
            let is_done = replayed > 0 && self.round.passed_by.is_empty();
            let next_at = if is_done { began } else { began.after(self.config.replay_every) };
            self.round = Round { next_at, ..Round::default() };
        }
        Ok(replayed)
    }

    fn released(&self, key: Option<String>) -> ParkedFilter {
        ParkedFilter { consumer: Some(self.handler.name().to_owned()), key, released_only: true }
    }

    /// Handles one parked event, of the first page or a later one; `None` if its key is passed by.
    async fn replay(&mut self, parked: &Parked, is_first_page: bool) -> Result<Option<Replayed>, BoxError> {
        if self.round.passed_by.contains(&parked.key) {
            return Ok(None);
        }
        if !is_first_page && !self.is_foremost(parked).await? {
            self.round.passed_by.insert(parked.key.clone());
            return Ok(None);
        }
        let incoming = match decode(&parked.arrival) {
            Ok(incoming) => incoming,
            Err(reason) => return Ok(Some(Replayed::Failed(reason))),
        };
        if let Some(incoming) = incoming {
            match alone(self.try_to_handle(&[incoming]).await) {
                Ok(()) => {}
                Err(HandleError::Unavailable(error)) => return Ok(Some(Replayed::Unanswered(error))),
                Err(HandleError::Failed(error)) => return Ok(Some(Replayed::Failed(error_chain(&*error)))),
                Err(error @ HandleError::Partly(_)) => return Ok(Some(Replayed::Failed(error_chain(&error)))),
            }
        }
        self.ports.parking.change(ParkingChange::Remove { ids: vec![parked.id] }).await?;
        Ok(Some(Replayed::Handled))
    }

    /// Whether no earlier event of the key waits: one may, if it was released behind the walk.
    async fn is_foremost(&self, parked: &Parked) -> Result<bool, BoxError> {
        let of_key = self.released(Some(parked.key.clone()));
        let foremost = self.ports.parking.list(&of_key, Page::first(1)).await?;
        Ok(foremost.first().is_some_and(|foremost| foremost.id == parked.id))
    }

    async fn hold(&mut self, parked: Parked, cause: &str) -> Result<(), BoxError> {
        tracing::warn!(key = parked.key, cause, "a released event of {} failed again", parked.key);
        let (consumer, key) = (parked.consumer, parked.key.clone());
        self.ports.parking.change(ParkingChange::Hold { consumer, key }).await?;
        self.round.passed_by.insert(parked.key);
        Ok(())
    }
}

/// What was said of the one event that was handled.
fn alone(handled: Result<(), HandleError>) -> Result<(), HandleError> {
    match handled {
        Err(HandleError::Partly(mut unhandled)) => unhandled.pop_first().map_or(Ok(()), |(_, error)| Err(error)),
        other => other,
    }
}
