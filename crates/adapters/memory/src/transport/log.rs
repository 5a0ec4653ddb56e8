//! The log: what was published, partition by partition, in order.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use ticketing_core::domain::event::Topic;
use ticketing_core::messaging::keyed_deliveries::Lane;
use ticketing_core::ports::transport::Arrival;
use ticketing_core::wire::{self, RawMessage};

/// One of the sequences that make up a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PartitionId {
    pub(super) topic: Topic,
    pub(super) number: usize,
}

pub(super) struct Message {
    pub(super) lane: Lane,
    pub(super) arrival: Arrival,
}

impl Message {
    pub(super) fn of(arrival: Arrival) -> Self {
        Self { lane: Lane::of(&arrival), arrival }
    }

    /// A message that may be no event of ours.
    pub(super) fn of_raw(raw: RawMessage) -> Self {
        Self::of(match wire::from_message(&raw) {
            Ok(event) => Arrival::Event(event),
            Err(reason) => Arrival::Undecodable { raw, reason },
        })
    }
}

/// Messages of one partition. Each has an offset: how many came before it, ever.
#[derive(Default)]
pub(super) struct Partition {
    first: u64,
    messages: VecDeque<Message>,
}

impl Partition {
    /// The offset of the oldest message that is kept.
    pub(super) const fn first(&self) -> u64 {
        self.first
    }

    /// The offset of the next message.
    pub(super) fn end(&self) -> u64 {
        self.first + self.messages.len() as u64
    }

    pub(super) fn get(&self, offset: u64) -> Option<&Message> {
        usize::try_from(offset.checked_sub(self.first)?).ok().and_then(|at| self.messages.get(at))
    }
}

pub(super) struct Log {
    partitions: BTreeMap<PartitionId, Partition>,
    per_topic: usize,
    retention: usize,
}

impl Log {
    pub(super) fn new(per_topic: usize, retention: usize) -> Self {
        let per_topic = per_topic.max(1);
        let ids =
            Topic::ALL.into_iter().flat_map(|topic| (0..per_topic).map(move |number| PartitionId { topic, number }));
        Self { partitions: ids.map(|id| (id, Partition::default())).collect(), per_topic, retention }
    }

    /// Appends a message behind all others of its lane.
    pub(super) fn append(&mut self, topic: Topic, message: Message) -> PartitionId {
        let id = PartitionId { topic, number: self.number(message.lane) };
        self.partitions.entry(id).or_default().messages.push_back(message);
        id
    }

    fn number(&self, lane: Lane) -> usize {
        let mut hasher = DefaultHasher::new();
        lane.hash(&mut hasher);
        let partitions = self.per_topic as u64;
        usize::try_from(hasher.finish() % partitions).expect("it is less than a number that is a usize")
    }

    /// Drops the oldest messages above the retention, up to the first that some group still needs.
    pub(super) fn trim(&mut self, id: PartitionId, needed: impl FnOnce() -> Option<u64>) {
        let Some(partition) = self.partitions.get_mut(&id) else { return };
        if partition.messages.len() <= self.retention {
            return;
        }
        let needed = needed().unwrap_or(u64::MAX);
        while partition.messages.len() > self.retention && partition.first < needed {
            partition.messages.pop_front();
            partition.first += 1;
        }
    }

    pub(super) fn of(&self, topic: Topic) -> impl Iterator<Item = (PartitionId, &Partition)> {
        self.partitions.iter().filter(move |(id, _)| id.topic == topic).map(|(id, partition)| (*id, partition))
    }

    pub(super) fn get(&self, id: PartitionId) -> Option<&Partition> {
        self.partitions.get(&id)
    }

    pub(super) fn retained(&self, topic: Topic) -> usize {
        self.of(topic).map(|(_, partition)| partition.messages.len()).sum()
    }
}
