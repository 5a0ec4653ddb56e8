//! Events of the marketplace over Apache Kafka.
//!
//! | role | adapter |
//! | --- | --- |
//! | `EventPublisher` | [`KafkaPublisher`] |
//! | `EventSubscriber` | [`KafkaSubscriber`] |
//! | the topics and their settings | [`KafkaTopics`] |
//! | everything that is kept, for a rebuild | [`KafkaLog`] |
//!
//! Each topic of the core is a topic of the cluster, each event a message with
//! its subject as key and its attributes as headers, as the `CloudEvents`
//! binding for Kafka has it in binary mode. Events of a subject share a
//! partition, so they keep their order, and members of a group share the
//! partitions.
//!
//! # Why so
//!
//! - **Keyed by subject**, because order is promised within a subject and nowhere else.
//! - **A position is committed once everything before it is settled.** Kafka has one position for each partition, and
//!   events settle in any order: a commit past an unsettled one would lose it.
//! - **No transactions of Kafka.** They make reading and writing Kafka one step, and the effects of events are in
//!   databases: versions make them happen once.
//!
//! # Examples
//!
//! ```no_run
//! use ticketing_kafka::{KafkaConfig, KafkaPublisher, KafkaSubscriber, KafkaTopics};
//!
//! # async fn example() -> Result<(), ticketing_kafka::KafkaError> {
//! let config = KafkaConfig { replication: 3, ..KafkaConfig::new("kafka-1:9092,kafka-2:9092") };
//! // Fails within seconds where no broker is, or where a topic is otherwise than configured.
//! KafkaTopics::ensure(&config).await?;
//! let publisher = KafkaPublisher::connect(&config).await?;
//! let subscriber = KafkaSubscriber::new(&config);
//! # Ok(())
//! # }
//! ```
//!
//! With the feature `tls` brokers are reached over TLS, and with a user:
//!
//! ```
//! use ticketing_kafka::{KafkaConfig, KafkaProperties, KafkaSasl, KafkaUser};
//!
//! let user = KafkaUser {
//!     mechanism: KafkaSasl::ScramSha512,
//!     name: "ticketing".into(),
//!     password: std::env::var("KAFKA_PASSWORD").unwrap_or_default(),
//! };
//! let config = KafkaConfig { tls: true, user: Some(user), ..KafkaConfig::new("kafka-1:9093") };
//! assert!(!format!("{config:?}").contains("password"));
//! ```
//!
//! What librdkafka has to say goes to `tracing`.

mod client;
mod config;
mod error;
mod log;
mod message;
mod publisher;
mod subscriber;
mod threads;
mod topics;

pub use config::{KafkaConfig, KafkaProperties, KafkaSasl, KafkaUser};
pub use error::KafkaError;
pub use log::KafkaLog;
pub use publisher::KafkaPublisher;
pub use subscriber::KafkaSubscriber;
pub use threads::wait_until_closed;
pub use topics::{KafkaTopics, TopicReport};
