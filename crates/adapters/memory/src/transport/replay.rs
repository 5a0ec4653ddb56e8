//! Reading the log from its beginning, outside of any group.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::log::{EventLog, LogProgress};
use ticketing_core::ports::transport::{Arrival, TransportError};

use super::log::PartitionId;
use super::{MemoryBroker, Shared};

/// So many messages are handed over at once.
const BATCH: usize = 512;

/// What a [`MemoryBroker`] keeps of some topics, up to where it ended when the log was opened.
pub struct MemoryLog {
    shared: Arc<Shared>,
    left: VecDeque<Stretch>,
    progress: LogProgress,
}

/// A part of a partition.
struct Stretch {
    partition: PartitionId,
    next: u64,
    end: u64,
}

impl MemoryBroker {
    /// Opens the log of some topics.
    #[must_use]
    pub fn log(&self, topics: &[Topic]) -> MemoryLog {
        let state = self.shared.state.lock();
        let of = |topic: &Topic| state.log.of(*topic);
        let left: VecDeque<_> = topics
            .iter()
            .flat_map(of)
            .map(|(partition, kept)| Stretch { partition, next: kept.first(), end: kept.end() })
            .collect();
        let total = left.iter().map(|stretch| stretch.end - stretch.next).sum();
        MemoryLog { shared: Arc::clone(&self.shared), left, progress: LogProgress { read: 0, total } }
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    async fn next(&mut self) -> Result<Vec<Arrival>, TransportError> {
        let state = self.shared.state.lock();
        let mut arrivals = Vec::new();
        while let Some(stretch) = self.left.front_mut() {
            if arrivals.len() == BATCH {
                break;
            }
            if stretch.next == stretch.end {
                self.left.pop_front();
                continue;
            }
            let kept = state.log.get(stretch.partition);
            arrivals.extend(kept.and_then(|kept| kept.get(stretch.next)).map(|message| message.arrival.clone()));
            // What is kept no longer is passed over.
            stretch.next += 1;
            self.progress.read += 1;
        }
        Ok(arrivals)
    }

    fn progress(&self) -> LogProgress {
        self.progress
    }
}

impl fmt::Debug for MemoryLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLog").field("progress", &self.progress).finish_non_exhaustive()
    }
}
