//! Envelopes and what becomes of them.

use bytes::Bytes;
use ticketing_core::domain::account::PublicAccount;
use ticketing_core::domain::event::{Event, Topic};
use ticketing_core::domain::ids::{AccountId, EventId, OrderId, PassId, PaymentId, TicketId};
use ticketing_core::domain::order::{Order, OrderChange};
use ticketing_core::domain::pass::Pass;
use ticketing_core::domain::payment::Payment;
use ticketing_core::domain::ticket::{Sales, Ticket};
use ticketing_core::ports::parking::Parked;
use ticketing_core::ports::transport::Arrival;
use ticketing_core::wire::{self, EventEnvelope, Origin, RawMessage};
use uuid::Uuid;

use super::{NOW, uuid};

/// An event of a subject at a version, in its envelope.
///
/// Of expirations there is one event ever, so from version 2 on their payload does not match the envelope.
#[must_use]
pub fn envelope(topic: Topic, subject: Uuid, version: u64) -> EventEnvelope {
    let event = event(topic, subject, version);
    EventEnvelope { version, ..wire::seal(&event, EventId::new(uuid()), NOW, &Origin::new(uuid())) }
}

/// The first `length` events of a new subject.
#[must_use]
pub fn history(topic: Topic, length: u64) -> Vec<EventEnvelope> {
    let subject = uuid();
    (1..=length).map(|version| envelope(topic, subject, version)).collect()
}

/// An event with all that an envelope can have, and this payload.
#[must_use]
pub fn busy_envelope(topic: Topic, data: Bytes) -> EventEnvelope {
    let origin = Origin {
        correlation: uuid(),
        causation: Some(EventId::new(uuid())),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        extensions: vec![("ce_tenant".to_owned(), "Grüße, 世界 🎫".to_owned()), ("x-empty".to_owned(), String::new())],
    };
    EventEnvelope { origin, data, ..envelope(topic, uuid(), 1) }
}

/// Bytes under a key that are no event of ours.
#[must_use]
pub fn raw_message(key: &str) -> RawMessage {
    RawMessage {
        topic: Topic::Orders.name().to_owned(),
        key: key.to_owned(),
        headers: vec![("content-type".to_owned(), "image/png".to_owned())],
        body: Bytes::from_static(b"\x89PNG\r\n\x00\xff"),
    }
}

/// A delivery of an event that a consumer set aside.
#[must_use]
pub fn parked(consumer: &str, event: EventEnvelope) -> Parked {
    let arrival = Arrival::Event(event);
    Parked {
        id: uuid(),
        consumer: consumer.to_owned(),
        key: arrival.key(),
        arrival,
        reason: "the handler failed: “☠”".to_owned(),
        parked_at: NOW,
        released: false,
    }
}

fn event(topic: Topic, subject: Uuid, version: u64) -> Event {
    match topic {
        Topic::Accounts => {
            let account = super::account().to_public();
            Event::AccountRenamed(PublicAccount { id: AccountId::new(subject), version, ..account })
        }
        Topic::Tickets => {
            Event::TicketUpdated(Ticket { id: TicketId::new(subject), version, ..super::ticket() }.into())
        }
        Topic::Orders => {
            let order = Order { id: OrderId::new(subject), version, ..super::order(AccountId::new(uuid())) };
            Event::OrderCreated(OrderChange { order, sales: Sales { held: 1, sold: 0, version } })
        }
        Topic::Payments => {
            let (_, payment) = super::payment();
            Event::PaymentCaptured(Payment { id: PaymentId::new(subject), version, ..payment })
        }
        Topic::Admissions => {
            let pass = super::admission().passes.remove(0).pass;
            Event::PassIssued(Pass { id: PassId::new(subject), version, ..pass })
        }
        Topic::Expirations => Event::ExpirationCompleted { order: OrderId::new(subject), pay_by: NOW },
    }
}
