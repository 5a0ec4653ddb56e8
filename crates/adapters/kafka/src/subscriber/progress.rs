//! How far a member came in one partition. Pure: everything is an argument.

use ticketing_core::messaging::keyed_deliveries::{Arrived, Epoch, KeyedDeliveries, Lane};
use ticketing_core::ports::transport::Lag;

use crate::message::{Decoded, Fetched};

use super::mark::Mark;

/// What one member has of one partition, from its assignment until it is revoked.
#[derive(Debug)]
pub(super) struct Progress {
    /// Which assignment this is; what was polled or lent under an earlier one is void.
    pub(super) generation: u64,
    /// What arrived under it. Its positions are offsets.
    pub(super) deliveries: KeyedDeliveries<Decoded>,
    /// Where the log ended when it was last looked at.
    pub(super) end: Option<i64>,
    /// The offset that the group is known to have committed.
    pub(super) committed: Option<i64>,
    /// Whether nothing is fetched for now.
    pub(super) is_paused: bool,
    /// Whether it is about to be taken away: nothing more is lent.
    pub(super) is_leaving: bool,
    /// The newest message that was found where it was when the log was last compared; at first, the first that came.
    known: Option<Mark>,
    /// The newest message that arrived.
    newest: Option<Mark>,
}

impl Progress {
    /// Begins with nothing. `known` is what was compared before anything is read.
    pub(super) fn new(generation: u64, known: Option<Mark>) -> Self {
        let deliveries = KeyedDeliveries::new(Epoch { number: generation, start: 0 });
        Self {
            generation,
            deliveries,
            end: None,
            committed: None,
            is_paused: false,
            is_leaving: false,
            known,
            newest: None,
        }
    }

    /// The lowest unsettled offset, behind which everything is done; none if nothing arrived.
    pub(super) fn watermark(&self) -> Option<i64> {
        self.newest.map(|_| self.deliveries.watermark().cast_signed())
    }

    /// How much of the log is unsettled; nothing is known before something arrived.
    pub(super) fn lag(&self) -> Lag {
        let Some(watermark) = self.watermark() else { return Lag::default() };
        let end = self.end.unwrap_or_default().max(self.deliveries.next_position().cast_signed());
        let first = self.deliveries.first_unsettled();
        Lag {
            events: u64::try_from(end - watermark).unwrap_or_default(),
            oldest: first.and_then(|message| message.arrival.time()),
        }
    }

    /// The watermark, unless the group knows it.
    pub(super) fn to_commit(&self) -> Option<i64> {
        self.watermark().filter(|watermark| Some(*watermark) != self.committed)
    }

    /// What the watermark is committed with: the message at it or else just before it, and one that is known.
    pub(super) fn marks(&self) -> Vec<Mark> {
        let offset = self.deliveries.watermark().cast_signed();
        let first = self.deliveries.first_unsettled().map(|message| Mark { offset, print: message.print });
        let mut marks: Vec<Mark> = first.or(self.newest).into_iter().chain(self.known).collect();
        marks.sort_unstable();
        marks.dedup();
        marks
    }

    /// What is to be compared with the log, and what is known if it is the same.
    pub(super) fn to_compare(&self) -> Option<(Mark, Mark)> {
        let known = self.known.or(self.newest)?;
        Some((known, self.newest.unwrap_or(known)))
    }

    /// Notes that the log is the one that this was read from.
    pub(super) const fn is_known(&mut self, mark: Mark) {
        self.known = Some(mark);
    }

    /// Takes in a message, unless its offset was passed already; returns whether it was taken.
    ///
    /// A client may hand over an offset twice around a rebalance. If it is not that, the log has changed.
    pub(super) fn accept(&mut self, offset: i64, message: Fetched) -> bool {
        let Fetched { print, wanted } = message;
        let position = offset.cast_unsigned();
        let is_new = match wanted {
            Some(message) => {
                let (lane, bytes) = (Lane::of(&message.arrival), message.bytes);
                self.deliveries.accept(position, Arrived { lane, bytes, delivery: message })
            }
            None => self.deliveries.pass(position),
        };
        if is_new {
            let mark = Mark { offset, print };
            self.newest = Some(mark);
            self.known.get_or_insert(mark);
        }
        is_new
    }
}

#[cfg(test)]
mod tests;
