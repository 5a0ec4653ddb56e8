//! The log as a transport: groups that read it, each from its own place.
//!
//! What a service commits is in the log by the same transaction, so a group sees it at once, and no relay lies between.
//! Publishing it again changes nothing. One process has the file, so members of a group share it in memory; how far the
//! group came in each topic is kept in the file.

mod abandoned;
mod group;
pub(crate) mod message;
mod replay;
mod retention;
mod subscription;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use rusqlite::Connection;
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::transport::{
    EventPublisher, EventSubscriber, Lag, PublishError, Subscription, SubscriptionConfig, TransportError,
    TransportFeatures,
};
use ticketing_core::wire::{EventEnvelope, RawMessage};

use crate::error::Failure;
use crate::file::SqliteFile;
use crate::news::News;

use abandoned::Abandoned;
use group::{Groups, Place};
use message::Appending;
use retention::Trimming;
use subscription::SqliteSubscription;

pub use replay::SqliteLog;

/// Carries events within the file. A clone is a handle to the same broker.
#[derive(Clone)]
pub struct SqliteBroker {
    file: SqliteFile,
    groups: Arc<Mutex<Groups>>,
    appended: Arc<News>,
    /// How many events were added to the log since its oldest ones were looked at.
    untrimmed: Arc<AtomicU64>,
    /// When its oldest ones were looked at, in milliseconds since the start of 1970.
    looked_at: Arc<AtomicI64>,
    missed: Arc<AtomicU64>,
}

/// The log's oldest events are looked at after so many new ones, fewer than are then removed of each topic.
const TRIM_EVERY: u64 = 512;
/// And with the next new one after so long.
const LOOK_EVERY: Duration = Duration::from_mins(10);

impl SqliteBroker {
    pub(crate) fn of(file: &SqliteFile) -> Self {
        let (file, looked_at) = (file.clone(), Arc::new(AtomicI64::new(file.clock.now().millis())));
        let (groups, appended, untrimmed, missed) = (Arc::default(), Arc::default(), Arc::default(), Arc::default());
        Self { file, groups, appended, untrimmed, looked_at, missed }
    }

    /// Takes events to this broker.
    #[must_use]
    pub fn publisher(&self) -> SqlitePublisher {
        SqlitePublisher(self.clone())
    }

    /// Opens subscriptions to this broker.
    #[must_use]
    pub fn subscriber(&self) -> SqliteSubscriber {
        SqliteSubscriber(self.clone())
    }

    /// Appends a message as another program might have written it.
    ///
    /// # Errors
    ///
    /// [`TransportError::Unavailable`]: it may have been appended.
    pub async fn append_raw(&self, message: RawMessage) -> Result<(), TransportError> {
        let appending = Appending::of_raw(message, self.file.clock.now());
        self.append(appending.map_err(|error| TransportError::Refused(error.into()))?).await.map_err(Into::into)
    }

    /// How far each group is behind that has members, of what this process has read ahead: 4,096 messages of a topic and
    /// a few more, at most.
    #[must_use]
    pub fn lags(&self) -> BTreeMap<String, Lag> {
        self.groups.lock().lags()
    }

    /// How many events were gone that a group had not settled, when it came back after
    /// [`group_retention`](crate::SqliteConfig::group_retention).
    ///
    /// Each time is in the log as an error too: rebuild what followed them. Since this process opened the file.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }

    /// Forgets a group that has no members, so that nothing is kept for it any more; returns whether it did.
    ///
    /// # Errors
    ///
    /// [`TransportError::Unavailable`]: it may be forgotten.
    pub async fn forget_group(&self, group: &str) -> Result<bool, TransportError> {
        if !self.groups.lock().forget(group) {
            return Ok(false);
        }
        let group = group.to_owned();
        let forget = move |connection: &Connection| {
            Ok(connection.execute("DELETE FROM places WHERE consumer = ?1", [group])? > 0)
        };
        Ok(self.file.write(forget).await?)
    }

    pub(crate) const fn file(&self) -> &SqliteFile {
        &self.file
    }

    /// Wakes those who wait for events: some were committed.
    pub(crate) fn ring(&self, events: usize) {
        self.appended.ring();
        let (events, now) = (events as u64, self.file.clock.now());
        let is_much = self.untrimmed.fetch_add(events, Ordering::Relaxed) + events >= TRIM_EVERY;
        if is_much || now.since(self.looked_at()) >= LOOK_EVERY {
            self.trim_later(now);
        }
    }

    fn looked_at(&self) -> Timestamp {
        Timestamp::from_millis(self.looked_at.load(Ordering::Relaxed))
    }

    /// Removes what is too old, or too much, in the next transaction.
    fn trim_later(&self, now: Timestamp) {
        let trimming = self.trimming(now);
        let abandoned = Arc::new(Mutex::new(Vec::new()));
        let found = Arc::clone(&abandoned);
        let work = move |connection: &Connection| {
            *found.lock() = trimming.run(connection)?.abandoned;
            Ok(())
        };
        // What was not removed is looked at again the next time.
        let ended = move |is_on_disk| {
            if is_on_disk {
                abandoned.lock().iter().for_each(Abandoned::tell);
            }
        };
        self.file.write_later(work, ended);
    }

    /// Removes what became too old while nobody had the file open.
    pub(crate) async fn trim(&self) -> Result<(), Failure> {
        loop {
            let trimming = self.trimming(self.file.clock.now());
            if !self.file.write(move |connection| trimming.run(connection)).await?.is_more {
                return Ok(());
            }
        }
    }

    fn trimming(&self, now: Timestamp) -> Trimming {
        self.untrimmed.store(0, Ordering::Relaxed);
        let last = Timestamp::from_millis(self.looked_at.swap(now.millis(), Ordering::Relaxed));
        let (config, groups) = (Arc::clone(&self.file.config), Arc::clone(&self.groups));
        Trimming { config, groups, now, elapsed: now.since(last) }
    }

    /// Tells a group that came back what it missed.
    fn tell_missed(&self, group: &str, places: &[Place]) {
        for Place { topic, missed, .. } in places.iter().filter(|place| place.missed > 0) {
            self.missed.fetch_add(*missed, Ordering::Relaxed);
            let topic = topic.name();
            tracing::error!(
                group,
                topic,
                missed,
                "{missed} events of {topic} are gone that {group} had not settled, since nobody had joined it for long: it goes on with the oldest that is kept"
            );
        }
    }

    async fn append(&self, appending: Appending) -> Result<(), Failure> {
        let (broker, events) = (self.clone(), appending.len());
        let work = move |connection: &Connection| Ok(appending.run_new(connection)?);
        self.file.write_then(work, move |()| broker.ring(events)).await
    }
}

/// Publishes to a [`SqliteBroker`]. A clone is a handle to the same broker.
#[derive(Debug, Clone)]
pub struct SqlitePublisher(SqliteBroker);

#[async_trait]
impl EventPublisher for SqlitePublisher {
    async fn publish(&self, events: &[EventEnvelope]) -> Result<(), PublishError> {
        let SqliteBroker { file, .. } = &self.0;
        let fitting: Vec<_> = events.iter().take_while(|event| event.data.len() <= file.config.max_bytes).collect();
        let durable = fitting.len();
        self.0.publish(fitting).await.map_err(|source| PublishError { durable: 0, source })?;
        if durable < events.len() {
            let source = TransportError::Refused("the payload is too large".into());
            return Err(PublishError { durable, source });
        }
        Ok(())
    }
}

impl SqliteBroker {
    /// All or nothing; what a service committed is there already, and then nothing is written.
    async fn publish(&self, events: Vec<&EventEnvelope>) -> Result<(), TransportError> {
        let ids: Vec<_> = events.iter().map(|event| event.id.uuid()).collect();
        let has_all = move |connection: &Connection| {
            for id in ids {
                if !message::has(connection, id)? {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        if self.file.read(has_all).await? {
            return Ok(());
        }
        let appending = Appending::of(events.into_iter().cloned().collect(), None);
        let appending = appending.map_err(|error| TransportError::Refused(error.into()))?;
        self.append(appending).await.map_err(Into::into)
    }
}

/// Opens subscriptions to a [`SqliteBroker`]. A clone is a handle to the same broker.
#[derive(Debug, Clone)]
pub struct SqliteSubscriber(SqliteBroker);

#[async_trait]
impl EventSubscriber for SqliteSubscriber {
    fn features(&self) -> TransportFeatures {
        TransportFeatures::NONE.replaying_history().sharing_work().surviving_restarts()
    }

    async fn subscribe(&self, config: SubscriptionConfig) -> Result<Box<dyn Subscription>, TransportError> {
        let (group, topics, start) = (config.group.clone(), config.topics.clone(), config.start);
        let joining = move |connection: &Connection| group::places(connection, &group, &topics, start);
        let places = self.0.file.write(joining).await?;
        self.0.tell_missed(&config.group, &places);
        Ok(Box::new(SqliteSubscription::join(&self.0, config, places)))
    }
}

/// The topic of this name.
fn topic(name: &str) -> Option<Topic> {
    Topic::ALL.into_iter().find(|topic| topic.name() == name)
}

impl fmt::Debug for SqliteBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteBroker").field("file", &self.file).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
