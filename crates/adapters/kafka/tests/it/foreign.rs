//! What others wrote to our topics.

use rdkafka::message::{Header, OwnedHeaders};
use ticketing_conformance::sample;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::{Arrival, Settlement};
use ticketing_core::wire;

use crate::world::{World, ack, orders, take};

/// The headers of an event, one of them with these bytes.
fn headers(spoilt: Option<&[u8]>) -> OwnedHeaders {
    let event = sample::envelope(Topic::Orders, sample::uuid(), 1);
    let known = wire::to_headers(&event)
        .iter()
        .fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: Some(value) }));
    known.insert(Header { key: "x-foreign", value: spoilt })
}

#[tokio::test]
async fn foreign_messages_are_told_and_hold_nothing_up() {
    let world = World::start(1).await;
    let key = sample::uuid().to_string();
    world.put(Some(key.as_bytes()), None, headers(None)).await;
    world.put(None, Some(b"{}"), headers(None)).await;
    world.put(Some(b"\xff\xfe"), Some(b"{}"), headers(None)).await;
    world.put(Some(key.as_bytes()), Some(b"{}"), headers(Some(b"\xff"))).await;
    world.put(Some(key.as_bytes()), Some(b"{}"), headers(None)).await;
    world.put(Some(b""), Some(b""), OwnedHeaders::new()).await;
    let event = orders(1);
    world.publish(&event).await;

    let mut member = world.join("catalog").await;
    let mut reasons = Vec::new();
    for delivery in take(&mut member, 7).await {
        match &delivery.arrival {
            Arrival::Undecodable { reason, raw } => {
                assert_eq!(raw.topic, Topic::Orders.name());
                reasons.push(reason.what.clone());
            }
            Arrival::Event(arrived) => assert_eq!(*arrived, event[0]),
        }
        ack(delivery);
    }

    let wanted = [
        "the body is missing: it is a tombstone",
        "the key is missing",
        "the key is not UTF-8",
        "header x-foreign is not UTF-8",
        "the key is not the subject",
        "ce_specversion is missing",
    ];
    assert_eq!(reasons, wanted);
}

#[tokio::test]
async fn a_foreign_message_under_the_key_of_a_subject_keeps_its_place() {
    let world = World::start(1).await;
    let events = sample::history(Topic::Orders, 2);
    let key = events[0].subject.to_string();
    world.publish(&events[..1]).await;
    world.put(Some(key.as_bytes()), Some(b"?"), OwnedHeaders::new()).await;
    world.publish(&events[1..]).await;

    let mut member = world.join("catalog").await;
    let first = take(&mut member, 1).await.pop().unwrap();
    first.settle(Settlement::Retry { after: std::time::Duration::ZERO }).unwrap();
    let again: Vec<_> = take(&mut member, 3).await;

    assert_eq!(again[0].attempt, 2);
    assert!(matches!(&again[1].arrival, Arrival::Undecodable { .. }), "the foreign message was overtaken");
    again.into_iter().for_each(ack);
}
