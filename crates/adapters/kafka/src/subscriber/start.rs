//! Where a group that never read a partition begins: fixed when it subscribes.

use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext};
use rdkafka::error::KafkaResult;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

/// Where some partitions begin, until the group knows.
///
/// Outsiders may commit for a group only while it has no members. If it has
/// some, a member does it as soon as it is one.
pub(super) struct Start {
    ends: Mutex<Option<Ends>>,
}

/// The ends of partitions as they were when their reader subscribed.
///
/// Not a list of the client: while one is alive its consumer cannot be dropped, and this lives in the consumer.
struct Ends {
    partitions: Vec<(String, i32, Offset)>,
    within: Duration,
}

impl Start {
    pub(super) const fn new() -> Self {
        Self { ends: Mutex::new(None) }
    }

    /// Fixes the ends of all `partitions` of which nothing is committed.
    pub(super) fn fix<C: ConsumerContext>(
        &self,
        consumer: &BaseConsumer<C>,
        partitions: TopicPartitionList,
        within: Duration,
    ) -> KafkaResult<()> {
        let mut unknown = uncommitted(consumer, partitions, within)?;
        if unknown.count() == 0 {
            return Ok(());
        }
        // In place of a time this asks for the newest offset.
        unknown.set_all_offsets(Offset::End)?;
        let ends = consumer.offsets_for_times(unknown, within)?;
        ends.elements().iter().try_for_each(|end| end.error())?;
        if let Err(error) = consumer.commit(&ends, CommitMode::Sync) {
            tracing::debug!(cause = %error, "the group has members already: a member sets where to begin");
            *self.lock() = Some(Ends::of(&ends, within));
        }
        Ok(())
    }

    /// Sets where the group begins, unless it is set by now. Called by a member, before it reads.
    pub(super) fn settle<C: ConsumerContext>(&self, consumer: &BaseConsumer<C>) {
        let mut ends = self.lock();
        let Some(fixed) = ends.as_ref() else { return };
        match fixed.commit(consumer) {
            Ok(()) => *ends = None,
            Err(error) => tracing::warn!(cause = %error, "the position where the group begins was not set"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Ends>> {
        self.ends.lock()
    }
}

impl Ends {
    fn of(list: &TopicPartitionList, within: Duration) -> Self {
        let elements = list.elements();
        let ends = elements.iter().map(|end| (end.topic().to_owned(), end.partition(), end.offset()));
        Self { partitions: ends.collect(), within }
    }

    fn commit<C: ConsumerContext>(&self, consumer: &BaseConsumer<C>) -> KafkaResult<()> {
        let mut all = TopicPartitionList::new();
        for (topic, partition, _) in &self.partitions {
            all.add_partition(topic, *partition);
        }
        let unknown = uncommitted(consumer, all, self.within)?;
        for (topic, partition, end) in &self.partitions {
            if let Some(mut begin) = unknown.find_partition(topic, *partition) {
                begin.set_offset(*end)?;
            }
        }
        if unknown.count() == 0 { Ok(()) } else { consumer.commit(&unknown, CommitMode::Sync) }
    }
}

/// Those partitions of which the group committed nothing.
fn uncommitted<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: TopicPartitionList,
    within: Duration,
) -> KafkaResult<TopicPartitionList> {
    let known = consumer.committed_offsets(partitions, within)?;
    let mut unknown = TopicPartitionList::new();
    for partition in known.elements() {
        partition.error()?;
        if partition.offset() == Offset::Invalid {
            unknown.add_partition(partition.topic(), partition.partition());
        }
    }
    Ok(unknown)
}
