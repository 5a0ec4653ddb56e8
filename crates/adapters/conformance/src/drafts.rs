//! Rules of [`DraftStore`].
#![expect(clippy::missing_panics_doc, reason = "rules panic by design")]

use std::sync::Arc;
use std::time::Duration;

use ticketing_core::ports::drafts::DraftStore;

use crate::outcome::Outcome;
use crate::report::Family;
use crate::time::{TimeFixture, soon};

/// Every rule of this module.
pub const DRAFTS: Family<dyn DraftsFixture> = crate::drafts!(@ [family]);

/// A store without any draft.
pub trait DraftsFixture: TimeFixture {
    /// The store; always the same one.
    fn drafts(&self) -> Arc<dyn DraftStore>;
}

/// So long that nothing ends while a rule runs.
const LONG: Duration = Duration::from_secs(3600);

async fn keep(fixture: &dyn DraftsFixture, slot: &str, draft: &[u8], lasts: Duration) {
    soon("a draft is kept", fixture.drafts().keep(slot, draft.to_vec(), lasts)).await.expect("the store answers");
}

async fn find(fixture: &dyn DraftsFixture, slot: &str) -> Option<Vec<u8>> {
    soon("a draft is looked for", fixture.drafts().find(slot)).await.expect("the store answers")
}

/// A draft is found, to the byte and as often as it is looked for, until its time is up.
pub async fn a_draft_is_found_until_its_time_is_up(fixture: &dyn DraftsFixture) -> Outcome {
    assert_eq!(find(fixture, "slot").await, None, "a draft that nobody kept was found");
    let draft: Vec<u8> = (0..=255).cycle().take(32 * 1024).collect();
    keep(fixture, "long", &draft, LONG).await;
    keep(fixture, "short", &draft, Duration::from_millis(1500)).await;
    for _ in 0..2 {
        assert_eq!(find(fixture, "long").await.as_deref(), Some(&*draft), "a draft was not found as it was kept");
    }

    fixture.pass(Duration::from_millis(1600)).await;
    assert_eq!(find(fixture, "short").await, None, "a draft outlived its time");
    assert!(find(fixture, "long").await.is_some(), "a draft ended before its time");
    Outcome::Kept
}

/// A newer draft takes the place of an older one, and lasts for its own time.
pub async fn a_newer_draft_takes_the_place_of_an_older_one(fixture: &dyn DraftsFixture) -> Outcome {
    keep(fixture, "slot", b"older", Duration::from_secs(1)).await;
    keep(fixture, "slot", b"newer", LONG).await;
    assert_eq!(find(fixture, "slot").await.as_deref(), Some(&b"newer"[..]), "the newer draft was not found");

    fixture.pass(Duration::from_millis(1100)).await;
    assert!(find(fixture, "slot").await.is_some(), "the newer draft ended with the older one");
    Outcome::Kept
}

/// Slots are apart, however alike their names look.
pub async fn slots_are_apart(fixture: &dyn DraftsFixture) -> Outcome {
    const SLOTS: [&str; 7] = ["a", "A", "a ", "a:b", "a:b:c", "ä", "*"];
    for slot in SLOTS {
        keep(fixture, slot, slot.as_bytes(), LONG).await;
    }
    for slot in SLOTS {
        assert_eq!(find(fixture, slot).await.as_deref(), Some(slot.as_bytes()), "of the slot {slot:?}");
    }
    assert_eq!(find(fixture, "b").await, None, "a draft was found in another slot");
    Outcome::Kept
}

async fn keep_in_free(fixture: &dyn DraftsFixture, slots: &[&str], draft: &[u8], lasts: Duration) -> Option<usize> {
    let slots: Vec<String> = slots.iter().map(|slot| (*slot).to_owned()).collect();
    soon("a draft is kept", fixture.drafts().keep_in_free(&slots, draft, lasts)).await.expect("the store answers")
}

/// A draft that asks for a free slot takes the first one, and no living draft's place: one by one and all at once.
pub async fn a_free_slot_is_nobodys(fixture: &dyn DraftsFixture) -> Outcome {
    keep(fixture, "a", b"living", LONG).await;
    keep(fixture, "b", b"short", Duration::from_millis(500)).await;
    assert_eq!(keep_in_free(fixture, &["a", "b"], b"newer", LONG).await, None, "no slot was free");
    assert_eq!(keep_in_free(fixture, &[], b"newer", LONG).await, None, "there was no slot");

    fixture.pass(Duration::from_millis(600)).await;
    let position = keep_in_free(fixture, &["a", "b", "c"], b"newer", Duration::from_millis(500)).await;
    assert_eq!(position, Some(1), "the first slot that was free was another");
    assert_eq!(find(fixture, "a").await.as_deref(), Some(&b"living"[..]), "a living draft lost its place");
    assert_eq!(find(fixture, "b").await.as_deref(), Some(&b"newer"[..]), "the draft was not found where it was kept");
    fixture.pass(Duration::from_millis(600)).await;
    assert_eq!(find(fixture, "b").await, None, "a draft outlived its time");

    let tries = (0..8).map(|n: u8| async move {
        let position = keep_in_free(fixture, &["d", "e", "f"], &[n], LONG).await;
        position.map(|position| (position, n))
    });
    let mut kept: Vec<_> = futures::future::join_all(tries).await.into_iter().flatten().collect();
    kept.sort_unstable();
    assert_eq!(kept.iter().map(|(position, _)| *position).collect::<Vec<_>>(), [0, 1, 2], "of 8 at once");
    for ((_, n), slot) in kept.iter().zip(["d", "e", "f"]) {
        assert_eq!(find(fixture, slot).await.as_deref(), Some(&[*n][..]), "in the slot {slot}");
    }
    Outcome::Kept
}
