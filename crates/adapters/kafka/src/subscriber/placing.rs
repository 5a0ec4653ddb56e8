//! Where a member reads on: chosen at each assignment, and never by the client.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaResult;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::config::KafkaConfig;
use crate::message::Names;

use super::inspect::Inspector;
use super::mark::{Found, Mark, Place, Reset, from_text, place};
use super::member::{Comparison, Partition};

/// How long an assignment waits for what lies in the logs. What did not answer is compared later.
const INSPECT: Duration = Duration::from_secs(3);
/// How long reading waits for a comparison.
const COMPARE: Duration = Duration::from_millis(500);
/// How long to wait before the group is asked again where it is.
const AGAIN: Duration = Duration::from_millis(100);

/// Compares what a group committed with what the logs hold.
pub(super) struct Placing {
    inspector: Mutex<Inspector>,
    names: Names,
    answer_within: Duration,
    resets: Arc<AtomicU64>,
}

/// What was found in some logs.
pub(super) struct Looked {
    /// The offsets that are kept.
    pub(super) kept: BTreeMap<Partition, Range<i64>>,
    /// What lies where something known was.
    pub(super) found: BTreeMap<Partition, Found>,
}

/// What a group committed of a partition.
struct Committed {
    offset: Option<i64>,
    marks: Vec<Mark>,
}

impl Placing {
    pub(super) fn new(config: &KafkaConfig, names: Names, resets: Arc<AtomicU64>) -> Self {
        let inspector = Mutex::new(Inspector::new(config, names.clone()));
        Self { inspector, names, answer_within: config.answer_within, resets }
    }

    /// Sets where each partition is read on, and returns by what its log is recognized.
    ///
    /// Asks until it is answered, `answer_within` at most, or until nobody wants to know.
    pub(super) fn places<C: ConsumerContext>(
        &self,
        consumer: &BaseConsumer<C>,
        assigned: &TopicPartitionList,
        is_over: impl Fn() -> bool,
    ) -> KafkaResult<Vec<(Partition, Option<Mark>)>> {
        let deadline = Instant::now() + self.answer_within;
        let committed = loop {
            match self.committed(consumer, assigned, deadline) {
                Err(_) if Instant::now() < deadline && !is_over() => std::thread::sleep(AGAIN),
                answer => break answer?,
            }
        };
        let places = self.compare(&committed).unwrap_or_else(|error| {
            tracing::debug!(cause = %error, "the logs were not compared, and will be later");
            committed.iter().map(|(partition, committed)| (*partition, committed.unseen())).collect()
        });
        let mut known = Vec::new();
        for mut element in assigned.elements() {
            let partition = self.partition(element.topic(), element.partition());
            let Some((partition, place)) = partition.and_then(|partition| Some((partition, *places.get(&partition)?)))
            else {
                continue;
            };
            self.tell(element.topic(), partition, committed.get(&partition), place);
            element.set_offset(place.offset())?;
            known.push((partition, place.known()));
        }
        Ok(known)
    }

    /// What some logs keep, and what became of what is known of them. Those that do not answer in time are left out.
    pub(super) fn look(&self, compared: &[Comparison]) -> KafkaResult<Looked> {
        let marks: BTreeMap<_, _> = compared.iter().map(|compared| (compared.partition, compared.known)).collect();
        let partitions: Vec<Partition> = marks.keys().copied().collect();
        let deadline = Instant::now() + COMPARE;
        let mut inspector = self.inspector();
        let kept = inspector.offsets(&partitions, deadline)?;
        let found = inspector.find(&marks, &kept, deadline)?;
        Ok(Looked { kept, found })
    }

    fn committed<C: ConsumerContext>(
        &self,
        consumer: &BaseConsumer<C>,
        assigned: &TopicPartitionList,
        deadline: Instant,
    ) -> KafkaResult<BTreeMap<Partition, Committed>> {
        let within = deadline.saturating_duration_since(Instant::now());
        let answer = consumer.committed_offsets(assigned.clone(), within)?;
        let mut committed = BTreeMap::new();
        for element in answer.elements() {
            element.error()?;
            let Some(partition) = self.partition(element.topic(), element.partition()) else { continue };
            let offset = if let Offset::Offset(offset) = element.offset() { Some(offset) } else { None };
            let marks = from_text(element.metadata());
            committed.insert(partition, Committed { offset, marks });
        }
        Ok(committed)
    }

    fn compare(&self, committed: &BTreeMap<Partition, Committed>) -> KafkaResult<BTreeMap<Partition, Place>> {
        let deadline = Instant::now() + INSPECT.min(self.answer_within);
        let partitions: Vec<Partition> = committed.keys().copied().collect();
        let mut inspector = self.inspector();
        let kept = inspector.offsets(&partitions, deadline)?;
        let mut found: BTreeMap<Partition, Vec<(Mark, Found)>> = BTreeMap::new();
        // One mark of each partition at a time.
        for round in 0..committed.values().map(|committed| committed.marks.len()).max().unwrap_or_default() {
            let of_round = |(partition, committed): (&Partition, &Committed)| {
                committed.marks.get(round).map(|mark| (*partition, *mark))
            };
            let marks: BTreeMap<Partition, Mark> = committed.iter().filter_map(of_round).collect();
            for (partition, what) in inspector.find(&marks, &kept, deadline)? {
                let mark = marks.get(&partition).map(|mark| (*mark, what));
                found.entry(partition).or_default().extend(mark);
            }
        }
        let places = committed.iter().map(|(partition, committed)| {
            let found = found.remove(partition).unwrap_or_default();
            let is_compared = found.len() == committed.marks.len();
            let kept = kept.get(partition).filter(|_| is_compared);
            (*partition, kept.map_or(committed.unseen(), |kept| place(committed.offset, kept, &found)))
        });
        Ok(places.collect())
    }

    /// Logs and counts a position that is of no use.
    fn tell(&self, topic: &str, partition: Partition, committed: Option<&Committed>, place: Place) {
        let Place::Reset { offset, why, .. } = place else { return };
        self.resets.fetch_add(1, Ordering::Relaxed);
        let partition = partition.number;
        let committed = committed.and_then(|committed| committed.offset);
        match why {
            Reset::Truncated => tracing::warn!(
                topic,
                partition,
                committed,
                offset,
                "a log lost what the group had read, or its topic was made again: events from this offset on are handled, some of them again"
            ),
            Reset::Expired => tracing::error!(
                topic,
                partition,
                committed,
                offset,
                "retention removed events that the group had not read: it goes on with the oldest that is kept"
            ),
        }
    }

    fn partition(&self, topic: &str, number: i32) -> Option<Partition> {
        self.names.topic(topic).map(|topic| Partition { topic, number })
    }

    fn inspector(&self) -> MutexGuard<'_, Inspector> {
        self.inspector.lock()
    }
}

impl Committed {
    /// Where to read on while the log cannot be compared; it is compared later, by the newest mark.
    fn unseen(&self) -> Place {
        match self.offset {
            Some(offset) => Place::On { offset, known: self.marks.iter().max().copied() },
            None => Place::First,
        }
    }
}
