//! What a mark does, and what a cursor does.

use ticketing_core::domain::event::Topic;
use ticketing_core::domain::ids::EventId;
use ticketing_core::wire::EventEnvelope;

use crate::events::assert_came;
use crate::outcome::Outcome;
use crate::sample;

use super::leases::held;
use super::{OutboxFixture, commit, pending, scan};

fn ids(events: &[EventEnvelope]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}

/// What is not marked comes out again, as it was committed.
pub async fn what_is_not_marked_comes_out_again(fixture: &dyn OutboxFixture) -> Outcome {
    let outbox = fixture.outbox();
    assert_came("nothing was committed", &[], &pending(&*outbox, None, 10).await.events);
    let mut events = sample::history(Topic::Orders, 5);
    let odd = [&b""[..], b"{}", b"\x00\xff\xfe", "Grüße 🎫".as_bytes()];
    events.extend(odd.map(|data| sample::busy_envelope(Topic::Payments, bytes::Bytes::from_static(data))));
    commit(fixture, events.clone()).await;

    for _ in 0..3 {
        assert_came("9 events were committed and none marked", &events, &scan(&*outbox, 100).await);
    }
    assert_came("9 events were committed by another handle", &events, &scan(&*fixture.outbox(), 100).await);
    Outcome::Kept
}

/// What is marked never comes out again, and marking again does no harm.
pub async fn what_is_marked_never_comes_out_again(fixture: &dyn OutboxFixture) -> Outcome {
    let outbox = fixture.outbox();
    let lease = held(&*outbox).await;
    let events = sample::history(Topic::Orders, 6);
    commit(fixture, events.clone()).await;
    let (published, rest) = events.split_at(4);

    for _ in 0..2 {
        outbox.mark_published(lease, &ids(published)).await.expect("the holder of the lease marks");
        assert_came("4 of 6 events were marked", rest, &scan(&*outbox, 100).await);
    }
    let unknown = [EventId::new(sample::uuid())];
    outbox.mark_published(lease, &unknown).await.expect("marking what is not there does no harm");
    outbox.mark_published(lease, &[]).await.expect("marking nothing does no harm");
    outbox.mark_published(lease, &ids(rest)).await.expect("the holder of the lease marks");
    assert_came("6 of 6 events were marked", &[], &scan(&*outbox, 100).await);

    let later = sample::history(Topic::Orders, 1);
    commit(fixture, later.clone()).await;
    assert_came("6 events were marked, and 1 was committed later", &later, &scan(&*outbox, 100).await);
    Outcome::Kept
}

/// Reading on from a cursor repeats nothing and leaves nothing out, also while what lies before it is marked.
pub async fn a_cursor_reads_on(fixture: &dyn OutboxFixture) -> Outcome {
    let outbox = fixture.outbox();
    let lease = held(&*outbox).await;
    let events: Vec<_> = (0..10).flat_map(|_| sample::history(Topic::Orders, 3)).collect();
    commit(fixture, events.clone()).await;
    for max in [1, 4, 30, 100] {
        assert_came(&format!("30 events were read in slices of {max}"), &events, &scan(&*outbox, max).await);
    }

    let first = pending(&*outbox, None, 10).await;
    outbox.mark_published(lease, &ids(&first.events)).await.expect("the holder of the lease marks");
    let second = pending(&*outbox, first.end, 10).await;
    let done = "30 events were read in slices, the first of which was marked";
    assert_came(done, events.get(10..20).unwrap_or_default(), &second.events);

    let last = sample::history(Topic::Orders, 1);
    commit(fixture, last.clone()).await;
    let third = pending(&*outbox, second.end, 100).await;
    let (rest, new) = third.events.split_at(10.min(third.events.len()));
    assert_came(done, events.get(20..).unwrap_or_default(), rest);
    if !new.is_empty() {
        assert_came("1 event was committed within a pass", &last, new);
    }
    assert_came("a pass came to its end", &[], &pending(&*outbox, third.end, 100).await.events);
    let unmarked = [events.get(10..).unwrap_or_default(), &last].concat();
    assert_came("10 of 31 events were marked, and a new pass began", &unmarked, &scan(&*outbox, 100).await);
    Outcome::Kept
}
