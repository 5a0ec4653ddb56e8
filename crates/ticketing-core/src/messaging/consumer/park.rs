//! Sets deliveries aside.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use crate::ports::BoxError;
use crate::ports::parking::Parked;
use crate::ports::transport::Delivery;

use super::{Consumer, ParkedBecause, Unsettled, ack};

/// The reason that operators read of what is parked behind something else.
pub(super) const FOLLOWS: &str = "follows a parked event";

impl Consumer {
    /// Sets a delivery and its key aside, durably, and settles it.
    pub(super) async fn park(
        &self,
        delivery: Delivery,
        because: ParkedBecause,
        reason: String,
    ) -> Result<(), BoxError> {
        let parked = self.parked(&delivery, reason);
        let (name, key, reason) = (self.handler.name(), parked.key.clone(), parked.reason.clone());
        // A crash behind this line parks it twice: replaying twice equals replaying once.
        self.ports.parking.park(parked).await?;
        self.counts.0.parked(because).fetch_add(1, Ordering::Relaxed);
        let correlation_id = delivery.arrival.correlation();
        tracing::error!(name, key, reason, correlation_id, "a delivery of {key} was parked");
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
            .map(|unsettled| (self.parked(&unsettled.delivery, FOLLOWS.to_owned()), unsettled))
            .collect();
        let wanted = aside.iter().map(|(parked, _)| parked.clone()).collect();
        let followed: HashSet<_> = self.ports.parking.follow(wanted).await?.into_iter().collect();
        for (parked, unsettled) in aside {
            if followed.contains(&parked.id) {
                self.counts.0.parked(ParkedBecause::Follows).fetch_add(1, Ordering::Relaxed);
                ack(unsettled.delivery);
            } else {
                // Its key was replayed to the end meanwhile.
                free.push(unsettled);
            }
        }
        Ok(free)
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
