//! In which order events arrive.

use std::collections::HashMap;

use ticketing_core::domain::event::Topic;
use ticketing_core::wire::EventEnvelope;
use uuid::Uuid;

use crate::outcome::Outcome;
use crate::sample;

use super::TransportFixture;
use super::wire::{GROUP, Wire, ack, event_of, orders};

/// Events of one subject keep their order: of a thousand subjects, whether published together or one by one.
pub async fn events_of_a_subject_keep_their_order(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let mut member = wire.join(GROUP).await;
    let events = orders(1000, 5);
    let together = sample::history(Topic::Orders, 200);
    let apart = sample::history(Topic::Orders, 50);
    let publishing = async {
        for batch in events.chunks(333) {
            wire.publish(batch).await;
        }
        wire.publish(&together).await;
        for event in &apart {
            wire.publish(std::slice::from_ref(event)).await;
        }
    };
    let wanted = [events.as_slice(), &together, &apart].concat();
    // That the versions of each subject come in order, the log sees to.
    let (log, ()) = futures::future::join(wire.receive(&mut member, &wanted), publishing).await;
    assert_eq!(log.repeated, 0, "what was settled came again");
    Outcome::Kept
}

/// A later event of a subject waits until the earlier ones are settled, or comes behind them in their batch.
pub async fn a_later_event_waits_for_the_earlier(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let mut member = wire.join(GROUP).await;
    let firsts = orders(8, 1);
    wire.publish(&firsts).await;
    let held = wire.take(&mut member, firsts.len()).await;

    let later: Vec<EventEnvelope> = firsts.iter().flat_map(|first| following(first.subject, 3)).collect();
    // Published behind, on every partition: once these came, the later ones had their chance.
    let others = orders(64, 2);
    wire.publish(&later).await;
    wire.publish(&others).await;
    wire.receive(&mut member, &others).await;

    let mut wanted: HashMap<Uuid, u64> = HashMap::new();
    for delivery in held {
        wanted.insert(event_of(&delivery).subject, 2);
        ack(delivery);
    }
    let mut left = later.len();
    while left > 0 {
        let batch = wire.next(&mut member, 100).await;
        left -= batch.len();
        for delivery in &batch {
            let event = event_of(delivery);
            let next = wanted.entry(event.subject).or_insert(0);
            assert_eq!(event.version, *next, "a version came out of turn");
            *next += 1;
        }
        batch.into_iter().for_each(ack);
    }
    Outcome::Kept
}

/// Versions 2 and up of a subject.
fn following(subject: Uuid, count: u64) -> Vec<EventEnvelope> {
    (2..2 + count).map(|version| sample::envelope(Topic::Orders, subject, version)).collect()
}
