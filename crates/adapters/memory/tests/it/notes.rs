//! The notes of attempts, in memory.

use std::sync::Arc;

use async_trait::async_trait;
use ticketing_conformance::attempt_notes::AttemptNotesFixture;
use ticketing_core::ports::attempt_notes::AttemptNotes;
use ticketing_memory::MemoryAttemptNotes;

#[derive(Default)]
pub(crate) struct Notes(MemoryAttemptNotes);

#[async_trait]
impl AttemptNotesFixture for Notes {
    fn notes(&self) -> Arc<dyn AttemptNotes> {
        Arc::new(self.0.clone())
    }

    async fn reopened(&self) -> Arc<dyn AttemptNotes> {
        self.notes()
    }
}
