//! In which order events arrive.

use ticketing_core::domain::event::Topic;
use ticketing_core::wire::EventEnvelope;
use uuid::Uuid;

use crate::outcome::Outcome;
use crate::sample;

use super::TransportFixture;
use super::wire::{GROUP, Wire, ack, orders};

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
    let done = "events of a thousand subjects were published together and one by one";
    log.expect(done).assert_nothing_came_again(done);
    Outcome::Kept
}

/// A later event of a subject waits until the earlier ones are settled, or comes behind them in their batch.
pub async fn a_later_event_waits_for_the_earlier(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let mut member = wire.join(GROUP).await;
    let firsts = orders(8, 1);
    wire.publish(&firsts).await;
    let held = wire.take(&mut member, firsts.len()).await.expect("version 1 of 8 subjects was published");

    let later: Vec<EventEnvelope> = firsts.iter().flat_map(|first| following(first.subject, 3)).collect();
    // Published behind, on every partition: once these came, the later ones had their chance.
    let others = orders(64, 2);
    wire.publish(&later).await;
    wire.publish(&others).await;
    let done = "while version 1 of 8 subjects was out, versions 2 to 4 and events of 64 others were published";
    wire.receive(&mut member, &others).await.expect(done);

    held.into_iter().for_each(ack);
    let log = wire.receive(&mut member, &later).await;
    let done = "version 1 of 8 subjects was settled, and versions 2 to 4 waited";
    log.expect(done).assert_nothing_came_again(done);
    Outcome::Kept
}

/// Versions 2 and up of a subject.
fn following(subject: Uuid, count: u64) -> Vec<EventEnvelope> {
    (2..2 + count).map(|version| sample::envelope(Topic::Orders, subject, version)).collect()
}
