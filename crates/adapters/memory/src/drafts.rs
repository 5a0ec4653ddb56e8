//! Keeps what somebody typed into a form, for a short while.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::drafts::{DraftError, DraftStore};

use crate::lock::Lock;

/// Keeps drafts in memory. A clone is a handle to the same drafts.
///
/// Together they take no more than [`MemoryDrafts::MOST_BYTES`]: where there is no room,
/// those go that would end first.
#[derive(Debug, Clone)]
pub struct MemoryDrafts {
    clock: Arc<dyn Clock>,
    kept: Arc<Lock<Kept>>,
}

#[derive(Default)]
struct Kept {
    drafts: HashMap<String, Draft>,
    bytes: usize,
}

struct Draft {
    content: Vec<u8>,
    ends_at: Timestamp,
}

/// What a draft costs beside its content and its name, about.
const OVERHEAD: usize = 128;

impl MemoryDrafts {
    /// The most memory that drafts take, about.
    pub const MOST_BYTES: usize = 16 * 1024 * 1024;

    /// No drafts yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, kept: Arc::default() }
    }
}

#[async_trait]
impl DraftStore for MemoryDrafts {
    async fn keep(&self, slot: &str, draft: Vec<u8>, lasts: Duration) -> Result<(), DraftError> {
        let now = self.clock.now();
        self.kept.lock().keep(slot, Draft { content: draft, ends_at: now.after(lasts) }, now);
        Ok(())
    }

    async fn keep_in_free(&self, slots: &[String], draft: &[u8], lasts: Duration) -> Result<Option<usize>, DraftError> {
        let now = self.clock.now();
        let mut kept = self.kept.lock();
        let free = slots.iter().position(|slot| kept.living(slot, now).is_none());
        if let Some(slot) = free.and_then(|free| slots.get(free)) {
            kept.keep(slot, Draft { content: draft.to_vec(), ends_at: now.after(lasts) }, now);
        }
        Ok(free)
    }

    async fn find(&self, slot: &str) -> Result<Option<Vec<u8>>, DraftError> {
        let now = self.clock.now();
        Ok(self.kept.lock().living(slot, now).map(|draft| draft.content.clone()))
    }
}

impl Kept {
    fn living(&self, slot: &str, now: Timestamp) -> Option<&Draft> {
        self.drafts.get(slot).filter(|draft| draft.ends_at > now)
    }

    fn keep(&mut self, slot: &str, draft: Draft, now: Timestamp) {
        self.remove(slot);
        self.make_room(size(slot, &draft), now);
        self.insert(slot, draft);
    }

    fn insert(&mut self, slot: &str, draft: Draft) {
        let size = size(slot, &draft);
        if self.bytes + size <= MemoryDrafts::MOST_BYTES {
            self.bytes += size;
            self.drafts.insert(slot.to_owned(), draft);
        }
    }

    fn remove(&mut self, slot: &str) {
        if let Some(draft) = self.drafts.remove(slot) {
            self.bytes -= size(slot, &draft);
        }
    }

    /// Looks through all drafts only when they take all the room, and then makes much of it.
    fn make_room(&mut self, bytes: usize, now: Timestamp) {
        if self.bytes + bytes <= MemoryDrafts::MOST_BYTES {
            return;
        }
        let mut ends: Vec<_> = self.drafts.iter().map(|(slot, draft)| (draft.ends_at, slot.clone())).collect();
        ends.sort_unstable();
        for (ends_at, slot) in ends {
            if ends_at > now && self.bytes + bytes <= MemoryDrafts::MOST_BYTES / 4 * 3 {
                return;
            }
            self.remove(&slot);
        }
    }
}

fn size(slot: &str, draft: &Draft) -> usize {
    slot.len() + draft.content.len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    #[tokio::test]
    async fn drafts_take_no_more_than_their_room_and_the_newest_stay() {
        let clock = ManualClock::default();
        let drafts = MemoryDrafts::new(Arc::new(clock.clone()));
        let most = MemoryDrafts::MOST_BYTES / 1024;
        for n in 0..3 * most {
            drafts.keep(&n.to_string(), vec![0; 1024], Duration::from_secs(900)).await.unwrap();
            clock.advance(Duration::from_millis(1));
            assert!(drafts.find(&n.to_string()).await.unwrap().is_some(), "the newest draft was not kept");
        }

        let kept = drafts.kept.lock();
        assert!(kept.bytes <= MemoryDrafts::MOST_BYTES, "{} bytes", kept.bytes);
        assert_eq!(kept.bytes, kept.drafts.iter().map(|(slot, draft)| size(slot, draft)).sum::<usize>());
    }

    #[tokio::test]
    async fn a_draft_larger_than_all_room_is_not_kept() {
        let drafts = MemoryDrafts::new(Arc::new(ManualClock::default()));
        drafts.keep("slot", vec![0; MemoryDrafts::MOST_BYTES], Duration::from_secs(900)).await.unwrap();

        assert_eq!(drafts.find("slot").await.unwrap(), None);
    }
}
