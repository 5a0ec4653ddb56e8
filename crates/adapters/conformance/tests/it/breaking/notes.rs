//! Notes of attempts that do not stand, or are lost.

use std::sync::Arc;

use async_trait::async_trait;
use ticketing_conformance::attempt_notes::{ATTEMPT_NOTES, AttemptNotesFixture};
use ticketing_core::domain::ids::PaymentId;
use ticketing_core::ports::attempt_notes::{AttemptNote, AttemptNotes};
use ticketing_core::ports::store::StoreError;
use ticketing_memory::MemoryAttemptNotes;

use super::assert_notices;

/// What is wrong with the notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    TakesTheLastNote,
    CallsEverybodyFirst,
    ForgetsAtARestart,
}

#[derive(Debug)]
struct Notes(MemoryAttemptNotes, Flaw);

#[async_trait]
impl AttemptNotes for Notes {
    async fn note(&self, payment: PaymentId, note: AttemptNote) -> Result<Option<AttemptNote>, StoreError> {
        let earlier = self.0.note(payment, note.clone()).await?;
        Ok(match self.1 {
            Flaw::TakesTheLastNote => earlier.map(|_| note),
            Flaw::CallsEverybodyFirst => None,
            Flaw::None | Flaw::ForgetsAtARestart => earlier,
        })
    }
}

struct Kept(Arc<Notes>);

impl Kept {
    fn with(flaw: Flaw) -> Self {
        Self(Arc::new(Notes(MemoryAttemptNotes::default(), flaw)))
    }
}

#[async_trait]
impl AttemptNotesFixture for Kept {
    fn notes(&self) -> Arc<dyn AttemptNotes> {
        self.0.clone()
    }

    async fn reopened(&self) -> Arc<dyn AttemptNotes> {
        match self.0.1 {
            Flaw::ForgetsAtARestart => Self::with(Flaw::None).notes(),
            _ => self.notes(),
        }
    }
}

#[tokio::test]
async fn notes_that_do_not_stand_or_are_lost() {
    for (rule, flaw) in [
        ("the_first_note_stands", Flaw::TakesTheLastNote),
        ("of_notes_at_once_one_stands", Flaw::CallsEverybodyFirst),
        ("a_note_outlives_a_restart", Flaw::ForgetsAtARestart),
    ] {
        assert_notices(&ATTEMPT_NOTES, rule, &Kept::with(Flaw::None), &Kept::with(flaw)).await;
    }
}
