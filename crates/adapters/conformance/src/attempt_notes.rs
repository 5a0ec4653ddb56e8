//! Rules of [`AttemptNotes`].
#![expect(clippy::missing_panics_doc, reason = "rules panic by design")]

use std::sync::Arc;

use async_trait::async_trait;
use futures::future::join_all;
use ticketing_core::domain::ids::PaymentId;
use ticketing_core::ports::attempt_notes::{AttemptNote, AttemptNotes};

use crate::outcome::{Outcome, broken};
use crate::report::Family;
use crate::sample;
use crate::time::soon;

/// Every rule of this module.
pub const ATTEMPT_NOTES: Family<dyn AttemptNotesFixture> = crate::attempt_notes!(@ [family]);

/// Notes of attempts, kept somewhere.
#[async_trait]
pub trait AttemptNotesFixture: Send + Sync {
    /// The notes; always the same ones.
    fn notes(&self) -> Arc<dyn AttemptNotes>;

    /// The same notes, as another process finds them.
    async fn reopened(&self) -> Arc<dyn AttemptNotes>;
}

fn prepared(id: &str) -> AttemptNote {
    AttemptNote::Prepared { provider_id: id.into() }
}

async fn note(notes: &Arc<dyn AttemptNotes>, payment: PaymentId, note: AttemptNote) -> Option<AttemptNote> {
    soon("an attempt is noted", notes.note(payment, note)).await.expect("an attempt is noted")
}

/// Whatever is noted of an attempt later, its first note stands, and other attempts have their own notes.
pub async fn the_first_note_stands(fixture: &dyn AttemptNotesFixture) -> Outcome {
    let notes = fixture.notes();
    for first in [prepared("pi_1"), AttemptNote::Closed] {
        let payment = PaymentId::new(sample::uuid());
        assert_eq!(note(&notes, payment, first.clone()).await, None, "an attempt has no note to begin with");
        for later in [prepared("pi_2"), AttemptNote::Closed] {
            assert_eq!(note(&notes, payment, later).await, Some(first.clone()), "the first note stands");
        }
    }
    Outcome::Kept
}

/// If an attempt is prepared and closed at once, one of them is first and all others learn which.
pub async fn of_notes_at_once_one_stands(fixture: &dyn AttemptNotesFixture) -> Outcome {
    for _ in 0..16 {
        let payment = PaymentId::new(sample::uuid());
        let tries = (0..8).map(|n| {
            let notes = fixture.notes();
            let mine = if n % 2 == 0 { prepared(&format!("pi_{n}")) } else { AttemptNote::Closed };
            tokio::spawn(async move { (notes.note(payment, mine.clone()).await, mine) })
        });
        let ends = soon("attempts are noted", join_all(tries.collect::<Vec<_>>())).await;
        let ends = ends.into_iter().map(|end| end.expect("a try does not panic"));
        let ends: Vec<_> = ends.map(|(earlier, mine)| (earlier.expect("an attempt is noted"), mine)).collect();
        let first: Vec<_> = ends.iter().filter(|(earlier, _)| earlier.is_none()).map(|(_, mine)| mine).collect();
        let [first] = *first else { broken(&format!("of 8 notes at once, {} were first", first.len())) };
        let mut learnt = ends.iter().filter_map(|(earlier, _)| earlier.as_ref());
        assert!(learnt.all(|earlier| earlier == first), "not everybody got the note that stands");
    }
    Outcome::Kept
}

/// What was noted is found by another process too.
pub async fn a_note_outlives_a_restart(fixture: &dyn AttemptNotesFixture) -> Outcome {
    let noted = [prepared("pi_1"), AttemptNote::Closed].map(|note| (PaymentId::new(sample::uuid()), note));
    for (payment, first) in noted.clone() {
        assert_eq!(note(&fixture.notes(), payment, first).await, None, "an attempt has no note to begin with");
    }
    let notes = fixture.reopened().await;
    for (payment, first) in noted {
        assert_eq!(note(&notes, payment, prepared("pi_2")).await, Some(first), "a note is found after a restart");
    }
    Outcome::Kept
}
