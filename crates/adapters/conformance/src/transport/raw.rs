//! What is no event of ours.

use bytes::Bytes;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::Arrival;
use ticketing_core::wire::{self, EventEnvelope, RawMessage};

use crate::events::Coming;
use crate::outcome::{Outcome, broken};
use crate::sample;

use super::TransportFixture;
use super::wire::{GROUP, Wire, ack, orders};

/// What cannot be decoded is delivered as such, to the byte, and holds nothing up once it is settled.
pub async fn undecodable_bytes_are_delivered_as_such(fixture: &dyn TransportFixture) -> Outcome {
    let wire = Wire(fixture);
    let mut member = wire.join(GROUP).await;
    let mut messages = messages();
    let before = orders(20, 1);
    wire.publish(&before).await;
    for message in &messages {
        fixture.append(message.clone()).await;
    }
    let mut events = orders(20, 1);
    wire.publish(&events).await;
    events.extend(before);

    while !messages.is_empty() || !events.is_empty() {
        let left = format!("{} events and {} messages that are none were to come", events.len(), messages.len());
        for delivery in wire.next(&mut member, 7).await.expect(&left) {
            match &delivery.arrival {
                Arrival::Event(event) => remove(&mut events, event, &event.name()),
                Arrival::Undecodable { raw, reason } => {
                    assert!(!reason.what.is_empty(), "what is wrong is not said");
                    assert_eq!(delivery.arrival.key(), raw.key, "a raw message is ordered by its key");
                    remove(&mut messages, raw, &format!("{raw:?}"));
                }
            }
            ack(delivery);
        }
    }
    Outcome::Kept
}

#[track_caller]
fn remove<T: PartialEq>(wanted: &mut Vec<T>, come: &T, name: &str) {
    match wanted.iter().position(|wanted| wanted == come) {
        Some(place) => drop(wanted.swap_remove(place)),
        None => broken(&format!("40 events and 5 messages that are none were sent: {name} came, and was not sent so")),
    }
}

/// No headers, no body, no sense, and an event with one attribute spoilt.
fn messages() -> Vec<RawMessage> {
    let event = sample::envelope(Topic::Orders, sample::uuid(), 1);
    let bare = RawMessage { headers: Vec::new(), body: Bytes::new(), ..sample::raw_message("bare") };
    vec![
        sample::raw_message("picture"),
        bare,
        sample::raw_message("Schlüssel 🔑"),
        spoilt(&event, "ce_id"),
        spoilt(&event, "ce_aggregateversion"),
    ]
}

fn spoilt(event: &EventEnvelope, attribute: &str) -> RawMessage {
    let mut headers = wire::to_headers(event);
    headers.iter_mut().filter(|(name, _)| name == attribute).for_each(|(_, value)| "tomato".clone_into(value));
    let topic = event.topic.name().to_owned();
    RawMessage { topic, key: event.subject.to_string(), headers, body: event.data.clone() }
}
