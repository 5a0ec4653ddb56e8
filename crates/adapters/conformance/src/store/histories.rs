//! Histories of one record that parted: a failover that rolled writes back, a backup that was restored.

use ticketing_core::ports::store::{CommitToken, Revision, Stored, UnitOfWork};

use crate::outcome::Outcome;

use super::bench::{Bench, after_change, changed_by, changing, event, inserted_by, inserting};
use super::{AnyStore, StoreFixture};

/// A revision that was read in another history conflicts, though the record was written as often in both.
///
/// A second store stands for the other history.
pub async fn a_revision_of_another_history_conflicts<S: AnyStore>(fixture: &dyn StoreFixture<S>) -> Outcome {
    let here = Bench::new(fixture);
    let elsewhere = Bench::<S>::of(fixture.another().await, fixture.outbox());
    for kind in 0..2 {
        let record = S::specimen(kind);
        let mut ours = inserted_by(here.commit(inserting::<S>(std::slice::from_ref(&record))).await, record.clone());
        let mut theirs = inserted_by(elsewhere.commit(inserting::<S>(std::slice::from_ref(&record))).await, record);
        for _ in 0..3 {
            assert_conflicts(&here, &ours, theirs.revision).await;
            let forged = CommitToken(ours.revision.token.0 ^ 1);
            assert_conflicts(&here, &ours, Revision { token: forged, ..ours.revision }).await;
            ours = changed_by::<S>(here.commit(changing::<S>(&[&ours])).await, &ours);
            theirs = changed_by::<S>(elsewhere.commit(changing::<S>(&[&theirs])).await, &theirs);
        }
    }
    Outcome::Kept
}

/// A write in the place of `revision` is refused: alone, with an event, and beside a write that is sound.
async fn assert_conflicts<S: AnyStore>(bench: &Bench<S>, stored: &Stored<S::Record>, revision: Revision) {
    assert_eq!(revision.count, stored.revision.count, "both histories count the same writes");
    let stale = Stored { record: stored.record.clone(), revision };
    let alone = || UnitOfWork::default().with(stale.replace(after_change::<S>(&stale)));
    let [sound] = bench.inserted().await;
    let beside = alone().with(sound.replace(after_change::<S>(&sound)));
    for work in [alone(), alone().telling(event::<S>(&stored.record, 9)), beside] {
        let named = bench.conflict("a revision of another history", work).await;
        assert_eq!(Vec::from_iter(named), [S::key(&stored.record)], "the conflict names the record");
        assert_eq!(bench.find(&stored.record).await.as_ref(), Some(stored), "a write of another history was made");
        assert_eq!(bench.find(&sound.record).await.as_ref(), Some(&sound), "a write beside it was made");
    }
}
