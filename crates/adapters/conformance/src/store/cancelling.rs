//! Callers that stop waiting for a commit.

use ticketing_core::ports::store::{StoreError, Stored, UnitOfWork};

use crate::outcome::{Outcome, broken};
use crate::time::{eventually, polled, soon};

use super::bench::{Bench, changing, event, inserting};
use super::{AnyStore, StoreFixture};

/// A caller that stops waiting for a commit, at any point, leaves all of it or nothing; asking again makes it all, once.
pub async fn a_cancelled_commit_leaves_all_or_nothing<S: AnyStore>(fixture: &dyn StoreFixture<S>) -> Outcome {
    let bench = Bench::new(fixture);
    for polls in 0..32 {
        let [old] = bench.inserted().await;
        let new = S::specimen(polls);
        let work = all_at_once::<S>(&old, &new);

        let done = soon("a commit goes on", polled(polls, S::apply(&bench.store, work.clone()))).await;
        eventually("a commit that nobody waits for leaves all or nothing", || async {
            (!matches!(traces(&bench, &old, &new).await, Traces::Some)).then_some(())
        })
        .await;

        match bench.try_commit(work).await {
            Ok(_) | Err(StoreError::Conflict(_)) => {}
            Err(error) => broken(&format!("asking again ends well or conflicts, not with {error:?}")),
        }
        eventually("asking again leaves all", || async {
            matches!(traces(&bench, &old, &new).await, Traces::All).then_some(())
        })
        .await;
        if done.is_some() {
            break;
        }
    }
    Outcome::Kept
}

fn all_at_once<S: AnyStore>(old: &Stored<S::Record>, new: &S::Record) -> UnitOfWork<S::Record> {
    let mut work = changing::<S>(&[old]);
    let inserting = inserting::<S>(std::slice::from_ref(new));
    work.writes.extend(inserting.writes);
    work.events.extend(inserting.events);
    work.telling(event::<S>(new, 2))
}

enum Traces {
    All,
    Some,
    None,
}

async fn traces<S: AnyStore>(bench: &Bench<S>, old: &Stored<S::Record>, new: &S::Record) -> Traces {
    let revision = bench.find(&old.record).await.map(|stored| stored.revision.count);
    let inserted = bench.find(new).await.is_some();
    let told = (bench.told(&old.record).await, bench.told(new).await);
    match (revision, inserted, (told.0.as_slice(), told.1.as_slice())) {
        (Some(2), true, ([1, 2], [1, 2])) => Traces::All,
        (Some(1), false, ([1], [])) => Traces::None,
        _ => Traces::Some,
    }
}
