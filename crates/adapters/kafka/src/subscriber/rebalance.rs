//! What happens when partitions change hands, on the thread that polls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError as ClientError, KafkaResult};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::client::{self, handshakes::Handshakes};
use crate::message::Names;

use super::mark::to_text;
use super::member::{Member, Partition, Phase, State};
use super::placing::Placing;
use super::start::Start;

/// How long a rebalance waits for what is out, so that it need not come again elsewhere.
const LAST_CHANCE: Duration = Duration::from_secs(1);

/// What a consumer calls back.
pub(super) struct Assignments {
    pub(super) member: Arc<Member>,
    pub(super) names: Names,
    /// Where partitions begin that the group never read, until that is committed.
    pub(super) start: Arc<Start>,
    pub(super) handshakes: Handshakes,
    placing: Arc<Placing>,
    is_in_doubt: AtomicBool,
}

impl Assignments {
    pub(super) fn new(member: Arc<Member>, names: Names, start: Arc<Start>, placing: Arc<Placing>) -> Self {
        let (handshakes, is_in_doubt) = (Handshakes::default(), AtomicBool::new(false));
        Self { member, names, start, handshakes, placing, is_in_doubt }
    }

    /// Whether positions of this consumer may be of another history of a log. Nothing of it is committed any more.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.is_in_doubt.load(Ordering::Relaxed)
    }

    pub(super) fn doubt(&self) {
        self.is_in_doubt.store(true, Ordering::Relaxed);
    }

    /// Commits how far this member came to the group.
    ///
    /// An asynchronous commit that fails is repeated with the next one, since nobody notes it as committed.
    pub(super) fn commit(&self, consumer: &BaseConsumer<Self>, mode: CommitMode) {
        let progress = self.offsets(|_| true);
        if progress.count() == 0 || self.is_in_doubt() {
            return;
        }
        match (consumer.commit(&progress, mode), mode) {
            (Ok(()), CommitMode::Sync) => self.note(&progress),
            (Ok(()), CommitMode::Async) => {}
            (Err(error), _) => tracing::debug!(cause = %error, "progress was not committed, and will be again"),
        }
    }

    /// What is to be committed of some partitions.
    fn offsets(&self, of: impl Fn(Partition) -> bool) -> TopicPartitionList {
        let mut offsets = TopicPartitionList::new();
        for (partition, progress) in &self.member.lock().partitions {
            let (Some(name), Some(offset)) = (self.names.name(partition.topic), progress.to_commit()) else { continue };
            if of(*partition) {
                // An offset that was assigned by the cluster can be represented.
                let _added = offsets.add_partition_offset(name, partition.number, Offset::Offset(offset));
                if let Some(mut added) = offsets.find_partition(name, partition.number) {
                    added.set_metadata(to_text(&progress.marks()));
                }
            }
        }
        offsets
    }

    fn note(&self, committed: &TopicPartitionList) {
        let mut state = self.member.lock();
        for element in committed.elements() {
            let partition = self.partition(element.topic(), element.partition());
            let progress = partition.and_then(|partition| state.partitions.get_mut(&partition));
            if let (Some(progress), Offset::Offset(offset), Ok(())) = (progress, element.offset(), element.error()) {
                progress.committed = Some(offset);
            }
        }
    }

    pub(super) fn partition(&self, topic: &str, number: i32) -> Option<Partition> {
        self.names.topic(topic).map(|topic| Partition { topic, number })
    }

    fn partitions(&self, list: &TopicPartitionList) -> Vec<Partition> {
        let elements = list.elements();
        elements.iter().filter_map(|element| self.partition(element.topic(), element.partition())).collect()
    }

    fn assign(&self, consumer: &BaseConsumer<Self>, assigned: &TopicPartitionList) {
        if assigned.count() == 0 {
            return;
        }
        self.start.settle(consumer);
        let generation = self.member.next_generation();
        match self.placing.places(consumer, assigned, || self.member.lock().phase == Phase::Left) {
            Ok(places) => {
                let mut state = self.member.lock();
                for (partition, known) in places {
                    state.assign(partition, generation, known);
                }
            }
            // What comes of them meanwhile is not taken in.
            Err(error) => {
                tracing::warn!(cause = %error, "the group did not report its position: this member joins again");
                self.doubt();
            }
        }
    }

    fn revoke(&self, consumer: &BaseConsumer<Self>, revoked: &TopicPartitionList) {
        let partitions = self.partitions(revoked);
        // A member that lost the partitions may no longer commit for them: another one reads them already.
        if !consumer.assignment_lost() && !self.is_in_doubt() {
            self.wait_for(&partitions);
            let offsets = self.offsets(|partition| partitions.contains(&partition));
            if offsets.count() > 0
                && let Err(error) = consumer.commit(&offsets, CommitMode::Sync)
            {
                tracing::warn!(cause = %error, "partitions were revoked before their progress was committed");
            }
        }
        let mut state = self.member.lock();
        for partition in partitions {
            state.revoke(partition);
        }
        drop(state);
        // Fewer partitions have more room, and a resumed one keeps no pause for its next assignment.
        let _resumed = consumer.resume(revoked);
    }

    /// Waits a little for what is out of some partitions, and lends nothing more of them.
    fn wait_for(&self, partitions: &[Partition]) {
        for partition in partitions {
            if let Some(progress) = self.member.lock().partitions.get_mut(partition) {
                progress.is_leaving = true;
            }
        }
        let is_free = |state: &State| {
            let mut held = partitions.iter().filter_map(|partition| state.partitions.get(partition));
            state.phase == Phase::Left || held.all(|progress| progress.deliveries.out() == 0)
        };
        self.member.wait_until(LAST_CHANCE, is_free);
    }
}

impl ClientContext for Assignments {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.handshakes.note(message);
        client::log(level, facility, message);
    }

    fn error(&self, error: ClientError, reason: &str) {
        client::warn(&error, reason);
    }
}

impl ConsumerContext for Assignments {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(assigned) => self.assign(consumer, assigned),
            Rebalance::Revoke(revoked) => self.revoke(consumer, revoked),
            Rebalance::Error(error) => tracing::warn!(cause = %error, "a rebalance failed"),
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, offsets: &TopicPartitionList) {
        match result {
            Ok(()) => self.note(offsets),
            Err(error) => tracing::debug!(cause = %error, "progress was not committed, and will be again"),
        }
    }
}
