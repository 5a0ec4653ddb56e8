//! Sets deliveries aside, and takes released ones up again.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use crate::ports::BoxError;
use crate::ports::parking::{Parked, ParkedFilter, ParkingChange};
use crate::ports::store::Page;
use crate::ports::transport::Delivery;

use super::{Consumer, HandleError, Unsettled, ack, causes, decode};

impl Consumer {
    /// Sets a delivery and its key aside, durably, and settles it.
    pub(super) async fn park(&self, delivery: Delivery, reason: String) -> Result<(), BoxError> {
        let parked = self.parked(&delivery, reason);
        let (name, key, reason) = (self.handler.name(), parked.key.clone(), parked.reason.clone());
        // A crash behind this line parks it twice: replaying twice equals replaying once.
        self.ports.parking.park(parked).await?;
        self.counts.0.parked.fetch_add(1, Ordering::Relaxed);
        tracing::error!(name, key, reason, "a delivery of {key} was parked");
        ack(delivery);
        Ok(())
    }

    /// Sets aside what follows a parked event of its key; returns the rest.
    pub(super) async fn follow_parked(&self, events: Vec<Unsettled>) -> Result<Vec<Unsettled>, BoxError> {
        let keys: HashSet<String> = events.iter().map(|unsettled| unsettled.key.clone()).collect();
        let keys: Vec<String> = keys.into_iter().collect();
        let name = self.handler.name();
        let parked: HashSet<String> = self.ports.parking.parked_keys(name, &keys).await?.into_iter().collect();
        if parked.is_empty() {
            return Ok(events);
        }
        let (behind, mut free): (Vec<_>, Vec<_>) =
            events.into_iter().partition(|unsettled| parked.contains(&unsettled.key));
        let aside: Vec<_> = behind
            .into_iter()
            .map(|unsettled| (self.parked(&unsettled.delivery, "follows a parked event".to_owned()), unsettled))
            .collect();
        let wanted = aside.iter().map(|(parked, _)| parked.clone()).collect();
        let followed: HashSet<_> = self.ports.parking.follow(wanted).await?.into_iter().collect();
        for (parked, unsettled) in aside {
            if followed.contains(&parked.id) {
                self.counts.0.parked.fetch_add(1, Ordering::Relaxed);
                ack(unsettled.delivery);
            } else {
                // Its key was replayed to the end meanwhile.
                free.push(unsettled);
            }
        }
        Ok(free)
    }

    /// Handles released events one by one, in order; a key whose event fails again is held again.
    pub(super) async fn replay_released(&mut self) -> Result<usize, BoxError> {
        let now = self.ports.clock.now();
        // A clock that was set back makes nobody wait for longer than asked.
        if now < self.replay_at && self.replay_at.since(now) <= self.config.replay_every {
            return Ok(0);
        }
        let filter = ParkedFilter { consumer: Some(self.handler.name().to_owned()), key: None, released_only: true };
        let released = self.ports.parking.list(&filter, Page::first(self.config.batch)).await?;
        let mut held = HashSet::new();
        let mut replayed = 0;
        for parked in released {
            if held.contains(&parked.key) {
                continue;
            }
            match self.replay(&parked).await? {
                Ok(()) => replayed += 1,
                Err(cause) => {
                    tracing::warn!(key = parked.key, cause, "a released event of {} failed again", parked.key);
                    let (consumer, key) = (parked.consumer, parked.key.clone());
                    self.ports.parking.change(ParkingChange::Hold { consumer, key }).await?;
                    held.insert(parked.key);
                }
            }
        }
        if replayed == 0 {
            self.replay_at = now.after(self.config.replay_every);
        }
        Ok(replayed)
    }

    /// Handles one parked event; the inner error is the event's own.
    async fn replay(&self, parked: &Parked) -> Result<Result<(), String>, BoxError> {
        let incoming = match decode(&parked.arrival) {
            Ok(incoming) => incoming,
            Err(reason) => return Ok(Err(reason)),
        };
        if let Some(incoming) = incoming {
            match alone(self.try_to_handle(&[incoming]).await) {
                Ok(()) => {}
                Err(HandleError::Unavailable(error)) => return Err(error),
                Err(HandleError::Failed(error)) => return Ok(Err(causes(&*error))),
                Err(error @ HandleError::Partly(_)) => return Ok(Err(causes(&error))),
            }
        }
        self.ports.parking.change(ParkingChange::Remove { ids: vec![parked.id] }).await?;
        Ok(Ok(()))
    }

    fn parked(&self, delivery: &Delivery, reason: String) -> Parked {
        let now = self.ports.clock.now();
        Parked {
            id: self.ports.ids.uuid(now),
            consumer: self.handler.name().to_owned(),
            key: delivery.arrival.key(),
            arrival: delivery.arrival.clone(),
            reason,
            parked_at: now,
            released: false,
        }
    }
}

/// What was said of the one event that was handled.
fn alone(handled: Result<(), HandleError>) -> Result<(), HandleError> {
    match handled {
        Err(HandleError::Partly(mut unhandled)) => unhandled.pop_first().map_or(Ok(()), |(_, error)| Err(error)),
        other => other,
    }
}
