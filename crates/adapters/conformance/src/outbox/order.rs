//! In which order events come out.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::{join, join_all};
use ticketing_core::domain::event::Topic;
use ticketing_core::wire::EventEnvelope;
use tokio::time::timeout;
use uuid::Uuid;

use crate::events::{Coming, assert_came};
use crate::outcome::Outcome;
use crate::sample;
use crate::time::patience;

use super::leases::held;
use super::{OutboxFixture, commit, scan};

const WRITERS: usize = 8;
const ROUNDS: u64 = 25;
/// Of four aggregates of each writer.
const EVENTS: usize = WRITERS * 4 * ROUNDS as usize;

/// Events come out in the order of their versions, with none left out, while others commit and the relay marks.
pub async fn pending_is_contiguous_per_aggregate(fixture: &dyn OutboxFixture) -> Outcome {
    let outbox = fixture.outbox();
    let lease = held(&*outbox).await;
    let writing = join_all((0..WRITERS).map(|_| write(fixture)));
    let published = AtomicUsize::new(0);
    let relaying = async {
        let mut next: BTreeMap<Uuid, u64> = BTreeMap::new();
        while published.load(Ordering::Relaxed) < EVENTS {
            let pending = scan(&*outbox, 7).await;
            assert_contiguous(&next, &pending);
            // Half of it, so that the rest comes out again.
            let half = pending.get(..pending.len().div_ceil(2)).unwrap_or_default();
            for event in half {
                next.insert(event.subject, event.version + 1);
            }
            published.fetch_add(half.len(), Ordering::Relaxed);
            let ids: Vec<_> = half.iter().map(|event| event.id).collect();
            outbox.mark_published(lease, &ids).await.expect("the holder of the lease marks");
            tokio::task::yield_now().await;
        }
        assert_came("all that was committed was marked", &[], &scan(&*outbox, 7).await);
    };
    let ended = timeout(patience(), join(writing, relaying)).await;
    let came = published.load(Ordering::Relaxed);
    assert!(ended.is_ok(), "while {WRITERS} wrote, a relay read: {EVENTS} events were to come; {came} came");
    Outcome::Kept
}

/// Commits events of four aggregates, two at a time, so that units of work overlap.
async fn write(fixture: &dyn OutboxFixture) {
    let histories: [Vec<EventEnvelope>; 4] = std::array::from_fn(|_| sample::history(Topic::Tickets, ROUNDS));
    let [a, b, c, d] = histories;
    for ((a, b), (c, d)) in a.into_iter().zip(b).zip(c.into_iter().zip(d)) {
        commit(fixture, vec![a, c]).await;
        commit(fixture, vec![d, b]).await;
    }
}

/// In one scan, each aggregate begins with its lowest unpublished version and goes on without a hole.
fn assert_contiguous(next: &BTreeMap<Uuid, u64>, pending: &[EventEnvelope]) {
    let mut next = next.clone();
    for event in pending {
        let expected = next.entry(event.subject).or_insert(1);
        assert_eq!(event.version, *expected, "{} came where another version was to", event.name());
        *expected += 1;
    }
}
