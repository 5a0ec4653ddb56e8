//! What an outbox reports of what waits.

use std::time::Duration;

use ticketing_core::domain::event::Topic;
use ticketing_core::ports::outbox::{Backlog, Outbox};
use uuid::Uuid;

use crate::outcome::Outcome;
use crate::sample;
use crate::time::soon;

use super::{OutboxFixture, all_pending, commit};

const MOST: usize = 1000;

/// The backlog grows with each commit, up to what is asked for, is empty once all is marked, and disturbs no relay.
pub async fn the_backlog_is_what_is_not_marked(fixture: &dyn OutboxFixture) -> Outcome {
    let outbox = fixture.outbox();
    assert_eq!(backlog(&*outbox, MOST).await, Backlog::default(), "nothing waits at first");

    commit(fixture, sample::history(Topic::Orders, 1)).await;
    let first = backlog(&*outbox, MOST).await;
    assert_eq!(first.entries, 1, "an event waits");
    assert!(first.oldest.is_some(), "what waits waits since some time");
    for _ in 0..3 {
        commit(fixture, sample::history(Topic::Orders, 1)).await;
    }
    let all = backlog(&*outbox, MOST).await;
    assert_eq!((all.entries, all.oldest), (4, first.oldest), "what comes later waits behind the oldest");
    assert_eq!(backlog(&*outbox, 2).await.entries, 2, "no more are counted than asked for");

    let events = all_pending(&*outbox).await;
    assert_eq!(events.len(), 4, "an event that was counted is pending still");
    let lease = soon("a lease is answered", outbox.lease(Uuid::from_u128(7), Duration::from_secs(10)));
    let lease = lease.await.expect("a lease is answered").expect("a free lease");
    let ids: Vec<_> = events.iter().map(|event| event.id).collect();
    soon("a mark is answered", outbox.mark_published(lease, &ids)).await.expect("what was published is marked");
    assert_eq!(backlog(&*outbox, MOST).await, Backlog::default(), "nothing waits once all is marked");
    Outcome::Kept
}

async fn backlog(outbox: &dyn Outbox, most: usize) -> Backlog {
    soon("the backlog is told", outbox.backlog(most)).await.expect("the backlog is told")
}
