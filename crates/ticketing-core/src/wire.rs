//! How an event becomes bytes, and old bytes become events.
//!
//! An event travels as `CloudEvents` 1.0 in binary mode: its attributes are
//! headers, its payload is JSON. This is the only serialization of events, of
//! the changed tickets that a feed reports, and of the questions that are kept.
//!
//! Compatibility: fields are added as optional. Where an old reader would be
//! *wrong*, the schema version of that type moves, and `wire/upcast.rs` turns old
//! payloads into new ones. Each version ever shipped has a golden file.

mod attributes;
mod kept_question;
mod origin;
mod payload;
mod ticket_changes;
mod upcast;

use std::borrow::Cow;

use bytes::Bytes;
use uuid::Uuid;

use crate::domain::event::{Event, Topic};
use crate::domain::ids::EventId;
use crate::domain::time::Timestamp;

pub use attributes::{fold_headers, from_message, to_headers};
pub use kept_question::{NoQuestion, kept_question, question_of};
pub use origin::Origin;
pub use ticket_changes::{TicketChange, TicketChanges, TicketState};

/// An event as it travels: who, what, when, and the payload in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventEnvelope {
    /// Its name; the same in every copy.
    pub id: EventId,
    /// The stream it belongs to.
    pub topic: Topic,
    /// What happened, such as `order.created`.
    pub kind: Cow<'static, str>,
    /// The version of the payload's schema.
    pub schema: u32,
    /// When it happened.
    pub time: Timestamp,
    /// The aggregate it is about, and its key on the broker.
    pub subject: Uuid,
    /// The version of the aggregate after it.
    pub version: u64,
    /// Where it came from.
    pub origin: Origin,
    /// The payload, as JSON.
    pub data: Bytes,
}

/// A message as a broker hands it over, not yet understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawMessage {
    /// The name of the stream.
    pub topic: String,
    /// What it is ordered by.
    pub key: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The payload.
    pub body: Bytes,
}

/// Why bytes are no event of ours: set them aside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("undecodable: {what}")]
pub struct Undecodable {
    /// What is wrong with them.
    pub what: String,
}

impl Undecodable {
    fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }
}

/// Puts an event into its envelope.
#[must_use]
pub fn seal(event: &Event, id: EventId, time: Timestamp, origin: &Origin) -> EventEnvelope {
    EventEnvelope {
        id,
        topic: event.topic(),
        kind: Cow::Borrowed(payload::kind(event)),
        schema: upcast::CURRENT,
        time,
        subject: event.subject(),
        version: event.version(),
        origin: origin.clone(),
        data: payload::encode(event),
    }
}

/// The type of an event as an envelope holds it; only one that is yet to come takes memory.
#[must_use]
pub fn kind(name: &str) -> Cow<'static, str> {
    payload::Kind::of(name).map_or_else(|| Cow::Owned(name.to_owned()), |kind| Cow::Borrowed(kind.name()))
}

/// Reads the event in an envelope; `None` if a newer release added its type: pass it by.
///
/// # Errors
///
/// [`Undecodable`] if the payload is not what its type and schema promise.
pub fn open(envelope: &EventEnvelope) -> Result<Option<Event>, Undecodable> {
    let Some(kind) = payload::Kind::of(&envelope.kind) else {
        return Ok(None);
    };
    let event = if envelope.schema == upcast::CURRENT {
        payload::decode(kind, &envelope.data)?
    } else {
        payload::decode(kind, &upcast::upcast(kind, envelope.schema, &envelope.data)?)?
    };
    if event.subject() != envelope.subject || event.version() != envelope.version {
        return Err(Undecodable::new("the payload is about another subject or version than its envelope"));
    }
    Ok(Some(event))
}
