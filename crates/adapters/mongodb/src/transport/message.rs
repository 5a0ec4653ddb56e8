//! Messages as rows of the log, and the other way round.

use bson::raw::{RawBsonRef, cstr};
use bson::spec::BinarySubtype;
use bson::{Binary, DateTime, RawArrayBuf, RawDocument, RawDocumentBuf, rawdoc};
use bytes::Bytes;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::Arrival;
use ticketing_core::wire::{self, EventEnvelope, RawMessage, Undecodable};
use uuid::Uuid;

use super::partition::Partition;

/// A message that is to be appended.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) partition: Partition,
    event: Option<Uuid>,
    raw: RawMessage,
}

impl Message {
    pub(super) fn of(event: &EventEnvelope) -> Self {
        let (topic, key) = (event.topic.name().to_owned(), event.subject.to_string());
        let partition = Partition::of(event.topic, &key);
        let raw = RawMessage { topic, key, headers: wire::to_headers(event), body: event.data.clone() };
        Self { partition, event: Some(event.id.uuid()), raw }
    }

    /// A message as another program might have written it; `None` if its topic is none of ours.
    pub(super) fn of_raw(raw: RawMessage) -> Option<Self> {
        let topic = Topic::ALL.into_iter().find(|topic| topic.name() == raw.topic)?;
        Some(Self { partition: Partition::of(topic, &raw.key), event: None, raw })
    }

    /// About how many bytes its row has.
    pub(super) fn size(&self) -> usize {
        let headers: usize = self.raw.headers.iter().map(|(name, value)| name.len() + value.len() + 24).sum();
        self.raw.key.len() + self.raw.body.len() + headers + 256
    }

    /// Its row at a position.
    pub(super) fn row(&self, position: u64, at: DateTime) -> RawDocumentBuf {
        let Partition { topic, number } = self.partition;
        let id = rawdoc! { "topic": topic, "partition": number, "position": position.cast_signed() };
        let mut row = rawdoc! { "_id": id, "at": at, "key": self.raw.key.as_str() };
        if let Some(event) = self.event {
            row.append(cstr!("event"), Binary::from(bson::Uuid::from(event)));
        }
        let mut headers = RawArrayBuf::new();
        for (name, value) in &self.raw.headers {
            let mut pair = RawArrayBuf::new();
            pair.push(name.as_str());
            pair.push(value.as_str());
            headers.push(pair);
        }
        row.append(cstr!("headers"), headers);
        row.append(cstr!("body"), Binary { subtype: BinarySubtype::Generic, bytes: self.raw.body.to_vec() });
        row
    }
}

/// A row of the log.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) partition: Partition,
    pub(super) position: u64,
    pub(super) arrival: Arrival,
}

impl Kept {
    /// Reads a row; `None` if it has no place in the log. Its payload is a part of it and not copied.
    pub(super) fn read(document: RawDocumentBuf) -> Option<Self> {
        let bytes = Bytes::from(document.into_bytes());
        let row = RawDocument::from_bytes(&bytes).ok()?;
        let (partition, position) = place(row)?;
        let mut damage = None;
        let mut raw = RawMessage {
            topic: partition.topic.to_owned(),
            key: String::new(),
            headers: Vec::new(),
            body: Bytes::new(),
        };
        match row.get(cstr!("key")).ok().flatten().and_then(RawBsonRef::as_str) {
            Some(key) => key.clone_into(&mut raw.key),
            None => damage = Some("a row without a key"),
        }
        match headers(row) {
            Some(headers) => raw.headers = headers,
            None => damage = damage.or(Some("a row whose headers are no pairs of texts")),
        }
        match row.get(cstr!("body")).ok().flatten().and_then(RawBsonRef::as_binary) {
            Some(body) => raw.body = bytes.slice_ref(body.bytes),
            None => damage = damage.or(Some("a row without a body")),
        }
        Some(Self { partition, position, arrival: arrival(raw, damage) })
    }

    pub(super) fn size(&self) -> usize {
        match &self.arrival {
            Arrival::Event(event) => event.data.len(),
            Arrival::Undecodable { raw, .. } => raw.body.len(),
        }
    }
}

fn arrival(raw: RawMessage, damage: Option<&str>) -> Arrival {
    let damage = damage.map(|what| Undecodable { what: what.to_owned() });
    match damage.map_or_else(|| wire::from_message(&raw), Err) {
        Ok(event) => Arrival::Event(event),
        Err(reason) => Arrival::Undecodable { raw, reason },
    }
}

fn place(row: &RawDocument) -> Option<(Partition, u64)> {
    let id = row.get_document(cstr!("_id")).ok()?;
    let partition = Partition::named(id.get_str(cstr!("topic")).ok()?, id.get_i32(cstr!("partition")).ok()?)?;
    Some((partition, u64::try_from(id.get_i64(cstr!("position")).ok()?).ok()?))
}

fn headers(row: &RawDocument) -> Option<Vec<(String, String)>> {
    let pair = |pair: RawBsonRef<'_>| {
        let mut both = pair.as_array()?.into_iter().map(|part| part.ok().and_then(RawBsonRef::as_str));
        Some((both.next()??.to_owned(), both.next()??.to_owned()))
    };
    row.get_array(cstr!("headers")).ok()?.into_iter().map(|entry| pair(entry.ok()?)).collect()
}

#[cfg(test)]
mod tests {
    use ticketing_conformance::sample;

    use super::*;

    fn without(row: &RawDocument, field: &str) -> RawDocumentBuf {
        let fields = row.iter().map(|field| field.unwrap()).filter(|(name, _)| name.as_str() != field);
        fields.fold(RawDocumentBuf::new(), |mut rest, (name, value)| {
            rest.append(name, value);
            rest
        })
    }

    #[test]
    fn an_event_is_read_as_it_was_written() {
        let event = sample::history(Topic::Orders, 1).remove(0);
        let message = Message::of(&event);
        let kept = Kept::read(message.row(7, DateTime::from_millis(1))).unwrap();
        assert_eq!((kept.partition, kept.position), (message.partition, 7));
        assert_eq!(kept.arrival, Arrival::Event(event));
    }

    #[test]
    fn a_damaged_row_keeps_its_place_and_what_can_be_read() {
        let event = sample::history(Topic::Orders, 1).remove(0);
        let row = Message::of(&event).row(7, DateTime::from_millis(1));
        for field in ["key", "headers", "body"] {
            let kept = Kept::read(without(&row, field)).unwrap();
            assert_eq!(kept.position, 7);
            let Arrival::Undecodable { raw, .. } = kept.arrival else { panic!("{field} is not missed") };
            assert!(field == "key" || raw.key == event.subject.to_string());
        }
        assert!(Kept::read(without(&row, "_id")).is_none());
    }
}
