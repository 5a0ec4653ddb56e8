//! How far a group came in one partition.

use std::time::Duration;

use ticketing_core::messaging::keyed_deliveries::{Arrived, Epoch, KeyedDeliveries, Lent};
use ticketing_core::ports::transport::Lag;

use super::log::Partition;

/// A member of a group.
pub(super) type MemberId = u64;

#[derive(Debug)]
pub(super) struct Progress {
    /// Who reads the partition now.
    pub(super) owner: Option<MemberId>,
    /// What the owner has of it. The log keeps the messages, so their offsets are enough.
    pub(super) deliveries: KeyedDeliveries<()>,
}

impl Progress {
    pub(super) fn new(start: u64) -> Self {
        Self { owner: None, deliveries: KeyedDeliveries::new(Epoch { number: 0, start }) }
    }

    /// How many messages are unsettled, and since when.
    pub(super) fn lag(&self, partition: &Partition) -> Lag {
        let held = self.deliveries.out() + self.deliveries.waiting();
        let oldest = partition.get(self.deliveries.watermark()).and_then(|message| message.arrival.time());
        Lag { events: held as u64 + partition.end().saturating_sub(self.deliveries.next_position()), oldest }
    }

    /// Gives the partition to another member, who begins behind all that is done without a gap.
    pub(super) fn hand_over(&mut self, owner: Option<MemberId>) {
        self.owner = owner;
        self.deliveries.revoke();
    }

    /// Lends up to `max` messages: first what waited, then what is new in the log.
    pub(super) fn lend(&mut self, partition: &Partition, now: Duration, max: usize) -> Vec<Lent<()>> {
        while let Some(message) = partition.get(self.deliveries.next_position()) {
            let arrived = Arrived { lane: message.lane, bytes: 0, delivery: () };
            self.deliveries.accept(self.deliveries.next_position(), arrived);
        }
        self.deliveries.lend(now, max)
    }
}
