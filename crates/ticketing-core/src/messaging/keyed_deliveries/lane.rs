//! What deliveries are ordered by, as a number.

use std::hash::{DefaultHasher, Hash, Hasher};

use uuid::Uuid;

use crate::ports::transport::Arrival;

/// What deliveries are ordered by. Keys that share a lane by chance only wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lane(u128);

impl Lane {
    /// The lane of [`Arrival::key`], without making a string of it.
    #[must_use]
    pub fn of(arrival: &Arrival) -> Self {
        match arrival {
            Arrival::Event(envelope) => Self(envelope.subject.as_u128()),
            Arrival::Undecodable { raw, .. } => Self::of_key(&raw.key),
        }
    }

    /// The lane of a key; one for all spellings of a subject.
    #[must_use]
    pub fn of_key(key: &str) -> Self {
        Uuid::try_parse(key).map_or_else(|_| Self(hash(key)), |subject| Self(subject.as_u128()))
    }
}

fn hash(key: &str) -> u128 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish().into()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use crate::wire::{RawMessage, Undecodable};

    use super::*;

    fn undecodable(key: &str) -> Arrival {
        let (topic, key) = ("ticketing.orders".to_owned(), key.to_owned());
        let raw = RawMessage { topic, key, headers: Vec::new(), body: Bytes::new() };
        Arrival::Undecodable { raw, reason: Undecodable { what: "?".to_owned() } }
    }

    #[test]
    fn whatever_is_parked_under_one_key_waits_in_one_lane() {
        let keys = [
            "01931b6e-8f00-7000-8000-000000000001",
            "01931B6E-8F00-7000-8000-000000000001",
            "01931b6e8f0070008000000000000001",
            "{01931b6e-8f00-7000-8000-000000000001}",
            "01931b6e-8f00-7000-8000-000000000002",
            "one",
            "ONE",
            "",
        ];
        for one in keys.map(undecodable) {
            for other in keys.map(undecodable) {
                assert_eq!(one.key() == other.key(), Lane::of(&one) == Lane::of(&other), "{one:?} and {other:?}");
            }
        }
    }

    #[test]
    fn a_subject_is_one_lane_however_it_is_written() {
        let subject = "01931B6E-8F00-7000-8000-000000000001";
        assert_eq!(Lane::of_key(subject), Lane::of_key("01931b6e8f0070008000000000000001"));
        assert_ne!(Lane::of_key("one"), Lane::of_key("two"));
    }
}
