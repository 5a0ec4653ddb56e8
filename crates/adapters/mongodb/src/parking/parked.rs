//! Parked deliveries as documents.

use bson::spec::BinarySubtype;
use bson::{Binary, DateTime, Uuid};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use ticketing_core::ports::parking::Parked;
use ticketing_core::ports::transport::Arrival;
use ticketing_core::wire::{RawMessage, Undecodable};

use crate::document::{Record, Wrong, date, time};
use crate::outbox::row::EventDocument;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ParkedDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    consumer: String,
    key: String,
    arrival: ArrivalDocument,
    reason: String,
    parked_at: DateTime,
    released: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ArrivalDocument {
    Event(EventDocument),
    Undecodable(RawDocument),
}

/// Bytes that are no event, and why.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RawDocument {
    topic: String,
    key: String,
    headers: Vec<(String, String)>,
    body: Binary,
    reason: String,
}

impl From<Arrival> for ArrivalDocument {
    fn from(arrival: Arrival) -> Self {
        match arrival {
            Arrival::Event(envelope) => Self::Event(envelope.into()),
            Arrival::Undecodable { raw, reason } => Self::Undecodable(RawDocument {
                topic: raw.topic,
                key: raw.key,
                headers: raw.headers,
                body: Binary { subtype: BinarySubtype::Generic, bytes: raw.body.into() },
                reason: reason.what,
            }),
        }
    }
}

impl TryFrom<ArrivalDocument> for Arrival {
    type Error = Wrong;

    fn try_from(document: ArrivalDocument) -> Result<Self, Wrong> {
        Ok(match document {
            ArrivalDocument::Event(event) => Self::Event(event.try_into()?),
            ArrivalDocument::Undecodable(RawDocument { topic, key, headers, body, reason }) => Self::Undecodable {
                raw: RawMessage { topic, key, headers, body: Bytes::from(body.bytes) },
                reason: Undecodable { what: reason },
            },
        })
    }
}

impl From<Parked> for ParkedDocument {
    fn from(parked: Parked) -> Self {
        Self {
            id: parked.id.into(),
            consumer: parked.consumer,
            key: parked.key,
            arrival: parked.arrival.into(),
            reason: parked.reason,
            parked_at: date(parked.parked_at),
            released: parked.released,
        }
    }
}

impl Record for ParkedDocument {
    type Domain = Parked;
    const COLLECTION: &'static str = super::COLLECTION;

    /// Nobody races for a parked delivery, so it has one revision.
    fn head(&self) -> (Uuid, i64) {
        (self.id, 1)
    }

    fn into_domain(self) -> Result<Parked, Wrong> {
        Ok(Parked {
            id: self.id.into(),
            consumer: self.consumer,
            key: self.key,
            arrival: self.arrival.try_into()?,
            reason: self.reason,
            parked_at: time(self.parked_at),
            released: self.released,
        })
    }
}
