//! One commit at a time: all or nothing, and what a conflict says.

use std::collections::BTreeSet;

use ticketing_core::ports::store::{Revision, Stored, UnitOfWork, Write};

use crate::events::assert_came;
use crate::outcome::Outcome;

use super::bench::{Bench, after_change, changed_by, changing, event, inserted_by, inserting};
use super::{AnyStore, StoreFixture};

/// A commit is all or nothing: one stale write, wherever it stands, undoes the others and their events.
pub async fn a_stale_commit_leaves_no_trace<S: AnyStore>(fixture: &dyn StoreFixture<S>) -> Outcome {
    let bench = Bench::new(fixture);
    for place in 0..3 {
        let [stale, sound] = bench.inserted().await;
        let won = bench.commit(changing::<S>(&[&stale])).await;
        let new = S::specimen(place);
        let before = bench.pending().await;

        let mut work = inserting::<S>(std::slice::from_ref(&new));
        work.writes.push(sound.replace(after_change::<S>(&sound)));
        work.writes.insert(place, stale.replace(S::changed(stale.record.clone(), 99)));
        work.events.push(event::<S>(&sound.record, 2));
        work.events.push(event::<S>(&stale.record, 3));
        bench.conflict("a stale write", work).await;

        assert_eq!(bench.find(&new).await, None, "a stale commit inserted a record");
        assert_eq!(bench.find(&sound.record).await, Some(sound), "a stale commit changed another record");
        let winner = changed_by::<S>(won, &stale);
        assert_eq!(bench.find(&stale.record).await, Some(winner), "a stale commit changed what it conflicts with");
        assert_came("a stale commit was refused", &before, &bench.pending().await);
    }
    Outcome::Kept
}

/// A conflict names every record that changed since it was read, and no other.
pub async fn a_conflict_names_what_changed<S: AnyStore>(fixture: &dyn StoreFixture<S>) -> Outcome {
    let bench = Bench::new(fixture);
    let [first, sound, second, missing] = bench.inserted().await;
    bench.commit(changing::<S>(&[&first, &second])).await;

    let named = bench.conflict("a stale write", changing::<S>(&[&first, &sound, &second])).await;
    let stale = BTreeSet::from([S::key(&first.record), S::key(&second.record)]);
    assert_eq!(named, stale, "a conflict names exactly what changed");

    let never = Stored { record: S::specimen(0), revision: sound.revision };
    let named = bench.conflict("a change of what never was", changing::<S>(&[&missing, &never])).await;
    assert_eq!(named, BTreeSet::from([S::key(&never.record)]), "a conflict names what is not there");

    let ahead = Stored { revision: Revision { count: 2, ..sound.revision }, ..sound };
    let named = bench.conflict("a revision ahead of the record", changing::<S>(&[&ahead])).await;
    assert_eq!(named, BTreeSet::from([S::key(&ahead.record)]), "a conflict names what is not that far");
    Outcome::Kept
}

/// An insert of what exists is refused, also if it is the very same commit again: it takes effect once.
pub async fn an_insert_of_what_exists_is_refused<S: AnyStore>(fixture: &dyn StoreFixture<S>) -> Outcome {
    let bench = Bench::new(fixture);
    let records = [S::specimen(0), S::specimen(1)];
    let work = inserting::<S>(&records);
    let token = bench.commit(work.clone()).await;

    let named = bench.conflict("the same commit again", work.clone()).await;
    for record in &records {
        assert!(named.contains(&S::key(record)), "{named:?} does not name {:?}", S::key(record));
        let other = UnitOfWork::default().with(Write::insert(S::changed(record.clone(), 7)));
        let named = bench.conflict("an insert of what exists", other).await;
        assert!(named.contains(&S::key(record)), "{named:?} does not name {:?}", S::key(record));
    }

    for record in records {
        let stored = bench.find(&record).await;
        assert_eq!(stored, Some(inserted_by(token, record)), "a refused insert changed what exists");
    }
    assert_eq!(bench.pending().await.len(), work.events.len(), "the same commit queued its events again");
    Outcome::Kept
}

/// What was committed is read back as it was, one revision further each time, and its events are pending as they were.
pub async fn a_commit_is_visible_to_the_next_read<S: AnyStore>(fixture: &dyn StoreFixture<S>) -> Outcome {
    let bench = Bench::new(fixture);
    let unknown = S::specimen(0);
    assert_eq!(bench.find(&unknown).await, None, "what was never committed is found");

    for record in S::variants() {
        let work = inserting::<S>(std::slice::from_ref(&record));
        let told = work.events.clone();
        let mut stored = inserted_by(bench.commit(work).await, record);
        assert_eq!(bench.find(&stored.record).await, Some(stored.clone()), "what was inserted is read back");
        assert!(bench.pending().await.ends_with(&told), "the events are pending as they were committed");

        for _ in 0..3 {
            stored = changed_by::<S>(bench.commit(changing::<S>(&[&stored])).await, &stored);
            assert_eq!(bench.find(&stored.record).await, Some(stored.clone()), "what was replaced is read back");
        }
        assert_eq!(bench.told(&stored.record).await, [1, 2, 3, 4], "each commit queued one event");
    }
    Outcome::Kept
}

/// What a record no longer has is gone, and is there again once the record has it.
pub async fn a_field_that_is_taken_away_is_gone<S: AnyStore>(fixture: &dyn StoreFixture<S>) -> Outcome {
    let bench = Bench::new(fixture);
    for full in S::variants() {
        let bare = S::bare(full.clone());
        let mut stored =
            inserted_by(bench.commit(UnitOfWork::default().with(Write::insert(full.clone()))).await, full.clone());
        for next in [bare, full] {
            let token = bench.commit(UnitOfWork::default().with(stored.replace(next.clone()))).await;
            stored = Stored { record: next, revision: Revision::after(Some(stored.revision), token) };
            assert_eq!(bench.find(&stored.record).await, Some(stored.clone()), "what was replaced is read back");
        }
    }
    Outcome::Kept
}

/// A unit of work may carry many decisions: a thousand, and then a thousand changes.
pub async fn a_unit_of_work_carries_many_decisions<S: AnyStore>(fixture: &dyn StoreFixture<S>) -> Outcome {
    let bench = Bench::new(fixture);
    let records: Vec<S::Record> = (0..1000).map(S::specimen).collect();
    let token = bench.commit(inserting::<S>(&records)).await;
    let inserted: Vec<_> = records.into_iter().map(|record| inserted_by(token, record)).collect();
    let token = bench.commit(changing::<S>(&inserted.iter().collect::<Vec<_>>())).await;

    for stored in &inserted {
        assert_eq!(
            bench.find(&stored.record).await,
            Some(changed_by::<S>(token, stored)),
            "one of a thousand decisions is not there"
        );
    }
    let told = bench.pending().await;
    let names: BTreeSet<_> = told.iter().map(|event| (event.subject, event.version)).collect();
    assert_eq!((told.len(), names.len()), (2000, 2000), "a thousand decisions queue a thousand events");
    Outcome::Kept
}
