//! The thread of a subscription. It polls whatever happens, and so keeps its place in the group.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaError as ClientError;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::TopicPartitionList;
use ticketing_core::ports::transport::{StartFrom, SubscriptionConfig};
use tokio::sync::oneshot;

use crate::config::KafkaConfig;
use crate::error::KafkaError;
use crate::message::{Decoder, Names};

use super::member::{Member, Phase, Polled, State};
use super::rebalance::Assignments;

/// The most messages that are taken in at once.
const BATCH: usize = 512;
/// How long to wait for a message; whoever closes waits so long for the thread to notice.
const IDLE: Duration = Duration::from_millis(50);
/// The same while a partition is paused, so that it is resumed soon.
const PAUSED: Duration = Duration::from_millis(5);
/// How long to wait for room before a partition is paused. A pause throws away what is fetched already.
const PATIENCE: Duration = Duration::from_millis(100);

/// A member of a group as its thread sees it.
pub(super) struct Reader {
    consumer: BaseConsumer<Assignments>,
    member: Arc<Member>,
    config: KafkaConfig,
    decoder: Decoder,
    polled: Vec<Polled>,
    commit_at: Instant,
}

/// Joins the group, tells whether that worked, and reads until the subscription closes.
///
/// `left` is dropped once the group is left.
pub(super) fn run(
    reader: Result<Reader, KafkaError>,
    joined: oneshot::Sender<Result<(), KafkaError>>,
    left: oneshot::Sender<()>,
) {
    match reader {
        Ok(reader) => {
            // Whoever stopped waiting for the answer wants no subscription.
            if joined.send(Ok(())).is_err() {
                reader.member.enter(Phase::Left);
            }
            reader.read();
        }
        Err(error) => drop(joined.send(Err(error))),
    }
    drop(left);
}

impl Reader {
    /// Joins a group. Blocks for a few times `answer_within` at most.
    pub(super) fn join(
        config: KafkaConfig,
        subscription: &SubscriptionConfig,
        member: Arc<Member>,
    ) -> Result<Self, KafkaError> {
        let names = Names::of(&config, &subscription.topics);
        let assignments = Assignments::new(Arc::clone(&member), names.clone());
        let settings = config.consumer(&subscription.group);
        let consumer: BaseConsumer<Assignments> = BaseConsumer::from_config_and_context(&settings, assignments)
            .map_err(|error| KafkaError::refused("be configured like this", error))?;
        let topics = partitions(&consumer, &names, &config)?;
        if subscription.start == StartFrom::Latest {
            let fixed = consumer.context().start.fix(&consumer, topics, config.answer_within);
            fixed.map_err(|error| KafkaError::unreachable(&config.brokers, error))?;
        }
        let names: Vec<&str> = names.iter().collect();
        consumer.subscribe(&names).map_err(|error| KafkaError::refused("subscribe to these topics", error))?;
        let commit_at = Instant::now() + config.commit_every;
        Ok(Self { consumer, member, config, decoder: Decoder::new(), polled: Vec::new(), commit_at })
    }

    fn read(mut self) {
        while self.member.lock().phase != Phase::Left {
            self.poll();
            self.regulate();
            self.commit();
        }
    }

    /// Takes in what is there, or the first that comes within a moment.
    fn poll(&mut self) {
        let is_paused = self.member.lock().partitions.values().any(|progress| progress.is_paused);
        let mut wait = if is_paused { PAUSED } else { IDLE };
        while self.polled.len() < BATCH {
            match self.consumer.poll(wait) {
                Some(Ok(message)) => take(&self.consumer, &mut self.decoder, &message, &mut self.polled),
                Some(Err(error)) => {
                    tell(&self.member, &error);
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

    /// Pauses partitions of which too much waits, and resumes those that have room again.
    fn regulate(&self) {
        let (full, half) = (self.config.buffered.max(1), self.config.buffered / 2);
        let fits = |state: &State, bound: usize| {
            let mut reading = state.partitions.values().filter(|progress| !progress.is_paused);
            state.phase == Phase::Left || reading.all(|progress| progress.waiting() < bound)
        };
        // Usually the consumer is only a moment behind. Half, so that the two do not wake each other for each batch.
        let is_full = !fits(&self.member.lock(), full);
        if is_full && !self.member.wait_until(PATIENCE, |state| fits(state, half.max(1))) {
            self.switch(true, |waiting| waiting >= full);
        }
        self.switch(false, |waiting| waiting <= half);
    }

    /// Pauses or resumes those partitions of which so many messages wait.
    fn switch(&self, pause: bool, applies: impl Fn(usize) -> bool) {
        let mut list = TopicPartitionList::new();
        for (partition, progress) in &mut self.member.lock().partitions {
            if progress.is_paused != pause
                && applies(progress.waiting())
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

impl Drop for Reader {
    fn drop(&mut self) {
        // Order matters: nothing is settled any more when the consumer, dropped after this, gives its partitions
        // back, and that commits what was settled. It can block, but nobody waits on this thread.
        self.member.enter(Phase::Left);
    }
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
        let metadata = metadata.map_err(|error| KafkaError::unreachable(&config.brokers, error))?;
        let topic = metadata.topics().iter().find(|topic| topic.name() == name && topic.error().is_none());
        let topic = topic.ok_or_else(|| KafkaError::TopicMissing { topic: name.to_owned() })?;
        for partition in topic.partitions() {
            list.add_partition(name, partition.id());
        }
    }
    Ok(list)
}

fn take(
    consumer: &BaseConsumer<Assignments>,
    decoder: &mut Decoder,
    message: &BorrowedMessage<'_>,
    polled: &mut Vec<Polled>,
) {
    let assignments = consumer.context();
    let Some(partition) = assignments.partition(message.topic(), message.partition()) else { return };
    let (offset, generation) = (message.offset(), assignments.generation());
    polled.push(Polled { partition, offset, generation, message: decoder.decode(partition.topic, message) });
}

/// Most errors pass: the client goes on trying. After a fatal one it never reads again.
fn tell(member: &Member, error: &ClientError) {
    match error {
        ClientError::MessageConsumptionFatal(_) => {
            tracing::error!(cause = %error, "a subscription ended");
            member.enter(Phase::Left);
        }
        _ => tracing::debug!(cause = %error, "nothing can be read for now"),
    }
}
