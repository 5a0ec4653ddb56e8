//! Subscribes to topics as a member of a group.
//!
//! Each subscription has its own thread, which polls whatever the consumer
//! does: a slow handler never loses its place in the group.

mod inspect;
mod mark;
mod member;
mod placing;
mod progress;
mod rebalance;
mod start;
mod thread;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use ticketing_core::ports::transport::{
    Delivery, EventSubscriber, Lag, Subscription, SubscriptionConfig, TransportError, TransportFeatures,
};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::config::KafkaConfig;
use crate::threads;

use member::{Member, Phase};
use thread::{Reader, run};

/// Opens subscriptions to a cluster. A clone subscribes to the same one.
///
/// What was settled less than `commit_every` ago comes again after a crash; after a close nothing does.
/// Where a log lost its end, or its topic was made again, reading goes on where the log is still the one that was
/// read, or else with the oldest event, so that events come again and none is passed over.
/// A group that nobody read for longer than the cluster keeps its offsets, a week by default, is a new one.
///
/// # Examples
///
/// ```no_run
/// use std::time::Duration;
/// use ticketing_core::domain::event::Topic;
/// use ticketing_core::ports::transport::{EventSubscriber, Kinds, Settlement, StartFrom, SubscriptionConfig};
/// use ticketing_kafka::{KafkaConfig, KafkaSubscriber};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let subscriber = KafkaSubscriber::new(&KafkaConfig::new("kafka:9092"));
/// let mut catalog = subscriber
///     .subscribe(SubscriptionConfig {
///         group: "catalog".into(),
///         topics: vec![Topic::Tickets, Topic::Orders],
///         start: StartFrom::Earliest,
///         max_unsettled: 1000,
///         patience: Duration::ZERO,
///         kinds: Kinds::All,
///     })
///     .await?;
/// for delivery in catalog.next(100).await? {
///     delivery.settle(Settlement::Ack)?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct KafkaSubscriber {
    config: KafkaConfig,
    resets: Arc<AtomicU64>,
    members: Arc<Mutex<Vec<Joined>>>,
}

/// A member, and its group.
#[derive(Debug)]
struct Joined {
    group: String,
    member: Weak<Member>,
}

impl KafkaSubscriber {
    /// Subscribes to the topics of this configuration. Nothing is connected before.
    #[must_use]
    pub fn new(config: &KafkaConfig) -> Self {
        Self { config: config.clone(), resets: Arc::default(), members: Arc::default() }
    }

    /// How often a position of a group was of no use, because the log had lost its end or was another one, or because
    /// retention had removed what the group had not read.
    ///
    /// Each is in the log too. Of this subscriber and its clones, since it was made.
    #[must_use]
    pub fn resets(&self) -> u64 {
        self.resets.load(Ordering::Relaxed)
    }

    /// How far each group is behind that this subscriber and its clones are a member of.
    ///
    /// Where the logs end is looked at every few seconds, and while no broker answers it is what was seen last.
    #[must_use]
    pub fn lags(&self) -> BTreeMap<String, Lag> {
        let mut lags: BTreeMap<String, Lag> = BTreeMap::new();
        let mut members = self.members.lock();
        members.retain(|joined| joined.member.strong_count() > 0);
        for Joined { group, member } in members.iter() {
            if let Some(member) = member.upgrade() {
                *lags.entry(group.clone()).or_default() += member.lock().lag();
            }
        }
        lags
    }
}

#[async_trait]
impl EventSubscriber for KafkaSubscriber {
    fn features(&self) -> TransportFeatures {
        TransportFeatures::NONE.replaying_history().sharing_work().surviving_restarts()
    }

    async fn subscribe(&self, subscription: SubscriptionConfig) -> Result<Box<dyn Subscription>, TransportError> {
        let member = Arc::new(Member::new(subscription.max_unsettled));
        let (joined, join) = oneshot::channel();
        let (leaving, left) = oneshot::channel();
        let (config, reader, resets) = (self.config.clone(), Arc::clone(&member), Arc::clone(&self.resets));
        let group = subscription.group.clone();
        let work = move || run(Reader::join(config, &subscription, reader, resets), joined, leaving);
        threads::spawn(format!("kafka-{group}"), work).map_err(|error| TransportError::Unavailable(error.into()))?;
        join.await.map_err(|stopped| TransportError::Unavailable(stopped.into()))??;
        self.members.lock().push(Joined { group, member: Arc::downgrade(&member) });
        Ok(Box::new(KafkaSubscription { member, left, leave_within: self.config.answer_within }))
    }
}

/// A member of a group. Dropped, it leaves, in its own time.
#[derive(Debug)]
struct KafkaSubscription {
    member: Arc<Member>,
    left: oneshot::Receiver<()>,
    leave_within: Duration,
}

#[async_trait]
impl Subscription for KafkaSubscription {
    async fn next(&mut self, max: usize) -> Result<Vec<Delivery>, TransportError> {
        loop {
            let (batch, due) = self.member.lend(max.max(1));
            if !batch.is_empty() {
                return Ok(batch);
            }
            match self.member.lock().phase {
                Phase::Open => {}
                Phase::Stopped => return Ok(Vec::new()),
                Phase::Left => return Err(TransportError::Closed),
            }
            match due {
                // It wakes up for news or when the time has come, and looks either way.
                Some(due) => {
                    let _woken = timeout(due.saturating_sub(self.member.time()), self.member.news()).await;
                }
                None => self.member.news().await,
            }
        }
    }

    async fn stop(&mut self) {
        self.member.enter(Phase::Stopped);
    }

    async fn close(mut self: Box<Self>, deadline: Duration) -> Result<usize, TransportError> {
        let end = sleep(deadline);
        tokio::pin!(end);
        self.member.enter(Phase::Stopped);
        while self.member.out() > 0 {
            tokio::select! {
                biased;
                () = self.member.news() => {}
                () = &mut end => break,
            }
        }
        let abandoned = self.member.enter(Phase::Left);
        match timeout(self.leave_within, &mut self.left).await {
            Ok(_left) => Ok(abandoned),
            Err(late) => Err(TransportError::Unavailable(late.into())),
        }
    }
}

impl Drop for KafkaSubscription {
    fn drop(&mut self) {
        self.member.enter(Phase::Left);
    }
}
