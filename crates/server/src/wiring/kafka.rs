//! Events over Kafka.

use std::sync::Arc;
use std::time::Duration;

use ticketing_core::domain::event::Topic;
use ticketing_core::ports::BoxError;
use ticketing_core::ports::log::EventLog;
use ticketing_kafka::{
    KafkaConfig, KafkaError, KafkaLog, KafkaPublisher, KafkaSasl, KafkaSubscriber, KafkaTopics, KafkaUser,
};

use crate::config::{KafkaSettings, KafkaUserSettings, SaslMechanism};
use crate::marketplace::Engines;
use crate::telemetry::{EngineMetric, Lags};

use super::failure::Failure;

/// How long a process waits at its end for what was dropped to close its connections.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// Waits until what was dropped is closed.
pub(super) fn wait_until_closed() {
    if !ticketing_kafka::wait_until_closed(CLOSE_WITHIN) {
        tracing::debug!("not everything of Kafka was closed");
    }
}

/// Lets the services of this process publish and follow events over Kafka.
pub(super) async fn plug_in(engines: &mut Engines, settings: &KafkaSettings) -> Result<(), BoxError> {
    let config = config(settings);
    KafkaTopics::ensure(&config).await?;
    engines.context.publisher = Arc::new(KafkaPublisher::connect(&config).await?);
    let subscriber = KafkaSubscriber::new(&config);
    engines.metrics.push(resets(subscriber.clone()));
    let reading = subscriber.clone();
    engines.lags = Lags::new(move || reading.lags());
    engines.context.subscriber = Arc::new(subscriber);
    Ok(())
}

fn resets(subscriber: KafkaSubscriber) -> EngineMetric {
    let help =
        "Positions that could not be used, because a log had lost its end, was another one, or had expired unread";
    EngineMetric::counter("kafka_position_resets", help, move || subscriber.resets())
}

pub(super) async fn ensure_topics(settings: &KafkaSettings) -> Result<String, BoxError> {
    let report = KafkaTopics::ensure(&config(settings)).await?;
    let created = report.created.iter().map(|topic| format!("made   {topic}"));
    let existing = report.existing.iter().map(|topic| format!("found  {topic}"));
    Ok(created.chain(existing).collect::<Vec<_>>().join("\n"))
}

/// Whether nothing was ever published, or all of it is gone.
#[cfg(all(feature = "mongodb", feature = "sqlite"))]
pub(super) async fn is_empty(settings: &KafkaSettings) -> Result<bool, BoxError> {
    let config = config(settings);
    for topic in Topic::ALL {
        match KafkaLog::open(&config, &[topic]).await {
            Ok(log) if log.progress().total > 0 => return Ok(false),
            Ok(_) | Err(KafkaError::TopicMissing { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}

/// What is kept of some topics.
pub(super) async fn log(settings: &KafkaSettings, topics: &[Topic]) -> Result<Box<dyn EventLog>, BoxError> {
    Ok(Box::new(KafkaLog::open(&config(settings), topics).await?))
}

fn config(settings: &KafkaSettings) -> KafkaConfig {
    let KafkaSettings { brokers, topic_prefix, partitions, replication, retention, tls, ca, user } = settings.clone();
    if !tls && user.as_ref().is_some_and(|user| user.mechanism == SaslMechanism::Plain) {
        tracing::warn!(
            "the password of the user of Kafka travels in the clear: set --kafka-tls true, or --kafka-sasl scram-sha-512"
        );
    }
    KafkaConfig {
        group_prefix: topic_prefix.clone(),
        topic_prefix,
        partitions: partitions.into(),
        replication: replication.into(),
        retention,
        tls,
        ca,
        user: user.map(known),
        ..KafkaConfig::new(brokers)
    }
}

fn known(user: KafkaUserSettings) -> KafkaUser {
    let mechanism = match user.mechanism {
        SaslMechanism::Plain => KafkaSasl::Plain,
        SaslMechanism::ScramSha256 => KafkaSasl::ScramSha256,
        SaslMechanism::ScramSha512 => KafkaSasl::ScramSha512,
    };
    KafkaUser { mechanism, name: user.name, password: user.password.expose().to_owned() }
}

/// Whether a failure to connect is that nobody answers.
pub(super) fn is_away(error: &Failure) -> bool {
    error.downcast_ref().is_some_and(KafkaError::is_away)
}
