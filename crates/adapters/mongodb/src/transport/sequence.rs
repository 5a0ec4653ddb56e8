//! What a member has of a partition that it holds.

use std::sync::Arc;

use ticketing_core::messaging::keyed_deliveries::{Arrived, Epoch, KeyedDeliveries, Lane};
use ticketing_core::ports::transport::{Arrival, Lag};

use super::message::Kept;
use super::places::Place;

/// So many messages of a partition lie in memory and wait for their turn, at most.
const MOST_WAITING: usize = 1024;

#[derive(Debug)]
pub(super) struct Sequence {
    pub(super) deliveries: KeyedDeliveries<Arc<Arrival>>,
    /// Of the place.
    pub(super) epoch: i64,
    /// The place as it was written last.
    pub(super) saved: u64,
    /// Whether it is to be given back once nothing is on loan.
    pub(super) goes_back: bool,
}

impl Sequence {
    pub(super) fn new(place: &Place, next: u64) -> Self {
        let epoch = Epoch { number: place.epoch.cast_unsigned(), start: next };
        Self { deliveries: KeyedDeliveries::new(epoch), epoch: place.epoch, saved: place.next, goes_back: false }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.deliveries.first_unsettled().is_none()
    }

    pub(super) fn has_room(&self) -> bool {
        self.deliveries.waiting() < MOST_WAITING
    }

    pub(super) fn is_unsaved(&self) -> bool {
        self.saved != self.deliveries.watermark()
    }

    /// Takes in a row; returns how many before it are gone.
    pub(super) fn accept(&mut self, kept: Kept) -> u64 {
        let missed = kept.position.saturating_sub(self.deliveries.next_position());
        let (bytes, lane) = (kept.size(), Lane::of(&kept.arrival));
        self.deliveries.accept(kept.position, Arrived { lane, bytes, delivery: Arc::new(kept.arrival) });
        missed
    }

    /// Goes on at a position, since nothing before it is there any more; returns how many are gone.
    ///
    /// Something that is unsettled comes first.
    pub(super) fn skip_to(&mut self, next: u64) -> u64 {
        let missed = next.saturating_sub(self.deliveries.next_position());
        if missed == 0 || !self.is_empty() {
            return 0;
        }
        self.deliveries = KeyedDeliveries::new(Epoch { number: self.epoch.cast_unsigned(), start: next });
        missed
    }

    /// How far it is behind an end.
    pub(super) fn lag(&self, end: u64) -> Lag {
        let unread = (end + 1).saturating_sub(self.deliveries.next_position());
        let events = unread + (self.deliveries.out() + self.deliveries.waiting()) as u64;
        Lag { events, oldest: self.deliveries.first_unsettled().and_then(|arrival| arrival.time()) }
    }
}
