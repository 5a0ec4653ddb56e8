//! Takes events to the cluster, and reports exactly how many it has.

mod call;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::KafkaError as ClientError;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::{EventPublisher, PublishError, TransportError};
use ticketing_core::wire::EventEnvelope;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::config::KafkaConfig;
use crate::error::{KafkaError, of_message};
use crate::message::{Names, headers};
use crate::threads;

use call::{Call, Report, Reports};

type Client = Arc<BaseProducer<Reports>>;

/// So many events are handed to the client before other tasks have their turn.
const CHUNK: usize = 64;
/// How long the thread that takes reports sleeps when there are none.
const IDLE: Duration = Duration::from_millis(100);

/// Publishes to a cluster. A clone publishes through the same connection.
///
/// Every event is on all replicas in sync before it counts as durable. A
/// publication that does not succeed fails after `publish_within`.
///
/// # Examples
///
/// ```no_run
/// use ticketing_core::ports::transport::EventPublisher;
/// use ticketing_core::wire::EventEnvelope;
/// use ticketing_kafka::{KafkaConfig, KafkaPublisher};
///
/// # async fn example(events: &[EventEnvelope]) -> Result<(), Box<dyn std::error::Error>> {
/// let publisher = KafkaPublisher::connect(&KafkaConfig::new("kafka:9092")).await?;
/// publisher.publish(events).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct KafkaPublisher {
    config: Arc<KafkaConfig>,
    names: Names,
    /// Held while the events of a call are handed over: those of another come before or behind all of them.
    client: Arc<Mutex<Client>>,
}

impl KafkaPublisher {
    /// Connects, and looks whether the topics are there.
    ///
    /// # Errors
    ///
    /// - [`KafkaError::Unreachable`] if no broker answered within `answer_within`; [`KafkaError::Untrusted`],
    ///   [`KafkaError::Denied`] or [`KafkaError::Differs`] if one answered, but either side refuses the other.
    /// - [`KafkaError::NoTls`] if this build has not what the configuration asks for.
    /// - [`KafkaError::TopicMissing`] if nobody called [`KafkaTopics::ensure`](crate::KafkaTopics::ensure).
    /// - [`KafkaError::Refused`] if there is no such configuration.
    pub async fn connect(config: &KafkaConfig) -> Result<Self, KafkaError> {
        config.check()?;
        let client = start(config).map_err(|error| KafkaError::refused("be configured like this", error))?;
        let (names, config) = (Names::of(config, &Topic::ALL), Arc::new(config.clone()));
        let looking = {
            let (client, names, config) = (Arc::clone(&client), names.clone(), Arc::clone(&config));
            tokio::task::spawn_blocking(move || look(&client, &names, &config))
        };
        looking.await.map_err(|stopped| KafkaError::unreachable(&config.brokers, stopped))??;
        Ok(Self { config, names, client: Arc::new(Mutex::new(client)) })
    }

    /// Hands events over, in order, up to the first that the client does not take.
    async fn hand_over(&self, events: &[EventEnvelope], call: &Arc<Call>) -> Result<Client, (usize, TransportError)> {
        let mut client = self.client.lock().await;
        if client.client().fatal_error().is_some() {
            // It would refuse everything from now on. Calls that wait for its reports keep it until they have them.
            *client = start(&self.config).map_err(|error| (0, of_message(error)))?;
        }
        for (index, event) in events.iter().enumerate() {
            if index % CHUNK == CHUNK - 1 {
                tokio::task::yield_now().await;
            }
            self.send(&client, event, Report::of(call, index)).map_err(|error| (index, of_message(error)))?;
        }
        Ok(Arc::clone(&client))
    }

    fn send(&self, client: &Client, event: &EventEnvelope, report: Box<Report>) -> Result<(), ClientError> {
        let mut key = Uuid::encode_buffer();
        let key: &str = event.subject.hyphenated().encode_lower(&mut key);
        let topic = self.names.name(event.topic).unwrap_or_default();
        let record = BaseRecord::with_opaque_to(topic, report).key(key).payload(&*event.data).headers(headers(event));
        client.send(record).map_err(|(error, _)| error)
    }
}

#[async_trait]
impl EventPublisher for KafkaPublisher {
    async fn publish(&self, events: &[EventEnvelope]) -> Result<(), PublishError> {
        let call = Call::begin();
        let handed_over = self.hand_over(events, &call).await;
        // What was handed over is waited for in any case: only then is it known how much of it is durable.
        let failed = call.end().await;
        match [failed, handed_over.err()].into_iter().flatten().min_by_key(|(index, _)| *index) {
            Some((durable, source)) => Err(PublishError { durable, source }),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for KafkaPublisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaPublisher").field("brokers", &self.config.brokers).finish_non_exhaustive()
    }
}

/// A client and the thread that takes its reports.
fn start(config: &KafkaConfig) -> Result<Client, ClientError> {
    let client = Arc::new(BaseProducer::from_config_and_context(&config.producer(), Reports::default())?);
    let polled = Arc::clone(&client);
    let poll = move || {
        // Invariant: this thread is the last to let go of the client, since dropping it blocks.
        while Arc::strong_count(&polled) > 1 {
            polled.poll(IDLE);
        }
    };
    let started = threads::spawn("kafka-publisher".to_owned(), poll);
    started.map(|()| client).map_err(|error| ClientError::ClientCreation(error.to_string()))
}

/// Looks whether all topics are there, among all there are: asking for one by name could create it.
fn look(client: &Client, wanted: &Names, config: &KafkaConfig) -> Result<(), KafkaError> {
    let metadata = client.client().fetch_metadata(None, config.answer_within);
    let explain = |error| client.context().handshakes.explain(&config.brokers, error);
    let metadata = metadata.map_err(explain)?;
    let is_missing = |name: &&str| metadata.topics().iter().all(|topic| topic.name() != *name);
    match wanted.iter().find(is_missing) {
        Some(missing) => Err(KafkaError::TopicMissing { topic: missing.to_owned() }),
        None => Ok(()),
    }
}
