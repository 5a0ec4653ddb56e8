//! Reads everything that was ever published and is kept, outside of any group.

mod reader;

use std::fmt;
use std::thread::Builder;

use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::Arrival;
use tokio::sync::{mpsc, oneshot};

use crate::config::KafkaConfig;
use crate::error::KafkaError;

use reader::{Batch, read};

/// So many batches are read ahead.
const AHEAD: usize = 4;

/// All that was in some topics when it was opened, from the oldest on; topic by topic, a subject in order.
///
/// # Examples
///
/// ```no_run
/// use ticketing_core::domain::event::Topic;
/// use ticketing_kafka::{KafkaConfig, KafkaLog};
///
/// # async fn example() -> Result<(), ticketing_kafka::KafkaError> {
/// let mut log = KafkaLog::open(&KafkaConfig::new("kafka:9092"), &[Topic::Tickets, Topic::Orders]).await?;
/// while let Some(arrivals) = log.next().await? {
///     let (read, total) = log.progress();
///     println!("{read} of {total}: {} more", arrivals.len());
/// }
/// # Ok(())
/// # }
/// ```
pub struct KafkaLog {
    batches: mpsc::Receiver<Result<Batch, KafkaError>>,
    brokers: String,
    read: u64,
    total: u64,
}

impl KafkaLog {
    /// Fixes the end of some topics and begins to read.
    ///
    /// # Errors
    ///
    /// - [`KafkaError::Unreachable`] if no broker answered within `answer_within`.
    /// - [`KafkaError::TopicMissing`] if a topic is not there.
    /// - [`KafkaError::Refused`] if there is no such configuration.
    pub async fn open(config: &KafkaConfig, topics: &[Topic]) -> Result<Self, KafkaError> {
        let (sender, batches) = mpsc::channel(AHEAD);
        let (opened, open) = oneshot::channel();
        let (config, topics, brokers) = (config.clone(), topics.to_vec(), config.brokers.clone());
        let thread = Builder::new().name("kafka-log".to_owned());
        thread
            .spawn(move || read(&config, &topics, opened, &sender))
            .map_err(|error| KafkaError::unreachable(&brokers, error))?;
        let total = open.await.map_err(|stopped| KafkaError::unreachable(&brokers, stopped))??;
        Ok(Self { batches, brokers, read: 0, total })
    }

    /// The next batch, never empty; `None` once everything was read.
    ///
    /// # Errors
    ///
    /// [`KafkaError::Unreachable`] if nothing came within `answer_within`: open it again.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Option<Vec<Arrival>>, KafkaError> {
        while self.read < self.total {
            let received = self.batches.recv().await;
            let batch = received.ok_or_else(|| KafkaError::unreachable(&self.brokers, "nobody reads any more"))??;
            self.read = batch.read;
            if !batch.arrivals.is_empty() {
                return Ok(Some(batch.arrivals));
            }
        }
        Ok(None)
    }

    /// How many offsets were handed over or are empty, and how many there are.
    #[must_use]
    pub const fn progress(&self) -> (u64, u64) {
        (self.read, self.total)
    }
}

impl fmt::Debug for KafkaLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaLog").field("read", &self.read).field("total", &self.total).finish_non_exhaustive()
    }
}
