//! What became of letters, counted once it is committed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::letter::{DropReason, Letter, LetterStatus};
use crate::domain::time::Timestamp;
use crate::messaging::durations::Durations;

/// What the sending of letters counts. A clone counts the same.
#[derive(Debug, Clone, Default)]
pub struct LetterCounts {
    counters: Arc<Counters>,
    delays: Durations,
}

#[derive(Debug, Default)]
struct Counters {
    sent: AtomicU64,
    not_taken: AtomicU64,
    nothing_to_say: AtomicU64,
    refused: AtomicU64,
    too_late: AtomicU64,
}

impl LetterCounts {
    /// How many letters got where, by the name of that in metrics.
    #[must_use]
    pub fn by_outcome(&self) -> [(&'static str, u64); 5] {
        let Counters { sent, not_taken, nothing_to_say, refused, too_late } = &*self.counters;
        [
            ("sent", sent),
            ("not_taken", not_taken),
            ("nothing_to_say", nothing_to_say),
            ("refused", refused),
            ("too_late", too_late),
        ]
        .map(|(outcome, count)| (outcome, count.load(Ordering::Relaxed)))
    }

    /// How long after its cause a letter was sent.
    #[must_use]
    pub fn delays(&self) -> Durations {
        self.delays.clone()
    }

    /// Counts where a letter got to; that it is being sent is no outcome.
    pub(super) fn moved(&self, letter: &Letter, now: Timestamp) {
        let Counters { sent, not_taken, nothing_to_say, refused, too_late } = &*self.counters;
        let count = match letter.status {
            // What is left out is so from the first, and nobody tried to send it.
            LetterStatus::Sending { .. } | LetterStatus::Dropped { reason: DropReason::LeftOut, .. } => return,
            LetterStatus::Waiting { .. } => not_taken,
            LetterStatus::Sent { .. } => {
                self.delays.observe(now.since(letter.caused_at));
                sent
            }
            LetterStatus::Dropped { reason: DropReason::NothingToSay, .. } => nothing_to_say,
            LetterStatus::Dropped { reason: DropReason::Refused, .. } => refused,
            LetterStatus::Dropped { reason: DropReason::TooLate, .. } => too_late,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}
