//! Events that are gone with the process, since its transport is in memory.

use std::sync::Arc;
use std::time::Duration;

use ticketing_core::ports::outbox::Outbox;
use ticketing_memory::MemoryBroker;
use tokio::time::{sleep, timeout};

/// How long a market that closes waits for them.
const WITHIN: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(2);

/// Knows which events are on their way to whom.
#[derive(Debug)]
pub(crate) struct OnTheirWay {
    pub(crate) broker: MemoryBroker,
    pub(crate) groups: Vec<String>,
}

impl OnTheirWay {
    /// Waits until every event is handled, or logs what is not.
    pub(crate) async fn handled(&self, outboxes: &[(&'static str, Arc<dyn Outbox>)]) {
        let quiet = async {
            // What is handled may set off more: only two looks in a row are proof.
            while !(self.is_quiet(outboxes).await && self.is_quiet(outboxes).await) {
                sleep(PAUSE).await;
            }
        };
        if timeout(WITHIN, quiet).await.is_err() {
            let left = self.groups.iter().map(|group| (group, self.broker.lag(group))).filter(|(_, lag)| *lag > 0);
            let left: Vec<_> = left.map(|(group, lag)| format!("{lag} to {group}")).collect();
            tracing::warn!("a market in memory closed before these events were handled: {}", left.join(", "));
        }
    }

    async fn is_quiet(&self, outboxes: &[(&'static str, Arc<dyn Outbox>)]) -> bool {
        for (_, outbox) in outboxes {
            // One that cannot be read is none that this waits for.
            if outbox.pending(None, 1).await.is_ok_and(|pending| !pending.events.is_empty()) {
                return false;
            }
        }
        self.groups.iter().all(|group| self.broker.lag(group) == 0)
    }
}
