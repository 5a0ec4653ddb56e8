//! The thread of a subscription. It polls whatever happens, and so keeps its place in the group.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use rdkafka::config::{ClientConfig, FromClientConfigAndContext};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError as ClientError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::TopicPartitionList;
use ticketing_core::ports::transport::{Kinds, StartFrom, SubscriptionConfig};
use tokio::sync::oneshot;

use crate::client::handshakes::explain;
use crate::config::KafkaConfig;
use crate::error::KafkaError;
use crate::message::{Decoder, Names};

use super::mark::Found;
use super::member::{Member, Phase, Polled, State};
use super::placing::{Looked, Placing};
use super::progress::Progress;
use super::rebalance::Assignments;
use super::start::Start;

/// The most messages that are taken in at once.
const BATCH: usize = 512;
/// The most bytes of them, but for the last.
const BATCH_BYTES: usize = 1024 * 1024;
/// How often logs are compared with what was read of them. So long a topic that was made again may go unnoticed.
const COMPARE_EVERY: Duration = Duration::from_secs(5);
/// How long to wait before joining again.
const JOIN_EVERY: Duration = Duration::from_secs(1);
/// How long to wait for a message; a close waits as long for the thread to notice.
const IDLE: Duration = Duration::from_millis(50);
/// The same while a partition is paused, so that it is resumed soon.
const PAUSED: Duration = Duration::from_millis(5);
/// How long to wait for room before a partition is paused. A pause throws away what is fetched already.
const PATIENCE: Duration = Duration::from_millis(100);

/// A member of a group as its thread sees it.
pub(super) struct Reader {
    consumer: BaseConsumer<Assignments>,
    member: Arc<Member>,
    placing: Arc<Placing>,
    config: KafkaConfig,
    settings: ClientConfig,
    decoder: Decoder,
    kinds: Kinds,
    polled: Vec<Polled>,
    commit_at: Instant,
    compare_at: Instant,
    joined_at: Instant,
}

/// How much of a partition may be held in memory.
#[derive(Clone, Copy)]
struct Room {
    messages: usize,
    bytes: usize,
}

/// Joins the group, reports whether that worked, and reads until the subscription closes.
///
/// `left` is dropped once the group is left.
pub(super) fn run(
    reader: Result<Reader, KafkaError>,
    joined: oneshot::Sender<Result<(), KafkaError>>,
    left: oneshot::Sender<()>,
) {
    match reader {
        Ok(reader) => {
            // A caller that stopped waiting wants no subscription.
            if joined.send(Ok(())).is_err() {
                reader.member.enter(Phase::Left);
            }
            let _leave = Leave(Arc::clone(&reader.member));
            reader.read();
        }
        Err(error) => drop(joined.send(Err(error))),
    }
    drop(left);
}

/// Closes the subscription with its thread, also if that panics: a consumer that waits for deliveries subscribes again.
struct Leave(Arc<Member>);

impl Drop for Leave {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("the thread of a subscription to Kafka panicked: its group is left");
        }
        self.0.enter(Phase::Left);
    }
}

impl Reader {
    /// Joins a group, counting `resets`. Blocks for a few times `answer_within` at most.
    pub(super) fn join(
        config: KafkaConfig,
        subscription: &SubscriptionConfig,
        member: Arc<Member>,
        resets: Arc<AtomicU64>,
    ) -> Result<Self, KafkaError> {
        config.check()?;
        let settings = config.member(&subscription.group, subscription.patience);
        let names = Names::of(&config, &subscription.topics);
        let placing = Arc::new(Placing::new(&config, names.clone(), resets));
        let start = Arc::new(Start::new());
        let assignments = Assignments::new(Arc::clone(&member), names.clone(), start, Arc::clone(&placing));
        let consumer =
            connect(&settings, assignments).map_err(|error| KafkaError::refused("be configured like this", error))?;
        let topics = partitions(&consumer, &names, &config)?;
        if subscription.start == StartFrom::Latest {
            let fixed = consumer.context().start.fix(&consumer, topics, config.answer_within);
            fixed.map_err(|error| explain(&consumer, &consumer.context().handshakes, &config.brokers, error))?;
        }
        subscribe(&consumer).map_err(|error| KafkaError::refused("subscribe to these topics", error))?;
        let now = Instant::now();
        let (commit_at, compare_at) = (now + config.commit_every, now + COMPARE_EVERY);
        let (decoder, kinds, polled) = (Decoder::new(), subscription.kinds, Vec::new());
        let joined_at = now;
        Ok(Self {
            consumer,
            member,
            placing,
            config,
            settings,
            decoder,
            kinds,
            polled,
            commit_at,
            compare_at,
            joined_at,
        })
    }

    fn read(mut self) {
        while self.member.lock().phase != Phase::Left {
            self.poll();
            self.compare();
            self.join_again();
            self.regulate();
            self.commit();
        }
    }

    /// Looks now and then whether the logs are those that were read.
    fn compare(&mut self) {
        let mut state = self.member.lock();
        if Instant::now() < self.compare_at && !std::mem::take(&mut state.is_surprised) {
            return;
        }
        let compared = state.to_compare();
        drop(state);
        if !compared.is_empty() {
            match self.placing.look(&compared) {
                Ok(Looked { kept, found }) => {
                    self.member.lock().ends_at(&kept);
                    for compared in compared {
                        match found.get(&compared.partition) {
                            Some(Found::Same | Found::Expired) => self.member.lock().is_known(&compared),
                            Some(Found::Other) => self.consumer.context().doubt(),
                            None => {}
                        }
                    }
                }
                Err(error) => tracing::debug!(cause = %error, "the logs were not compared, and will be later"),
            }
        }
        self.compare_at = Instant::now() + COMPARE_EVERY;
    }

    /// Where a position is in doubt, leaves and joins as somebody new: that forgets all positions, and what the
    /// client remembers of the topics, and asks the group where it is.
    fn join_again(&mut self) {
        if !self.consumer.context().is_in_doubt() || self.joined_at.elapsed() < JOIN_EVERY {
            return;
        }
        self.joined_at = Instant::now();
        let old = self.consumer.context();
        let (member, names) = (Arc::clone(&self.member), old.names.clone());
        let assignments = Assignments::new(member, names, Arc::clone(&old.start), Arc::clone(&self.placing));
        match connect(&self.settings, assignments) {
            Ok(consumer) => {
                // Order matters: the old one gives its partitions back, which commits nothing, before others are assigned.
                drop(std::mem::replace(&mut self.consumer, consumer));
                self.member.lock().revoke_all();
                if let Err(error) = subscribe(&self.consumer) {
                    tracing::error!(cause = %error, "a member did not join its group again, and will try");
                    self.consumer.context().doubt();
                }
            }
            Err(error) => tracing::error!(cause = %error, "a member did not join its group again, and will try"),
        }
    }

    /// Takes in what is there, or the first that comes within a moment.
    fn poll(&mut self) {
        let is_paused = self.member.lock().partitions.values().any(|progress| progress.is_paused);
        let mut wait = if is_paused { PAUSED } else { IDLE };
        let mut bytes = 0;
        while self.polled.len() < BATCH && bytes < BATCH_BYTES {
            match self.consumer.poll(wait) {
                Some(Ok(message)) => {
                    bytes += take(&self.consumer, (&mut self.decoder, self.kinds), &message, &mut self.polled)
                }
                Some(Err(error)) => {
                    tell(self.consumer.context(), &error);
                    break;
                }
                None => break,
            }
            wait = Duration::ZERO;
        }
        if !self.polled.is_empty() {
            self.member.accept(self.polled.drain(..));
        }
    }

    /// Pauses partitions of which too much is held, and resumes those that have room again.
    fn regulate(&self) {
        let fits = |state: &State, room: Room| {
            let mut reading = state.partitions.values().filter(|progress| !progress.is_paused);
            state.phase == Phase::Left || reading.all(|progress| room.fits(progress))
        };
        let full = self.room();
        // Usually the consumer is only a moment behind. Half, so that the two do not wake each other for each batch.
        let half = Room { messages: full.messages / 2, bytes: full.bytes / 2 };
        let is_full = !fits(&self.member.lock(), full);
        let enough = Room { messages: half.messages.max(1), bytes: half.bytes.max(1) };
        if is_full && !self.member.wait_until(PATIENCE, |state| fits(state, enough)) {
            self.switch(true, |progress| !full.fits(progress));
        }
        self.switch(false, |Progress { deliveries, .. }| {
            deliveries.waiting() <= half.messages && deliveries.bytes() <= half.bytes
        });
    }

    /// The share of each partition.
    fn room(&self) -> Room {
        let partitions = self.member.lock().partitions.len().max(1);
        Room { messages: self.config.buffered.max(1), bytes: (self.config.buffered_bytes / partitions).max(1) }
    }

    /// Pauses or resumes those partitions to which that applies.
    fn switch(&self, pause: bool, applies: impl Fn(&Progress) -> bool) {
        let mut list = TopicPartitionList::new();
        for (partition, progress) in &mut self.member.lock().partitions {
            if progress.is_paused != pause
                && applies(progress)
                && let Some(name) = self.consumer.context().names.name(partition.topic)
            {
                progress.is_paused = pause;
                list.add_partition(name, partition.number);
            }
        }
        if list.count() > 0 {
            let switched = if pause { self.consumer.pause(&list) } else { self.consumer.resume(&list) };
            if let Err(error) = switched {
                tracing::warn!(cause = %error, "a partition was not paused or resumed");
            }
        }
    }

    fn commit(&mut self) {
        if Instant::now() >= self.commit_at {
            self.consumer.context().commit(&self.consumer, CommitMode::Async);
            self.commit_at = Instant::now() + self.config.commit_every;
        }
    }
}

impl Room {
    fn fits(self, progress: &Progress) -> bool {
        progress.deliveries.waiting() < self.messages && progress.deliveries.bytes() < self.bytes
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // Order matters: nothing is settled any more when the consumer, dropped after this, gives its partitions
        // back, and that commits what was settled. It can block, but nobody waits on this thread.
        self.member.enter(Phase::Left);
    }
}

fn connect(settings: &ClientConfig, assignments: Assignments) -> KafkaResult<BaseConsumer<Assignments>> {
    BaseConsumer::from_config_and_context(settings, assignments)
}

fn subscribe(consumer: &BaseConsumer<Assignments>) -> KafkaResult<()> {
    let names: Vec<&str> = consumer.context().names.iter().collect();
    consumer.subscribe(&names)
}

/// All partitions of topics that must be there.
fn partitions(
    consumer: &BaseConsumer<Assignments>,
    names: &Names,
    config: &KafkaConfig,
) -> Result<TopicPartitionList, KafkaError> {
    let mut list = TopicPartitionList::new();
    for name in names.iter() {
        let metadata = consumer.fetch_metadata(Some(name), config.answer_within);
        let handshakes = &consumer.context().handshakes;
        let metadata = metadata.map_err(|error| explain(consumer, handshakes, &config.brokers, error))?;
        let topic = metadata.topics().iter().find(|topic| topic.name() == name && topic.error().is_none());
        let topic = topic.ok_or_else(|| KafkaError::TopicMissing { topic: name.to_owned() })?;
        for partition in topic.partitions() {
            list.add_partition(name, partition.id());
        }
    }
    Ok(list)
}

/// Takes in a message; returns about how many bytes that are.
fn take(
    consumer: &BaseConsumer<Assignments>,
    (decoder, kinds): (&mut Decoder, Kinds),
    message: &BorrowedMessage<'_>,
    polled: &mut Vec<Polled>,
) -> usize {
    let assignments = consumer.context();
    let Some(partition) = assignments.partition(message.topic(), message.partition()) else { return 0 };
    let (offset, generation) = (message.offset(), assignments.member.generation());
    let message = decoder.fetch(partition.topic, message, kinds);
    let bytes = message.wanted.as_ref().map_or(0, |wanted| wanted.bytes);
    polled.push(Polled { partition, offset, generation, message });
    bytes
}

/// Most errors pass: the client goes on trying. After a fatal one it never reads again.
fn tell(assignments: &Assignments, error: &ClientError) {
    use RDKafkaErrorCode::{AutoOffsetReset, LogTruncation, OffsetOutOfRange};
    match error {
        ClientError::MessageConsumptionFatal(_) => {
            tracing::error!(cause = %error, "a subscription ended");
            assignments.member.enter(Phase::Left);
        }
        // It does not say of which partition, and has stopped reading that one.
        ClientError::MessageConsumption(AutoOffsetReset | LogTruncation | OffsetOutOfRange) => {
            tracing::warn!(cause = %error, "an offset is not in its log: this member joins again and compares");
            assignments.doubt();
        }
        _ => tracing::debug!(cause = %error, "nothing can be read for now"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_panics_closes_its_subscription() {
        let member = Arc::new(Member::new(10));
        let leave = Leave(Arc::clone(&member));
        let thread = std::thread::spawn(move || {
            let _leave = leave;
            std::panic::panic_any("a bomb");
        });

        assert!(thread.join().is_err());
        assert_eq!(member.lock().phase, Phase::Left);
    }
}
