//! The thread that reads a log.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError as ClientError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::Arrival;
use tokio::sync::{mpsc, oneshot};

use crate::client::{Logged, handshakes::explain};
use crate::config::KafkaConfig;
use crate::error::KafkaError;
use crate::message::Decoder;

/// The most messages that are handed over at once.
const BATCH: usize = 512;
/// How long to wait for a message before what is there is handed over.
const IDLE: Duration = Duration::from_millis(50);

/// What was read, and how far that is.
pub(super) struct Batch {
    pub(super) arrivals: Vec<Arrival>,
    pub(super) read: u64,
}

/// What is left of one topic, by partition.
struct Section {
    topic: Topic,
    name: String,
    left: BTreeMap<i32, Left>,
}

struct Left {
    next: i64,
    end: i64,
}

/// A log and the receiver of what is read.
struct Reader<'a> {
    consumer: BaseConsumer<Logged>,
    config: &'a KafkaConfig,
    batches: &'a mpsc::Sender<Result<Batch, KafkaError>>,
    decoder: Decoder,
    arrivals: Vec<Arrival>,
    read: u64,
}

/// Reads topics one after the other, until all is read or nobody listens.
pub(super) fn read(
    config: &KafkaConfig,
    topics: &[Topic],
    opened: oneshot::Sender<Result<u64, KafkaError>>,
    batches: &mpsc::Sender<Result<Batch, KafkaError>>,
) {
    let (consumer, sections) = match open(config, topics) {
        Ok(open) => open,
        Err(error) => return drop(opened.send(Err(error))),
    };
    let total = sections.iter().map(Section::left).sum();
    if opened.send(Ok(total)).is_err() {
        return;
    }
    let mut reader = Reader { consumer, config, batches, decoder: Decoder::new(), arrivals: Vec::new(), read: 0 };
    for section in sections {
        if !reader.read(section) {
            break;
        }
    }
}

/// A consumer, and what there is to read now. It joins no group and commits nothing.
fn open(config: &KafkaConfig, topics: &[Topic]) -> Result<(BaseConsumer<Logged>, Vec<Section>), KafkaError> {
    config.check()?;
    let mut settings = config.consumer("log");
    // What retention removes meanwhile is passed over.
    settings.set("enable.partition.eof", "true").set("auto.offset.reset", "earliest");
    let consumer: BaseConsumer<Logged> = BaseConsumer::from_config_and_context(&settings, Logged::default())
        .map_err(|error| KafkaError::refused("be configured like this", error))?;
    let sections: Result<_, _> = topics.iter().map(|topic| Section::of(&consumer, *topic, config)).collect();
    Ok((consumer, sections?))
}

/// The first and the next offset of a partition. One whose leader is being elected is asked again, as long as an
/// answer may take.
fn watermarks(
    consumer: &BaseConsumer<Logged>,
    (topic, partition): (&str, i32),
    within: Duration,
) -> KafkaResult<(i64, i64)> {
    let began = Instant::now();
    loop {
        match consumer.fetch_watermarks(topic, partition, within) {
            Err(error) if is_electing(&error) && began.elapsed() < within => thread::sleep(IDLE),
            answer => return answer,
        }
    }
}

fn is_electing(error: &ClientError) -> bool {
    let code = error.rdkafka_error_code();
    matches!(code, Some(RDKafkaErrorCode::NotLeaderForPartition | RDKafkaErrorCode::LeaderNotAvailable))
}

impl Section {
    fn of(consumer: &BaseConsumer<Logged>, topic: Topic, config: &KafkaConfig) -> Result<Self, KafkaError> {
        let (name, within) = (config.topic(topic), config.answer_within);
        let unreachable = |error| explain(consumer, &consumer.context().handshakes, &config.brokers, error);
        let metadata = consumer.fetch_metadata(Some(&name), within).map_err(unreachable)?;
        let found = metadata.topics().iter().find(|found| found.name() == name && found.error().is_none());
        let found = found.ok_or_else(|| KafkaError::TopicMissing { topic: name.clone() })?;
        let mut left = BTreeMap::new();
        for partition in found.partitions() {
            let (next, end) = watermarks(consumer, (&name, partition.id()), within).map_err(unreachable)?;
            left.insert(partition.id(), Left { next, end });
        }
        left.retain(|_, left| left.next < left.end);
        Ok(Self { topic, name, left })
    }

    fn left(&self) -> u64 {
        self.left.values().map(|left| left.end.abs_diff(left.next)).sum()
    }

    /// Moves a partition on; returns how far.
    fn advance(&mut self, partition: i32, next: i64) -> u64 {
        let Some(left) = self.left.get_mut(&partition) else { return 0 };
        let next = next.clamp(left.next, left.end);
        let read = next.abs_diff(left.next);
        left.next = next;
        if left.next == left.end {
            self.left.remove(&partition);
        }
        read
    }

    fn includes(&self, message: &BorrowedMessage<'_>) -> bool {
        let left = self.left.get(&message.partition());
        message.topic() == self.name && left.is_some_and(|left| (left.next..left.end).contains(&message.offset()))
    }

    fn begin(&self, consumer: &BaseConsumer<Logged>) -> KafkaResult<()> {
        let mut begin = TopicPartitionList::new();
        for (partition, left) in &self.left {
            begin.add_partition_offset(&self.name, *partition, Offset::Offset(left.next))?;
        }
        consumer.assign(&begin)
    }
}

impl Reader<'_> {
    /// Reads a topic; returns whether to go on.
    fn read(&mut self, mut section: Section) -> bool {
        if let Err(error) = section.begin(&self.consumer) {
            return self.fail(error);
        }
        let mut moved_at = Instant::now();
        while !section.left.is_empty() {
            let is_quiet = self.poll(&mut section);
            if !is_quiet {
                moved_at = Instant::now();
            } else if moved_at.elapsed() > self.config.answer_within {
                return self.fail(ClientError::NoMessageReceived);
            }
            if self.arrivals.len() >= BATCH || (is_quiet && !self.arrivals.is_empty()) {
                if !self.hand_over() {
                    return false;
                }
                moved_at = Instant::now();
            }
        }
        self.hand_over()
    }

    /// Takes one message; returns whether there was none.
    fn poll(&mut self, section: &mut Section) -> bool {
        match self.consumer.poll(IDLE) {
            Some(Ok(message)) => {
                if section.includes(&message) {
                    self.arrivals.push(self.decoder.decode(section.topic, &message).arrival);
                }
                if message.topic() == section.name {
                    self.read += section.advance(message.partition(), message.offset() + 1);
                }
                false
            }
            // The last offsets of a partition may be taken by what is no message.
            Some(Err(ClientError::PartitionEOF(partition))) => {
                self.read += section.advance(partition, i64::MAX);
                false
            }
            Some(Err(error)) => {
                tracing::debug!(cause = %error, "nothing can be read for now");
                true
            }
            None => true,
        }
    }

    /// Waits while enough is read ahead; returns whether somebody still listens.
    fn hand_over(&mut self) -> bool {
        let batch = Batch { arrivals: std::mem::take(&mut self.arrivals), read: self.read };
        self.batches.blocking_send(Ok(batch)).is_ok()
    }

    fn fail(&self, error: ClientError) -> bool {
        let error = KafkaError::unreachable(&self.config.brokers, error);
        // If nobody listens, nobody needs to know.
        let _told = self.batches.blocking_send(Err(error));
        false
    }
}
