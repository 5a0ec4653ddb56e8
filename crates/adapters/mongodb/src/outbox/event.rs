//! An event in the outbox, or in the parking lot.

use bson::raw::{RawBinaryRef, RawBsonRef};
use bson::spec::BinarySubtype;
use bson::{RawDocument, Uuid};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::ids::EventId;
use ticketing_core::domain::time;
use ticketing_core::wire::{self, EventEnvelope, Origin};

use crate::document::{Wrong, signed, unsigned};

/// An event, as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EventDocument<'a> {
    id: Uuid,
    topic: &'a str,
    kind: &'a str,
    schema: u32,
    time: i64,
    subject: Uuid,
    version: i64,
    correlation: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    causation: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    #[serde(default, borrow, skip_serializing_if = "Vec::is_empty")]
    extensions: Vec<(&'a str, &'a str)>,
    #[serde(borrow)]
    data: RawBinaryRef<'a>,
}

impl Default for EventDocument<'_> {
    fn default() -> Self {
        let nil = Uuid::from_bytes([0; 16]);
        Self {
            id: nil,
            topic: "",
            kind: "",
            schema: 0,
            time: 0,
            subject: nil,
            version: 0,
            correlation: nil,
            causation: None,
            traceparent: None,
            extensions: Vec::new(),
            data: RawBinaryRef { subtype: BinarySubtype::Generic, bytes: &[] },
        }
    }
}

impl<'a> EventDocument<'a> {
    /// How many fields every event has.
    const REQUIRED: usize = 9;

    pub(crate) fn of(event: &'a EventEnvelope) -> Self {
        Self {
            id: event.id.uuid().into(),
            topic: event.topic.name(),
            kind: &event.kind,
            schema: event.schema,
            time: event.time.millis(),
            subject: event.subject.into(),
            version: signed(event.version),
            correlation: event.origin.correlation.into(),
            causation: event.origin.causation.map(|id| id.uuid().into()),
            traceparent: event.origin.traceparent.as_deref(),
            extensions: event.extensions.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            data: RawBinaryRef { subtype: BinarySubtype::Generic, bytes: &event.data },
        }
    }

    /// Reads an event as serde would, in a third of the time: of all that a relay does, this is the most.
    pub(super) fn read(document: &'a RawDocument) -> Result<Self, Wrong> {
        let mut event = Self::default();
        let mut found = 0;
        for field in document {
            let (name, value) = field.map_err(|_| "no BSON")?;
            found += 1;
            match name.as_str() {
                "id" => event.id = uuid(value)?,
                "topic" => event.topic = text(value)?,
                "kind" => event.kind = text(value)?,
                "schema" => event.schema = u32::try_from(number(value)?).map_err(|_| "no schema")?,
                "time" => event.time = number(value)?,
                "subject" => event.subject = uuid(value)?,
                "version" => event.version = number(value)?,
                "correlation" => event.correlation = uuid(value)?,
                "data" => event.data = value.as_binary().ok_or("no bytes")?,
                other => {
                    found -= 1;
                    event.read_option(other, value)?;
                }
            }
        }
        if found == Self::REQUIRED { Ok(event) } else { Err("a field is missing") }
    }

    fn read_option(&mut self, name: &str, value: RawBsonRef<'a>) -> Result<(), Wrong> {
        match name {
            "causation" => self.causation = Some(uuid(value)?),
            "traceparent" => self.traceparent = Some(text(value)?),
            "extensions" => {
                let pairs = value.as_array().ok_or("no extensions")?.into_iter();
                self.extensions =
                    pairs.map(|pair| pair.ok().and_then(extension).ok_or("no extension")).collect::<Result<_, _>>()?;
            }
            // A newer release may know more.
            _ => {}
        }
        Ok(())
    }

    /// The event; `payload` makes its data out of what lies in the document.
    pub(crate) fn into_envelope(self, payload: impl FnOnce(&'a [u8]) -> Bytes) -> Result<EventEnvelope, Wrong> {
        Ok(EventEnvelope {
            id: EventId::new(self.id.into()),
            topic: Topic::ALL.into_iter().find(|topic| topic.name() == self.topic).ok_or("an unknown topic")?,
            kind: wire::kind(self.kind),
            schema: self.schema,
            time: time::Timestamp::from_millis(self.time),
            subject: self.subject.into(),
            version: unsigned(self.version)?,
            origin: Origin {
                correlation: self.correlation.into(),
                causation: self.causation.map(|id| EventId::new(id.into())),
                traceparent: self.traceparent.map(str::to_owned),
            },
            extensions: self.extensions.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            data: payload(self.data.bytes),
        })
    }
}

fn uuid(value: RawBsonRef<'_>) -> Result<Uuid, Wrong> {
    let bytes = value.as_binary().ok_or("no name")?.bytes;
    Ok(Uuid::from_bytes(bytes.try_into().map_err(|_| "no name")?))
}

fn text(value: RawBsonRef<'_>) -> Result<&str, Wrong> {
    value.as_str().ok_or("no text")
}

fn number(value: RawBsonRef<'_>) -> Result<i64, Wrong> {
    value.as_i64().or_else(|| value.as_i32().map(i64::from)).ok_or("no number")
}

fn extension(pair: RawBsonRef<'_>) -> Option<(&str, &str)> {
    let mut both = pair.as_array()?.into_iter().map(|part| part.ok().and_then(RawBsonRef::as_str));
    Some((both.next()??, both.next()??))
}
