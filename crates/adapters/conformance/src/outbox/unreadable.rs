//! Events that cannot be read.

use std::time::Duration;

use ticketing_core::domain::event::Topic;
use ticketing_core::ports::outbox::Outbox;
use ticketing_core::wire::EventEnvelope;
use uuid::Uuid;

use crate::events::assert_came;
use crate::outcome::Outcome;
use crate::sample;
use crate::time::soon;

use super::{OutboxFixture, all_pending, commit, scan};

/// An event that cannot be read is passed by; those of its aggregate wait behind it, and all others come out.
pub async fn an_unreadable_event_holds_back_its_own_aggregate_alone(fixture: &dyn OutboxFixture) -> Outcome {
    let outbox = fixture.outbox();
    let spoilt = sample::history(Topic::Orders, 4);
    let others: Vec<_> = (0..30).map(|_| sample::history(Topic::Orders, 2)).collect();
    let [first, second, third, fourth] = spoilt.as_slice() else { unreachable!("four were made") };
    commit(fixture, vec![first.clone()]).await;
    // In the rows of others, in its own row, and behind them.
    let beside: Vec<_> = others.iter().filter_map(|other| other.first()).take(5).cloned().collect();
    commit(fixture, [std::slice::from_ref(second), beside.as_slice()].concat()).await;
    commit(fixture, vec![third.clone()]).await;
    commit(fixture, vec![fourth.clone()]).await;
    for other in &others {
        for event in other.iter().filter(|event| !beside.contains(event)) {
            commit(fixture, vec![event.clone()]).await;
        }
    }
    if !fixture.spoil(second.id).await {
        return Outcome::NotClaimed("an event that cannot be read");
    }

    assert_comes_out(&*outbox, first, &others).await;
    for size in [1, 2, 7, 200] {
        let read = scan(&*outbox, size).await;
        let came = read.len();
        assert_eq!(
            came, 61,
            "the second of 64 events was spoilt, and 3 wait for it: by {size}, 61 were to come; {came} came"
        );
    }
    publish(&*outbox).await;
    let done = "an event was spoilt, and all that came out was marked";
    assert_came(done, &[], &all_pending(&*outbox).await);
    let next = sample::history(Topic::Orders, 1);
    commit(fixture, next.clone()).await;
    assert_came("an event was spoilt, and one of others committed", &next, &all_pending(&*outbox).await);
    Outcome::Kept
}

async fn assert_comes_out(outbox: &dyn Outbox, first: &EventEnvelope, others: &[Vec<EventEnvelope>]) {
    let pending = all_pending(outbox).await;
    let of = |subject: Uuid| pending.iter().filter(move |event| event.subject == subject).cloned().collect::<Vec<_>>();
    let done = "the second event of one aggregate was spoilt";
    assert_came(done, std::slice::from_ref(first), &of(first.subject));
    for other in others {
        let subject = other.first().map(|event| event.subject).expect("two were made");
        assert_came("an event of another aggregate was spoilt", other, &of(subject));
    }
}

/// Marks all that comes out.
async fn publish(outbox: &dyn Outbox) {
    let lease = outbox.lease(sample::uuid(), Duration::from_secs(60)).await.expect("an answer").expect("a lease");
    let ids: Vec<_> = all_pending(outbox).await.iter().map(|event| event.id).collect();
    soon("events are marked", outbox.mark_published(lease, &ids)).await.expect("events are marked");
}
