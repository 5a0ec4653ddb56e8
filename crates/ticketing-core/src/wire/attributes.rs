//! Envelope ⇄ `CloudEvents` headers of the Kafka protocol binding, binary mode.

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

/// The headers of an envelope; its key is the subject and its body the data.
#[must_use]
pub fn to_headers(envelope: &EventEnvelope) -> Vec<(String, String)> {
    let origin = &envelope.origin;
    let mut headers = vec![
        ("ce_specversion".to_owned(), SPEC_VERSION.to_owned()),
        ("ce_id".to_owned(), envelope.id.to_string()),
        ("ce_type".to_owned(), envelope.kind.clone().into_owned()),
        ("ce_schema".to_owned(), envelope.schema.to_string()),
        ("ce_source".to_owned(), source(envelope.topic)),
        ("ce_time".to_owned(), envelope.time.to_string()),
        ("ce_subject".to_owned(), envelope.subject.to_string()),
        ("ce_aggregateversion".to_owned(), envelope.version.to_string()),
        ("ce_correlationid".to_owned(), origin.correlation.to_string()),
        ("content-type".to_owned(), CONTENT_TYPE.to_owned()),
    ];
    headers.extend(origin.causation.map(|id| ("ce_causationid".to_owned(), id.to_string())));
    headers.extend(origin.traceparent.clone().map(|text| ("ce_traceparent".to_owned(), text)));
    headers.extend(envelope.extensions.iter().cloned());
    headers
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
        },
        extensions: headers.unknown(),
        data: message.body.clone(),
    })
}

fn source(topic: Topic) -> String {
    format!("/{}", topic.name().replace('.', "/"))
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
        self.0.iter().filter(|(name, _)| !KNOWN.contains(&name.as_str())).cloned().collect()
    }
}
