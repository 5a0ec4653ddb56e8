//! Reads everything that was ever published and is kept, outside of any group.

mod reader;

use std::fmt;

use async_trait::async_trait;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::log::{EventLog, LogProgress};
use ticketing_core::ports::transport::{Arrival, TransportError};
use tokio::sync::{mpsc, oneshot};

use crate::config::KafkaConfig;
use crate::error::KafkaError;
use crate::threads;

use reader::{Batch, read};

/// So many batches are read ahead.
const AHEAD: usize = 4;

/// All that was in some topics when it was opened, from the oldest on; topic by topic, a subject in order.
///
/// # Examples
///
/// ```no_run
/// use ticketing_core::domain::event::Topic;
/// use ticketing_core::ports::log::EventLog;
/// use ticketing_kafka::{KafkaConfig, KafkaLog};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let mut log = KafkaLog::open(&KafkaConfig::new("kafka:9092"), &[Topic::Tickets, Topic::Orders]).await?;
/// while let Some(last) = log.next().await?.last() {
///     println!("{:?}, up to {}", log.progress(), last.key());
/// }
/// # Ok(())
/// # }
/// ```
pub struct KafkaLog {
    batches: mpsc::Receiver<Result<Batch, KafkaError>>,
    brokers: String,
    progress: LogProgress,
}

impl KafkaLog {
    /// Fixes the end of some topics and begins to read.
    ///
    /// # Errors
    ///
    /// - [`KafkaError::Unreachable`] if no broker answered within `answer_within`; [`KafkaError::Untrusted`],
    ///   [`KafkaError::Denied`] or [`KafkaError::Differs`] if one answered, but either side refuses the other.
    /// - [`KafkaError::NoTls`] if this build has not what the configuration asks for.
    /// - [`KafkaError::TopicMissing`] if a topic is not there.
    /// - [`KafkaError::Refused`] if there is no such configuration.
    pub async fn open(config: &KafkaConfig, topics: &[Topic]) -> Result<Self, KafkaError> {
        let (sender, batches) = mpsc::channel(AHEAD);
        let (opened, open) = oneshot::channel();
        let (config, topics, brokers) = (config.clone(), topics.to_vec(), config.brokers.clone());
        threads::spawn("kafka-log".to_owned(), move || read(&config, &topics, opened, &sender))
            .map_err(|error| KafkaError::unreachable(&brokers, error))?;
        let total = open.await.map_err(|stopped| KafkaError::unreachable(&brokers, stopped))??;
        Ok(Self { batches, brokers, progress: LogProgress { read: 0, total } })
    }
}

#[async_trait]
impl EventLog for KafkaLog {
    async fn next(&mut self) -> Result<Vec<Arrival>, TransportError> {
        while self.progress.read < self.progress.total {
            let received = self.batches.recv().await;
            let batch = received.ok_or_else(|| KafkaError::unreachable(&self.brokers, "nobody reads any more"))??;
            self.progress.read = batch.read;
            if !batch.arrivals.is_empty() {
                return Ok(batch.arrivals);
            }
        }
        Ok(Vec::new())
    }

    fn progress(&self) -> LogProgress {
        self.progress
    }
}

impl fmt::Debug for KafkaLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaLog").field("progress", &self.progress).finish_non_exhaustive()
    }
}
