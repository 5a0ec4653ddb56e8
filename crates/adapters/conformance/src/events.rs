//! How rules speak of events: by topic, subject and version, and not by all that is in them.

use std::collections::HashMap;

use ticketing_core::ports::parking::Parked;
use ticketing_core::ports::transport::Arrival;
use ticketing_core::wire::EventEnvelope;
use uuid::Uuid;

use crate::outcome::broken;

/// What comes out of an adapter, one after the other.
pub(crate) trait Coming: PartialEq {
    /// What one of them is called, and several.
    const NOUNS: [&'static str; 2];

    fn id(&self) -> Uuid;

    fn name(&self) -> String;

    /// All that must arrive as it was, with its name.
    fn attributes(&self) -> Vec<(&'static str, String)>;
}

impl Coming for EventEnvelope {
    const NOUNS: [&'static str; 2] = ["event", "events"];

    fn id(&self) -> Uuid {
        self.id.uuid()
    }

    fn name(&self) -> String {
        format!("{}/{}/v{}", self.topic.name(), self.subject, self.version)
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![
            ("topic", self.topic.name().to_owned()),
            ("type", self.kind.to_string()),
            ("schema", self.schema.to_string()),
            ("time", self.time.to_string()),
            ("subject", self.subject.to_string()),
            ("version", self.version.to_string()),
            ("correlation", self.origin.correlation.to_string()),
            ("causation", format!("{:?}", self.origin.causation)),
            ("traceparent", format!("{:?}", self.origin.traceparent)),
            ("extensions", format!("{:?}", self.origin.extensions)),
            ("data", format!("{:?}", self.data)),
        ]
    }
}

impl Coming for Parked {
    const NOUNS: [&'static str; 2] = ["delivery", "deliveries"];

    fn id(&self) -> Uuid {
        self.id
    }

    fn name(&self) -> String {
        match &self.arrival {
            Arrival::Event(event) => event.name(),
            Arrival::Undecodable { raw, .. } => format!("{}/{}", raw.topic, raw.key),
        }
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = vec![
            ("consumer", self.consumer.clone()),
            ("key", self.key.clone()),
            ("reason", self.reason.clone()),
            ("time of parking", self.parked_at.to_string()),
            ("release", self.released.to_string()),
        ];
        match &self.arrival {
            Arrival::Event(event) => attributes.extend(event.attributes()),
            undecodable @ Arrival::Undecodable { .. } => attributes.push(("arrival", format!("{undecodable:?}"))),
        }
        attributes
    }
}

/// So many that were to come, as a sentence begins.
pub(crate) fn to_come<T: Coming>(count: usize) -> String {
    let [one, many] = T::NOUNS;
    if count == 1 { format!("1 {one} was to come") } else { format!("{count} {many} were to come") }
}

/// Fails unless what came after something was done is what was to come: in its order, to the byte.
#[track_caller]
pub(crate) fn assert_came<T: Coming>(done: &str, wanted: &[T], came: &[T]) {
    if wanted != came {
        broken(&format!("{done}: {}; {} came; {}", to_come::<T>(wanted.len()), came.len(), difference(wanted, came)));
    }
}

fn difference<T: Coming>(wanted: &[T], came: &[T]) -> String {
    let by_id = |all| -> HashMap<Uuid, &T> { <[T]>::iter(all).map(|one| (one.id(), one)).collect() };
    let (is_wanted, has_come) = (by_id(wanted), by_id(came));
    let extra = came.iter().find(|one| !is_wanted.contains_key(&one.id()));
    let missing = wanted.iter().find(|one| !has_come.contains_key(&one.id()));
    let changed = wanted.iter().find_map(|one| has_come.get(&one.id()).and_then(|came| change(one, came)));
    match (extra, missing, changed) {
        (Some(extra), ..) => format!("{} was not to come", extra.name()),
        (None, Some(missing), _) => format!("{} is missing", missing.name()),
        (None, None, Some(changed)) => changed,
        (None, None, None) => "some came out of turn or twice".to_owned(),
    }
}

/// The first attribute in which something came otherwise than it was.
fn change<T: Coming>(wanted: &T, came: &T) -> Option<String> {
    let mut attributes = wanted.attributes().into_iter().zip(came.attributes());
    let ((attribute, was), (_, is)) = attributes.find(|(was, is)| was != is)?;
    Some(format!("of {} the {attribute} came as {} and was {}", wanted.name(), beginning(&is), beginning(&was)))
}

fn beginning(text: &str) -> String {
    let end = text.char_indices().nth(80).map(|(end, _)| end);
    end.and_then(|end| text.get(..end)).map_or_else(|| text.to_owned(), |beginning| format!("{beginning}…"))
}
