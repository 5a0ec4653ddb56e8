//! What is reported of what waits.

use std::time::Duration;

use ticketing_core::domain::event::Topic;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::audit_reader::Waiting;
use ticketing_core::ports::parking::{Parked, ParkingChange};
use ticketing_core::ports::store::UnitOfWork;
use ticketing_core::wire::EventEnvelope;

use crate::outcome::Outcome;
use crate::sample::{self, NOW};

use super::{AuditReaderFixture, answered};

/// What waits in the orders service; nothing waits in the others.
async fn waiting(fixture: &dyn AuditReaderFixture) -> Waiting {
    let all = answered(fixture.audit_reader().waiting()).await;
    let (mut orders, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|waiting| waiting.service == "orders");
    assert!(orders.len() <= 1, "a service is counted once: {orders:?}");
    for other in others {
        assert_eq!((other.unpublished, other.parked), (0, 0), "what waits is counted for {}", other.service);
    }
    orders.pop().unwrap_or(Waiting { service: "orders".to_owned(), ..Waiting::default() })
}

/// Events of one order, a minute between each and the next.
fn history(length: u64) -> Vec<EventEnvelope> {
    let minutes = |event: &EventEnvelope| Duration::from_secs(60 * event.version);
    sample::history(Topic::Orders, length)
        .into_iter()
        .map(|event| EventEnvelope { time: NOW.after(minutes(&event)), ..event })
        .collect()
}

fn minutes(minutes: u64) -> Timestamp {
    NOW.after(Duration::from_secs(60 * minutes))
}

async fn publish(fixture: &dyn AuditReaderFixture, events: &[EventEnvelope]) {
    let outbox = fixture.outbox();
    let lease = answered(outbox.lease(sample::uuid(), Duration::from_secs(3600))).await.expect("the lease is free");
    let ids: Vec<_> = events.iter().map(|event| event.id).collect();
    answered(outbox.mark_published(lease, &ids)).await;
    answered(outbox.release(lease)).await;
}

/// Events are counted until they are published, and deliveries while they are parked; each with its oldest.
pub async fn what_waits_is_counted(fixture: &dyn AuditReaderFixture) -> Outcome {
    let events = history(5);
    for batch in events.chunks(3) {
        answered(fixture.orders().commit(UnitOfWork { writes: Vec::new(), events: batch.to_vec() })).await;
    }
    let parked = [3, 1, 2].map(|age| {
        let parked = sample::parked("orders", sample::envelope(Topic::Tickets, sample::uuid(), 1));
        Parked { parked_at: minutes(age), ..parked }
    });
    for parked in &parked {
        answered(fixture.parking_lot().park(parked.clone())).await;
    }
    let all = waiting(fixture).await;
    assert_eq!((all.unpublished, all.unpublished_since), (5, Some(minutes(1))), "unpublished events are counted");
    assert_eq!((all.parked, all.parked_since), (3, Some(minutes(1))), "parked deliveries are counted");

    publish(fixture, events.split_at(2).0).await;
    let ids = vec![parked[1].id];
    answered(fixture.parking_lot().change(ParkingChange::Remove { ids })).await;
    let rest = waiting(fixture).await;
    assert_eq!((rest.unpublished, rest.unpublished_since), (3, Some(minutes(3))), "what is published waits no more");
    assert_eq!((rest.parked, rest.parked_since), (2, Some(minutes(2))), "what is removed waits no more");
    Outcome::Kept
}
