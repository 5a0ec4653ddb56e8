//! Parked deliveries as documents.

use bson::raw::{CStr, RawBinaryRef, RawBsonRef, cstr};
use bson::spec::BinarySubtype;
use bson::{DateTime, RawDocument, Uuid};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use ticketing_core::ports::parking::Parked;
use ticketing_core::ports::transport::Arrival;
use ticketing_core::ports::unreadable::Unreadable;
use ticketing_core::wire::{RawMessage, Undecodable};

use crate::document::{self, Wrong, date, time};
use crate::outbox::event::EventDocument;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ParkedDocument<'a> {
    #[serde(rename = "_id")]
    id: Uuid,
    consumer: &'a str,
    key: &'a str,
    #[serde(borrow)]
    arrival: ArrivalDocument<'a>,
    reason: &'a str,
    parked_at: DateTime,
    released: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ArrivalDocument<'a> {
    #[serde(borrow)]
    Event(EventDocument<'a>),
    Undecodable(RawMessageDocument<'a>),
}

/// Bytes that are no event, and why.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RawMessageDocument<'a> {
    topic: &'a str,
    key: &'a str,
    #[serde(borrow)]
    headers: Vec<(&'a str, &'a str)>,
    #[serde(borrow)]
    body: RawBinaryRef<'a>,
    reason: &'a str,
}

impl<'a> ArrivalDocument<'a> {
    pub(super) fn of(arrival: &'a Arrival) -> Self {
        match arrival {
            Arrival::Event(envelope) => Self::Event(EventDocument::of(envelope)),
            Arrival::Undecodable { raw, reason } => Self::Undecodable(RawMessageDocument {
                topic: &raw.topic,
                key: &raw.key,
                headers: raw.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
                body: RawBinaryRef { subtype: BinarySubtype::Generic, bytes: &raw.body },
                reason: &reason.what,
            }),
        }
    }

    fn into_arrival(self) -> Result<Arrival, Wrong> {
        Ok(match self {
            Self::Event(event) => Arrival::Event(event.into_envelope(Bytes::copy_from_slice)?),
            Self::Undecodable(RawMessageDocument { topic, key, headers, body, reason }) => Arrival::Undecodable {
                raw: RawMessage {
                    topic: topic.to_owned(),
                    key: key.to_owned(),
                    headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
                    body: Bytes::copy_from_slice(body.bytes),
                },
                reason: Undecodable { what: reason.to_owned() },
            },
        })
    }
}

impl<'a> ParkedDocument<'a> {
    pub(crate) fn of(parked: &'a Parked) -> Self {
        Self {
            id: parked.id.into(),
            consumer: &parked.consumer,
            key: &parked.key,
            arrival: ArrivalDocument::of(&parked.arrival),
            reason: &parked.reason,
            parked_at: date(parked.parked_at),
            released: parked.released,
        }
    }
}

/// What a parked delivery is ordered by, also where the rest of it cannot be read.
pub(super) fn lane(document: &RawDocument) -> Option<(String, String)> {
    let text = |name: &CStr| document.get(name).ok().flatten().and_then(RawBsonRef::as_str).map(str::to_owned);
    Some((text(cstr!("consumer"))?, text(cstr!("key"))?))
}

/// Reads what is parked.
pub(crate) fn read(document: &RawDocument) -> Result<Parked, Unreadable> {
    let wrong = |what: String| Unreadable { collection: super::COLLECTION, id: document::id(document), what };
    let parked: ParkedDocument<'_> =
        bson::deserialize_from_slice(document.as_bytes()).map_err(|error| wrong(error.to_string()))?;
    let ParkedDocument { id, consumer, key, arrival, reason, parked_at, released } = parked;
    Ok(Parked {
        id: id.into(),
        consumer: consumer.to_owned(),
        key: key.to_owned(),
        arrival: arrival.into_arrival().map_err(|what| wrong(what.to_owned()))?,
        reason: reason.to_owned(),
        parked_at: time(parked_at),
        released,
    })
}
