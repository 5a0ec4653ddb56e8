//! What the next process finds.

use ticketing_core::domain::event::Topic;

use crate::events::assert_came;
use crate::outcome::Outcome;
use crate::sample;

use super::leases::held;
use super::{OutboxFixture, commit, scan};

/// What was committed and not marked outlives the process, if the outbox claims it; what was marked stays marked.
pub async fn what_was_committed_survives_a_restart(fixture: &dyn OutboxFixture) -> Outcome {
    let outbox = fixture.outbox();
    if !outbox.survives_restart() {
        return Outcome::NotClaimed("survives_restart");
    }
    let events = sample::history(Topic::Orders, 6);
    commit(fixture, events.clone()).await;
    let (published, rest) = events.split_at(2);
    let ids: Vec<_> = published.iter().map(|event| event.id).collect();
    outbox.mark_published(held(&*outbox).await, &ids).await.expect("a mark under a lease is taken");

    let next = fixture.reopened().await;
    assert!(next.survives_restart(), "an outbox that outlived its process says that it does not");
    assert_came("2 of 6 events were marked, and the outbox was opened again", rest, &scan(&*next, 100).await);
    Outcome::Kept
}
