//! Messages of the cluster ⇄ events.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use rdkafka::message::{BorrowedMessage, Header, Headers, Message, OwnedHeaders};
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::{Arrival, Kinds};
use ticketing_core::wire::{self, EventEnvelope, RawMessage, Undecodable};
use uuid::Uuid;

use crate::config::KafkaConfig;

/// What a message is recognized by at its offset: the id of an event; of anything else, when it was written.
pub(crate) type Print = u128;

/// A message, what it is recognized by, and about how much memory it takes.
#[derive(Debug, Clone)]
pub(crate) struct Decoded {
    pub(crate) print: Print,
    pub(crate) bytes: usize,
    pub(crate) arrival: Arrival,
}

/// A message that was read for a group.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) print: Print,
    /// What is to be handed over; nothing of an event of a kind that the group is not for.
    pub(crate) wanted: Option<Decoded>,
}

impl From<Decoded> for Fetched {
    fn from(decoded: Decoded) -> Self {
        Self { print: decoded.print, wanted: Some(decoded) }
    }
}

/// What topics are called on the cluster.
#[derive(Debug, Clone)]
pub(crate) struct Names(Vec<(String, Topic)>);

impl Names {
    pub(crate) fn of(config: &KafkaConfig, topics: &[Topic]) -> Self {
        Self(topics.iter().map(|topic| (config.topic(*topic), *topic)).collect())
    }

    pub(crate) fn topic(&self, name: &str) -> Option<Topic> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, topic)| *topic)
    }

    pub(crate) fn name(&self, topic: Topic) -> Option<&str> {
        self.0.iter().find(|(_, known)| *known == topic).map(|(name, _)| name.as_str())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

/// So many headers an event has, besides those that we do not know.
const HEADERS: usize = 12;

/// The headers of an event.
pub(crate) fn headers(event: &EventEnvelope) -> OwnedHeaders {
    let room = OwnedHeaders::new_with_capacity(HEADERS + event.origin.extensions.len());
    wire::fold_headers(event, room, |headers, key, value| headers.insert(Header { key, value: Some(value) }))
}

/// Reads messages; its one raw message is reused for each, so that decoding allocates no strings.
#[derive(Debug)]
pub(crate) struct Decoder {
    raw: RawMessage,
}

impl Decoder {
    pub(crate) const fn new() -> Self {
        let raw = RawMessage { topic: String::new(), key: String::new(), headers: Vec::new(), body: Bytes::new() };
        Self { raw }
    }

    /// Reads a message of a topic for a group of these kinds.
    pub(crate) fn fetch(&mut self, topic: Topic, message: &BorrowedMessage<'_>, kinds: Kinds) -> Fetched {
        match message.headers().and_then(|headers| other(headers, kinds)) {
            Some(print) => Fetched { print, wanted: None },
            None => self.decode(topic, message).into(),
        }
    }

    /// Reads a message of a topic, whatever it is made of.
    pub(crate) fn decode(&mut self, topic: Topic, message: &BorrowedMessage<'_>) -> Decoded {
        match self.fill(topic, message).and_then(|()| self.event()) {
            Ok(envelope) => {
                let print = envelope.id.uuid().as_u128();
                Decoded { print, bytes: self.bytes(), arrival: Arrival::Event(envelope) }
            }
            Err(reason) => {
                let arrival = Arrival::Undecodable { raw: self.raw.clone(), reason };
                let print = message.timestamp().to_millis().map_or(0, |millis| u128::from(millis.unsigned_abs()));
                Decoded { print, bytes: self.bytes(), arrival }
            }
        }
    }

    /// About how much memory the message takes that was read last.
    fn bytes(&self) -> usize {
        /// What its places in maps, lanes and lists take.
        const PLACE: usize = 512;
        let headers: usize = self.raw.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        PLACE + self.raw.key.len() + headers + self.raw.body.len()
    }

    fn event(&self) -> Result<EventEnvelope, Undecodable> {
        let envelope = wire::from_message(&self.raw)?;
        // The key decides over the partition, and with it over the order.
        if self.raw.key.parse() != Ok(envelope.subject) {
            return Err(undecodable("the key is not the subject"));
        }
        Ok(envelope)
    }

    /// Fills the raw message with all there is, and returns what every event of ours has.
    fn fill(&mut self, topic: Topic, message: &BorrowedMessage<'_>) -> Result<(), Undecodable> {
        topic.name().clone_into(&mut self.raw.topic);
        self.raw.body = message.payload().map_or_else(Bytes::new, Bytes::copy_from_slice);
        let key = refill(&mut self.raw.key, message.key().unwrap_or_default());
        self.fill_headers(message.headers())?;
        key.map_err(|()| undecodable("the key is not UTF-8"))?;
        message.key().ok_or_else(|| undecodable("the key is missing"))?;
        message.payload().ok_or_else(|| undecodable("the body is missing: it is a tombstone"))?;
        Ok(())
    }

    fn fill_headers(&mut self, headers: Option<&impl Headers>) -> Result<(), Undecodable> {
        let Some(headers) = headers else {
            self.raw.headers.clear();
            return Ok(());
        };
        self.raw.headers.resize_with(headers.count(), Default::default);
        // rdkafka panics over a name that is not UTF-8, and anybody may write one.
        let filled = catch_unwind(AssertUnwindSafe(|| self.copy_headers(headers)));
        filled.unwrap_or_else(|_| {
            self.raw.headers.clear();
            Err(undecodable("the name of a header is not UTF-8"))
        })
    }

    fn copy_headers(&mut self, headers: &impl Headers) -> Result<(), Undecodable> {
        let mut result = Ok(());
        for (header, (name, value)) in headers.iter().zip(&mut self.raw.headers) {
            header.key.clone_into(name);
            if refill(value, header.value.unwrap_or_default()).is_err() {
                result = Err(undecodable(format!("header {name} is not UTF-8")));
            }
        }
        result
    }
}

/// What an event is recognized by whose kind is none of these; nothing of what has to be looked at more closely.
fn other(headers: &impl Headers, kinds: Kinds) -> Option<Print> {
    if kinds == Kinds::All {
        return None;
    }
    let look = || {
        let (mut print, mut is_passed) = (None, false);
        for header in headers.iter() {
            match header.key {
                "ce_id" => print = Uuid::try_parse_ascii(header.value?).ok(),
                "ce_type" => is_passed = !kinds.have(std::str::from_utf8(header.value?).ok()?),
                _ => {}
            }
        }
        print.filter(|_| is_passed)
    };
    // rdkafka panics over a name that is not UTF-8.
    catch_unwind(AssertUnwindSafe(look)).ok().flatten().map(|id| id.as_u128())
}

/// The text of some bytes; with replacement characters, and an error, if they are none.
fn refill(text: &mut String, bytes: &[u8]) -> Result<(), ()> {
    text.clear();
    match std::str::from_utf8(bytes) {
        Ok(utf8) => {
            text.push_str(utf8);
            Ok(())
        }
        Err(_) => {
            text.push_str(&String::from_utf8_lossy(bytes));
            Err(())
        }
    }
}

fn undecodable(what: impl Into<String>) -> Undecodable {
    Undecodable { what: what.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two headers, as rdkafka hands them over whose second name is not UTF-8.
    struct Foreign;

    impl Headers for Foreign {
        fn count(&self) -> usize {
            2
        }

        fn try_get(&self, index: usize) -> Option<Header<'_, &[u8]>> {
            assert_eq!(index, 0, "called `Result::unwrap()` on an `Err` value: Utf8Error");
            Some(Header { key: "content-type", value: Some(b"image/png") })
        }
    }

    #[test]
    fn a_header_that_the_client_panics_over_is_undecodable() {
        let mut decoder = Decoder::new();

        let reason = decoder.fill_headers(Some(&Foreign)).unwrap_err();

        assert_eq!(reason.what, "the name of a header is not UTF-8");
        assert!(decoder.raw.headers.is_empty(), "headers of other messages are left");
    }
}
