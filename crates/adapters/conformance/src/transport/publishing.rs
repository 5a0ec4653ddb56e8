//! What a publisher promises.

use bytes::Bytes;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::{SubscriptionConfig, TransportError};
use ticketing_core::wire::EventEnvelope;

use crate::events::assert_came;
use crate::outcome::{Outcome, broken};
use crate::sample;
use crate::time::meanwhile;

use super::TransportFixture;
use super::deviation::{Log, event_of};
use super::wire::{GROUP, Wire, ack, orders};

/// What is published arrives as it was, to the byte: every attribute, every topic, whatever the payload.
pub async fn events_arrive_as_they_were_sent(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let config = SubscriptionConfig { topics: Topic::ALL.to_vec(), ..wire.config(GROUP) };
    let mut member = wire.join_as(config).await;
    let mut sent: Vec<EventEnvelope> = Topic::ALL.map(|topic| sample::envelope(topic, sample::uuid(), 1)).to_vec();
    sent.extend(payloads().into_iter().map(|data| sample::busy_envelope(Topic::Payments, data)));
    wire.publish(&sent).await;
    wire.publish(&[]).await;

    let done = "an event of every topic, and some with odd payloads, were published";
    let mut came = Vec::new();
    for delivery in wire.take(&mut member, sent.len()).await.expect(done) {
        assert_eq!(delivery.attempt, 1, "the first delivery is attempt 1");
        came.push(event_of(&delivery).clone());
        ack(delivery);
    }
    sent.sort_by_key(|event| event.id);
    came.sort_by_key(|event| event.id);
    assert_came(done, &sent, &came);
    Outcome::Kept
}

/// None, every byte there is, text of the whole world, and half a megabyte.
fn payloads() -> Vec<Bytes> {
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    vec![
        Bytes::new(),
        Bytes::from(every_byte),
        Bytes::from_static("{\"title\":\"Grüße, 世界 🎫 \\u0000\"}".as_bytes()),
        Bytes::from(vec![b'x'; 512 * 1024]),
    ]
}

/// An Ok means durable: ten thousand events that were acknowledged are all delivered.
pub async fn what_was_acknowledged_is_delivered(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let mut member = wire.join(GROUP).await;
    let events = orders(1000, 10);
    let publishing = async {
        for batch in events.chunks(500) {
            wire.publish(batch).await;
        }
    };
    let ((), log) = futures::future::join(publishing, wire.receive(&mut member, &events)).await;
    log.expect("`publish` of 10000 events succeeded");
    Outcome::Kept
}

/// An error reports the durable prefix exactly: what it counts is delivered, and what comes next is why it failed.
pub async fn a_failed_publication_tells_its_durable_prefix(fixture: &dyn TransportFixture) -> Outcome {
    let Some(size) = fixture.too_large() else {
        return Outcome::NotClaimed("the fixture knows no payload that is too large to be carried");
    };
    let wire = Wire(fixture);
    let mut member = wire.join(GROUP).await;
    let mut events = orders(3, 2);
    let culprit =
        EventEnvelope { data: Bytes::from(vec![b'x'; size]), ..sample::envelope(Topic::Orders, sample::uuid(), 1) };
    events.insert(4, culprit);

    let end = meanwhile(fixture, "`publish` returns", fixture.publisher().publish(&events)).await;
    let Err(error) = end else { broken("an event that is too large was published") };
    assert!(
        matches!(error.source, TransportError::Refused(_)),
        "too large is refused permanently, not {:?}",
        error.source
    );
    assert_eq!(error.durable, 4, "the fifth of 7 events is too large, and `publish` counts others than 4 as durable");

    // A caller that sets the culprit aside and goes on behind it loses nothing.
    let (durable, rest) = events.split_at(error.durable);
    let rest = rest.get(1..).unwrap_or_default();
    wire.publish(rest).await;
    let done = "`publish` counted 4 durable events before one that is too large, and those behind it were published";
    wire.receive(&mut member, &[durable, rest].concat()).await.expect(done);
    Outcome::Kept
}

/// A publication that breaks off counts nothing that is lost, and what it does not count can be published again.
pub async fn a_failed_publication_counts_nothing_that_is_lost(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let config = SubscriptionConfig { topics: vec![Topic::Orders, Topic::Payments], ..wire.config(GROUP) };
    let mut member = wire.join_as(config).await;
    if !fixture.interrupt(Topic::Payments).await {
        return Outcome::NotClaimed("the fixture cannot have a publication break off");
    }
    let mut events = orders(6, 2);
    events.insert(7, sample::envelope(Topic::Payments, sample::uuid(), 1));
    let end = meanwhile(fixture, "`publish` returns", fixture.publisher().publish(&events)).await;
    fixture.resume(Topic::Payments).await;
    let Err(error) = end else { broken("payments could not be published, and `publish` of one succeeded") };
    let is_passing = matches!(error.source, TransportError::Unavailable(_));
    assert!(is_passing, "`publish` broke off: it was to fail with `Unavailable`; it failed with {:?}", error.source);

    let done = format!("`publish` of 13 events broke off, and counted {} as durable", error.durable);
    let (durable, rest) = events.split_at(error.durable.min(events.len()));
    let mut log = Log::of(durable);
    log.tolerate(rest);
    wire.finish(&mut member, &mut log).await.expect(&done);
    wire.publish(rest).await;
    log.want(rest);
    let done = format!("{done}, and the rest was published again");
    wire.finish(&mut member, &mut log).await.expect(&done);
    Outcome::Kept
}
