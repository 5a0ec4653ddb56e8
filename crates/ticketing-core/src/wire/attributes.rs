//! Envelope ⇄ `CloudEvents` headers of the Kafka protocol binding, binary mode.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use uuid::Uuid;

use crate::domain::event::Topic;
use crate::domain::ids::EventId;
use crate::domain::time::Timestamp;

use super::{EventEnvelope, Origin, RawMessage, Undecodable};

const SPEC_VERSION: &str = "1.0";
const CONTENT_TYPE: &str = "application/json";
const KNOWN: [&str; 12] = [
    "ce_specversion",
    "ce_id",
    "ce_type",
    "ce_schema",
    "ce_source",
    "ce_time",
    "ce_subject",
    "ce_aggregateversion",
    "ce_correlationid",
    "ce_causationid",
    "ce_traceparent",
    "content-type",
];

/// Whether every event may have this header.
pub(super) fn is_known(header: &str) -> bool {
    KNOWN.contains(&header)
}

/// The headers of an envelope; its key is the subject and its body the data.
#[must_use]
pub fn to_headers(envelope: &EventEnvelope) -> Vec<(String, String)> {
    let room = Vec::with_capacity(KNOWN.len() + envelope.origin.extensions.len());
    fold_headers(envelope, room, |mut headers, name, value| {
        headers.push((name.to_owned(), value.to_owned()));
        headers
    })
}

/// Puts the headers of an envelope, name and value, one after the other into `headers`; costs no string for each.
pub fn fold_headers<H>(envelope: &EventEnvelope, headers: H, put: impl Fn(H, &str, &str) -> H) -> H {
    let EventEnvelope { topic, origin, .. } = envelope;
    let mut text = String::with_capacity(64);
    let mut show = |headers, name, value: fmt::Arguments<'_>| {
        text.clear();
        // Writing to a string never fails.
        let _written = text.write_fmt(value);
        put(headers, name, &text)
    };
    let mut headers = show(headers, "ce_specversion", format_args!("{SPEC_VERSION}"));
    headers = show(headers, "ce_id", format_args!("{}", envelope.id));
    headers = show(headers, "ce_type", format_args!("{}", envelope.kind));
    headers = show(headers, "ce_schema", format_args!("{}", envelope.schema));
    headers = show(headers, "ce_source", format_args!("{}", Source(*topic)));
    headers = show(headers, "ce_time", format_args!("{}", envelope.time));
    headers = show(headers, "ce_subject", format_args!("{}", envelope.subject));
    headers = show(headers, "ce_aggregateversion", format_args!("{}", envelope.version));
    headers = show(headers, "ce_correlationid", format_args!("{}", origin.correlation));
    headers = show(headers, "content-type", format_args!("{CONTENT_TYPE}"));
    if let Some(id) = origin.causation {
        headers = show(headers, "ce_causationid", format_args!("{id}"));
    }
    let known = origin.traceparent.iter().map(|text| ("ce_traceparent", text.as_str()));
    let unknown = origin.extensions.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    known.chain(unknown).fold(headers, |headers, (name, value)| put(headers, name, value))
}

/// Reads an envelope back from a message. The payload is not looked at.
///
/// # Errors
///
/// [`Undecodable`] names the first attribute that is missing or wrong.
pub fn from_message(message: &RawMessage) -> Result<EventEnvelope, Undecodable> {
    let headers = Headers(&message.headers);
    if headers.text("ce_specversion")? != SPEC_VERSION {
        return Err(Undecodable::new("ce_specversion is not 1.0"));
    }
    let topic = Topic::ALL.into_iter().find(|topic| topic.name() == message.topic);
    Ok(EventEnvelope {
        id: headers.parsed("ce_id").map(EventId::new)?,
        topic: topic.ok_or_else(|| Undecodable::new("the topic is not one of ours"))?,
        kind: super::kind(headers.text("ce_type")?),
        schema: headers.parsed("ce_schema")?,
        time: headers.parsed::<Timestamp>("ce_time")?,
        subject: headers.parsed("ce_subject")?,
        version: headers.parsed("ce_aggregateversion")?,
        origin: Origin {
            correlation: headers.parsed("ce_correlationid")?,
            causation: headers.optional::<Uuid>("ce_causationid")?.map(EventId::new),
            traceparent: headers.optional("ce_traceparent")?,
            extensions: headers.unknown(),
        },
        data: message.body.clone(),
    })
}

/// A topic as a path.
struct Source(Topic);

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.name().split('.').try_for_each(|part| write!(f, "/{part}"))
    }
}

struct Headers<'a>(&'a [(String, String)]);

impl<'a> Headers<'a> {
    fn find(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn text(&self, name: &str) -> Result<&'a str, Undecodable> {
        self.find(name).ok_or_else(|| Undecodable::new(format!("{name} is missing")))
    }

    fn parsed<T: FromStr>(&self, name: &str) -> Result<T, Undecodable> {
        self.text(name)?.parse().map_err(|_| Undecodable::new(format!("{name} is malformed")))
    }

    fn optional<T: FromStr>(&self, name: &str) -> Result<Option<T>, Undecodable> {
        self.find(name).map(|_| self.parsed(name)).transpose()
    }

    fn unknown(&self) -> Vec<(String, String)> {
        self.0.iter().filter(|(name, _)| !is_known(name)).cloned().collect()
    }
}
