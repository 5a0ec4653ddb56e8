//! An event in the outbox, or in the parking lot.

use bson::raw::{RawBinaryRef, RawBsonRef};
use bson::spec::BinarySubtype;
use bson::{RawDocument, Uuid};
use bytes::Bytes;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::ids::EventId;
use ticketing_core::domain::time;
use ticketing_core::wire::{self, EventEnvelope, Origin};

use crate::document::{Wrong, signed, unsigned};

/// An event, as it is stored.
#[derive(Debug, Serialize)]
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    extensions: Vec<(&'a str, &'a str)>,
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
            extensions: event.origin.extensions.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            data: RawBinaryRef { subtype: BinarySubtype::Generic, bytes: &event.data },
        }
    }

    /// Reads an event field by field: what serde derives was most of what a relay did.
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
                extensions: self
                    .extensions
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect(),
            },
            data: payload(self.data.bytes),
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for EventDocument<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(<&RawDocument>::deserialize(deserializer)?).map_err(D::Error::custom)
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

#[cfg(test)]
mod tests {
    use bson::{RawDocumentBuf, rawdoc};

    use super::*;
    use crate::document::encoded;

    fn event() -> EventEnvelope {
        EventEnvelope {
            id: EventId::new(uuid::Uuid::from_u128(1)),
            topic: Topic::Orders,
            kind: "order.created".into(),
            schema: 1,
            time: time::Timestamp::from_millis(7),
            subject: uuid::Uuid::from_u128(2),
            version: 3,
            origin: Origin {
                correlation: uuid::Uuid::from_u128(4),
                causation: Some(EventId::new(uuid::Uuid::from_u128(5))),
                traceparent: Some("00-0af7-b7ad-01".to_owned()),
                extensions: vec![("ce_partnerid".to_owned(), "p-7".to_owned())],
            },
            data: Bytes::from_static(b"{}"),
        }
    }

    fn read(document: &RawDocumentBuf) -> Result<EventEnvelope, Wrong> {
        EventDocument::read(document)?.into_envelope(Bytes::copy_from_slice)
    }

    #[test]
    fn an_event_is_read_as_it_was_written() {
        let chained = event();
        let bare = EventEnvelope { origin: Origin::new(chained.origin.correlation), ..chained.clone() };

        for event in [chained, bare] {
            let mut document = encoded(&EventDocument::of(&event)).unwrap();
            assert_eq!(read(&document), Ok(event.clone()));
            document.append(bson::raw::cstr!("of_a_newer_release"), 1);
            assert_eq!(read(&document), Ok(event));
        }
    }

    #[test]
    fn an_event_that_lacks_a_field_or_has_a_strange_one_is_unreadable() {
        let whole = encoded(&EventDocument::of(&event())).unwrap();
        for field in ["id", "topic", "kind", "schema", "time", "subject", "version", "correlation", "data"] {
            let without = |name: &str| {
                let fields = whole.iter().map(|field| field.unwrap()).filter(|(known, _)| known.as_str() != name);
                fields.fold(RawDocumentBuf::new(), |mut all, (name, value)| {
                    all.append(name, value);
                    all
                })
            };
            let mut strange = without(field);
            assert_eq!(read(&strange), Err("a field is missing"), "{field}");
            strange.append(bson::raw::CString::try_from(field).unwrap(), rawdoc! {});
            assert!(read(&strange).is_err(), "{field}");
        }
    }
}
