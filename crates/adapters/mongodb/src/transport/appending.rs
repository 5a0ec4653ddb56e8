//! Appends messages: one transaction for those of a topic, which counts its head up first.
//!
//! A publisher that counts a head up keeps it locked until the commit, so the rows of a topic are committed in the order of
//! their positions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use bson::{DateTime, Document, RawDocumentBuf, doc};
use futures::future::join_all;
use mongodb::ClientSession;
use mongodb::error::{Error, Result as MongoResult};
use mongodb::options::ReturnDocument;
use ticketing_core::ports::store::StoreError;
use ticketing_core::ports::transport::PublishError;

use crate::commit::transaction::{self, Attempt, PAUSES, outcome};

use super::ends::{self, Ends};
use super::message::Message;
use super::partition::Partition;
use super::{Bus, unavailable};

/// So many rows are written in one transaction.
const MOST_ROWS: usize = 1000;
/// And so many bytes of them, unless it is one; a transaction holds 16 MB.
pub(super) const MOST_BYTES: usize = 8 << 20;

/// A message, and the how manieth it is of its call.
type Numbered = (usize, Message);

impl Bus {
    /// Appends messages, in order for each topic.
    ///
    /// A part that is under way goes on when nobody waits for it any more.
    pub(super) async fn append(self: &Arc<Self>, messages: Vec<Message>) -> Result<(), PublishError> {
        let mut of_topic: BTreeMap<&'static str, Vec<Numbered>> = BTreeMap::new();
        for (nth, message) in messages.into_iter().enumerate() {
            of_topic.entry(message.partition.topic).or_default().push((nth, message));
        }
        let appended = join_all(of_topic.into_iter().map(|(topic, messages)| self.append_to(topic, messages))).await;
        let failed = appended.into_iter().filter_map(Result::err).min_by_key(|(durable, _)| *durable);
        match failed {
            Some((durable, source)) => Err(PublishError { durable, source: unavailable(source) }),
            None => Ok(()),
        }
    }

    /// Appends the messages of one topic; fails with the number of the first of them that may not be durable.
    async fn append_to(
        self: &Arc<Self>,
        topic: &'static str,
        mut messages: Vec<Numbered>,
    ) -> Result<(), (usize, StoreError)> {
        while !messages.is_empty() {
            let rest = messages.split_off(fitting(&messages));
            let first = messages.first().map_or(0, |(nth, _)| *nth);
            let part = Part { bus: Arc::clone(self), topic, messages };
            match tokio::spawn(part.append()).await {
                Ok(appended) => appended.map_err(|error| (first, error))?,
                Err(stopped) => return Err((first, StoreError::Unavailable(stopped.into()))),
            }
            messages = rest;
        }
        Ok(())
    }
}

/// How many of the first messages fit into one transaction; one at least.
fn fitting(messages: &[Numbered]) -> usize {
    let mut bytes = 0;
    let fits = |(_, message): &&Numbered| {
        bytes += message.size();
        bytes <= MOST_BYTES
    };
    messages.iter().take(MOST_ROWS).take_while(fits).count().max(1)
}

/// Messages of one transaction.
struct Part {
    bus: Arc<Bus>,
    topic: &'static str,
    messages: Vec<Numbered>,
}

impl Part {
    async fn append(self) -> Result<(), StoreError> {
        let turn = self.bus.turns.get(self.topic);
        let _turn = match turn {
            Some(turn) => Some(turn.lock().await),
            None => None,
        };
        let end = Instant::now() + self.bus.config.commit_within;
        let mut tries = 0;
        loop {
            let (attempt, ends) = self.attempt(end).await;
            let failure = match attempt {
                Attempt::Committed => {
                    self.bus.note_ends(&ends);
                    return Ok(());
                }
                Attempt::Failed(error) => return Err(error),
                Attempt::Refused => return Err(StoreError::Corrupt("the log goes on behind its end".into())),
                Attempt::Again(error) => error,
            };
            if Instant::now() >= end {
                return Err(StoreError::Unavailable(failure.into()));
            }
            tries += 1;
            tokio::time::sleep(PAUSES.longest_after(tries)).await;
        }
    }

    async fn attempt(&self, end: Instant) -> (Attempt, Ends) {
        let left = end.saturating_duration_since(Instant::now()).max(PAUSES.longest);
        let mut session = match transaction::begin(&self.bus.database, left).await {
            Ok(session) => session,
            Err(error) => return (outcome(Err(error)), Ends::new()),
        };
        match self.write(&mut session).await {
            Ok(ends) => (transaction::end(session, Ok(true)).await, ends),
            Err(error) => (transaction::end(session, Err(error)).await, Ends::new()),
        }
    }

    /// Writes the rows; returns where their partitions end then.
    async fn write(&self, session: &mut ClientSession) -> MongoResult<Ends> {
        let mut counts: BTreeMap<Partition, u64> = BTreeMap::new();
        for (_, message) in &self.messages {
            *counts.entry(message.partition).or_default() += 1;
        }
        let added: Document =
            counts.iter().map(|(of, count)| (format!("ends.{}", of.number), count.cast_signed().into())).collect();
        let heads = ends::collection(&self.bus.database);
        // The server's clock, which is one for all who publish.
        let count_up = doc! { "$inc": added, "$currentDate": { "at": true } };
        let counted = heads.find_one_and_update(doc! { "_id": self.topic }, count_up);
        let head = counted.return_document(ReturnDocument::After).session(&mut *session).await?;
        let head = head.ok_or_else(|| Error::custom("a topic has no head"))?;
        let at = head.get_datetime("at").copied().unwrap_or_else(|_| DateTime::now());
        let ends = ends::read(&head);
        let rows = self.rows(&counts, &ends, at)?;
        self.bus.log.insert_many(rows).session(session).await?;
        Ok(ends)
    }

    /// The rows, each at its position.
    fn rows(&self, counts: &BTreeMap<Partition, u64>, ends: &Ends, at: DateTime) -> MongoResult<Vec<RawDocumentBuf>> {
        let mut last = BTreeMap::new();
        for (partition, count) in counts {
            let end = ends.get(partition).ok_or_else(|| Error::custom("a head has no such partition"))?;
            last.insert(*partition, end.saturating_sub(*count));
        }
        let row = |(_, message): &Numbered| {
            let position = last.entry(message.partition).or_default();
            *position += 1;
            message.row(*position, at)
        };
        Ok(self.messages.iter().map(row).collect())
    }
}
