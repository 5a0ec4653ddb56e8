//! Many commits at a time.

use std::sync::Arc;

use futures::future::join_all;
use ticketing_core::ports::store::{StoreError, Stored, UnitOfWork};

use crate::outcome::{Outcome, broken};
use crate::time::soon;

use super::bench::{Bench, changing, event, inserting};
use super::{AnyStore, StoreFixture};

/// Of two commits against one revision, one wins, whole; so it is with two inserts of one record.
pub async fn one_of_two_racing_commits_wins<S: AnyStore>(fixture: &dyn StoreFixture<S>) -> Outcome {
    let bench = Bench::new(fixture);
    for _ in 0..20 {
        let [hot, left, right] = bench.inserted().await;
        let sides = [left, right].map(|own| changing_both::<S>(&hot, &own));
        let winner = race(&bench, sides.clone()).await;
        assert_traces_of(&bench, &hot, &sides, winner).await;
    }

    for kind in 0..20 {
        let record = S::specimen(kind);
        let sides = [3, 4].map(|n| inserting::<S>(&[S::changed(record.clone(), n)]));
        let winner = race(&bench, sides.clone()).await;
        let stored = bench.find(&record).await.map(|stored| stored.record);
        let expected = sides.get(winner).and_then(|work| work.writes.first()).map(|write| write.record.clone());
        assert_eq!(stored, expected, "the insert that won is not what is stored");
        assert_eq!(bench.told(&record).await, [1], "two racing inserts queue one event");
    }
    Outcome::Kept
}

/// Changes a record that others change too, and one that nobody else changes.
fn changing_both<S: AnyStore>(hot: &Stored<S::Record>, own: &Stored<S::Record>) -> UnitOfWork<S::Record> {
    let n = u32::try_from(own.revision.count).expect("few changes") + 10;
    UnitOfWork::default()
        .with(own.replace(S::changed(own.record.clone(), n)))
        .with(hot.replace(S::changed(hot.record.clone(), n)))
        .telling(event::<S>(&own.record, 2))
        .telling(event::<S>(&hot.record, 2))
}

/// Commits both at once; returns which won.
async fn race<S: AnyStore>(bench: &Bench<S>, sides: [UnitOfWork<S::Record>; 2]) -> usize {
    let commits = sides.map(|work| {
        let store = Arc::clone(&bench.store);
        tokio::spawn(async move { S::apply(&store, work).await })
    });
    let ends = soon("racing commits are answered", join_all(commits)).await;
    let won: Vec<_> = ends.iter().map(|end| matches!(end, Ok(Ok(_)))).collect();
    let lost = ends.iter().filter(|end| matches!(end, Ok(Err(StoreError::Conflict(_))))).count();
    match won.as_slice() {
        [true, false] if lost == 1 => 0,
        [false, true] if lost == 1 => 1,
        _ => broken(&format!("of two racing commits one wins and one conflicts, not {ends:?}")),
    }
}

async fn assert_traces_of<S: AnyStore>(
    bench: &Bench<S>,
    hot: &Stored<S::Record>,
    sides: &[UnitOfWork<S::Record>; 2],
    winner: usize,
) {
    assert_eq!(bench.find(&hot.record).await.map(|stored| stored.revision.count), Some(2), "both racing commits wrote");
    assert_eq!(bench.told(&hot.record).await, [1, 2], "racing commits queue one event");
    for (side, work) in sides.iter().enumerate() {
        let own = work.writes.first().map(|write| &write.record).expect("its own write");
        let (revision, told) = if side == winner { (2, vec![1, 2]) } else { (1, vec![1]) };
        let stored = bench.find(own).await.map(|stored| stored.revision.count);
        assert_eq!(stored, Some(revision), "a racing commit was applied in part");
        assert_eq!(bench.told(own).await, told, "only a part of a racing commit was queued");
    }
}

/// Writers who reload after a conflict lose nothing: 64 of them, one commit each, and versions stay dense.
pub async fn writers_who_reload_lose_nothing<S: AnyStore>(fixture: &dyn StoreFixture<S>) -> Outcome {
    const WRITERS: u64 = 64;
    let bench = Bench::new(fixture);
    let [hot] = bench.inserted().await;

    let writers = (0..WRITERS).map(|_| tokio::spawn(change_once::<S>(Arc::clone(&bench.store), hot.record.clone())));
    let won = join_all(writers.collect::<Vec<_>>()).await;

    let mut revisions: Vec<_> = won.into_iter().map(|end| end.expect("a writer ends well")).collect();
    revisions.sort_unstable();
    assert!(revisions.iter().copied().eq(2..=WRITERS + 1), "each commit moves the revision by one, not {revisions:?}");
    let stored = bench.find(&hot.record).await.map(|stored| stored.revision.count);
    assert_eq!(stored, Some(WRITERS + 1), "a commit was lost");
    let told = bench.told(&hot.record).await;
    assert!(told.iter().copied().eq(1..=WRITERS + 1), "as many events as commits, in order, not {told:?}");
    Outcome::Kept
}

/// Reads and writes until it succeeds; returns the revision that it made.
async fn change_once<S: AnyStore>(store: Arc<S::Store>, record: S::Record) -> u64 {
    loop {
        let read = soon("a read is answered", S::find(&store, &record)).await.expect("a read succeeds");
        let read = read.expect("what was inserted is found");
        // So that others read the same before one of them writes.
        tokio::task::yield_now().await;
        let work = changing::<S>(&[&read]);
        match soon("a commit is answered", S::apply(&store, work)).await {
            Ok(_) => return read.revision.count + 1,
            Err(StoreError::Conflict(_)) => tokio::task::yield_now().await,
            Err(error) => broken(&format!("a commit under contention ends well or conflicts, not with {error:?}")),
        }
    }
}
