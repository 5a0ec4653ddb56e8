//! Partitions of a topic: each is a sequence of its own, and all events of a key are in one.

use bson::{Document, doc};
use ticketing_core::domain::event::Topic;
use uuid::Uuid;

/// How many a topic has. Written into the database, which is refused if it was made with another number.
pub(super) const PARTITIONS: i32 = 12;

/// A partition of a topic, in the order in which rows lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Partition {
    pub(super) topic: &'static str,
    pub(super) number: i32,
}

impl Partition {
    /// Where events of a key are. The same in every release.
    pub(super) fn of(topic: Topic, key: &str) -> Self {
        let hash = Uuid::try_parse(key).map_or_else(|_| hash(key.as_bytes()), |subject| hash(subject.as_bytes()));
        let number = i32::try_from(hash % u64::from(PARTITIONS.unsigned_abs())).unwrap_or_default();
        Self { topic: topic.name(), number }
    }

    pub(super) fn all(topic: Topic) -> impl Iterator<Item = Self> {
        (0..PARTITIONS).map(move |number| Self { topic: topic.name(), number })
    }

    /// The one that a document calls so.
    pub(super) fn named(topic: &str, number: i32) -> Option<Self> {
        let topic = Topic::ALL.into_iter().find(|known| known.name() == topic)?.name();
        (0..PARTITIONS).contains(&number).then_some(Self { topic, number })
    }

    /// What the row at a position is called.
    pub(super) fn row(self, position: u64) -> Document {
        doc! { "topic": self.topic, "partition": self.number, "position": position.cast_signed() }
    }

    /// The rows from one position to another, both among them.
    pub(super) fn rows(self, from: u64, to: u64) -> Document {
        doc! { "_id": { "$gte": self.row(from), "$lte": self.row(to) } }
    }
}

/// FNV-1a with 64 bits.
fn hash(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stays_in_its_partition_however_it_is_written_and_in_every_release() {
        for (key, number) in [("0191f0a4-7b7e-7c3a-9d3e-a1b2c3d4e5f6", 0), ("", 5), ("Schlüssel", 7)] {
            assert_eq!(Partition::of(Topic::Orders, key).number, number, "{key}");
        }
        let subject = "0191f0a4-7b7e-7c3a-9d3e-a1b2c3d4e5f6";
        for spelling in [subject.to_uppercase(), subject.replace('-', ""), format!("{{{subject}}}")] {
            assert_eq!(Partition::of(Topic::Orders, &spelling), Partition::of(Topic::Orders, subject));
        }
    }

    #[test]
    fn keys_are_spread_over_all_partitions() {
        let mut counts = [0; 12];
        for n in 0..12_000 {
            let key = Uuid::from_u128(0x0191_f0a4_7b7e_7000_8000_0000_0000_0000 + n).to_string();
            counts[usize::try_from(Partition::of(Topic::Orders, &key).number).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| (700..1300).contains(count)), "{counts:?}");
    }
}
