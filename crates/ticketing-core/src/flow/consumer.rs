//! Hands deliveries to a handler, together where it can and one by one where it must.
//!
//! A batch is handled as one unit of work. If that fails, the batch is split
//! until the culprit stands alone; only its key waits for a retry, and when
//! retries are used up the culprit and all that follows it are parked, in
//! order. Other keys flow. Nothing is dropped.

mod isolate;
mod park;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;

use crate::domain::event::{Event, Topic};
use crate::domain::time::Timestamp;
use crate::ports::BoxError;
use crate::ports::clock::{Clock, Ids};
use crate::ports::parking::ParkingLot;
use crate::ports::store::StoreError;
use crate::ports::transport::{
    Arrival, Delivery, EventSubscriber, Settlement, StartFrom, Subscription, SubscriptionConfig, TransportError,
};
use crate::wire::{self, EventEnvelope};

use super::backoff::Backoff;
use super::driver::{Step, causes};

/// An event and the envelope it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Who, what and when.
    pub envelope: EventEnvelope,
    /// What happened.
    pub event: Event,
}

/// Why events were not handled.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// Something did not answer: the same events will be handled later, however long it takes.
    #[error("what the handler needs is unavailable")]
    Unavailable(#[source] BoxError),
    /// These events cannot be handled: after a few tries, a human is needed.
    #[error("the events cannot be handled")]
    Failed(#[source] BoxError),
}

/// Reacts to events.
///
/// Handling an event twice equals handling it once, and so does handling an
/// old one after a newer one of the same subject.
#[async_trait]
pub trait EventHandler: Send + Sync + 'static {
    /// The name of the consumer, and of its group.
    fn name(&self) -> &str;

    /// Which streams it follows.
    fn topics(&self) -> &[Topic];

    /// Handles all events, as one unit of work where there is an effect.
    ///
    /// # Errors
    ///
    /// [`HandleError`]: some may have been handled; all will be handed over again.
    async fn handle(&self, events: &[Incoming]) -> Result<(), HandleError>;
}

/// How a consumer works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsumerConfig {
    /// The most deliveries to handle together.
    pub batch: usize,
    /// The most deliveries on loan.
    pub max_unsettled: usize,
    /// How often an event is tried before it is parked.
    pub max_attempts: u32,
    /// The waits between tries.
    pub backoff: Backoff,
    /// Where a new group begins.
    pub start: StartFrom,
    /// How often released parked events are looked for.
    pub replay_every: Duration,
    /// How long a closing consumer waits for what is on loan.
    pub close_within: Duration,
}

impl Default for ConsumerConfig {
    fn default() -> Self {
        Self {
            batch: 256,
            max_unsettled: 2048,
            max_attempts: 8,
            backoff: Backoff::default(),
            start: StartFrom::Earliest,
            replay_every: Duration::from_secs(1),
            close_within: Duration::from_secs(5),
        }
    }
}

/// How many deliveries came to which end. A clone counts the same consumer.
#[derive(Debug, Clone, Default)]
pub struct ConsumerCounts(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    handled: AtomicU64,
    unknown: AtomicU64,
    retried: AtomicU64,
    parked: AtomicU64,
}

impl ConsumerCounts {
    /// Events whose effect was committed, or needed none.
    #[must_use]
    pub fn handled(&self) -> u64 {
        self.0.handled.load(Ordering::Relaxed)
    }

    /// Events of a type that a newer release added.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.0.unknown.load(Ordering::Relaxed)
    }

    /// Deliveries that were put back for later.
    #[must_use]
    pub fn retried(&self) -> u64 {
        self.0.retried.load(Ordering::Relaxed)
    }

    /// Deliveries that were set aside.
    #[must_use]
    pub fn parked(&self) -> u64 {
        self.0.parked.load(Ordering::Relaxed)
    }
}

/// What a consumer works with.
#[derive(Clone)]
pub struct ConsumerPorts {
    /// Where events come from.
    pub subscriber: Arc<dyn EventSubscriber>,
    /// Where they wait that cannot be handled.
    pub parking: Arc<dyn ParkingLot>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Names what is parked and jitters waits.
    pub ids: Arc<dyn Ids>,
}

impl std::fmt::Debug for ConsumerPorts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConsumerPorts").finish_non_exhaustive()
    }
}

/// Feeds one handler from one subscription.
pub struct Consumer {
    handler: Arc<dyn EventHandler>,
    ports: ConsumerPorts,
    config: ConsumerConfig,
    counts: ConsumerCounts,
    subscription: Option<Box<dyn Subscription>>,
    waiting: Vec<Delivery>,
    replay_at: Timestamp,
}

impl std::fmt::Debug for Consumer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Consumer").field("name", &self.handler.name()).finish_non_exhaustive()
    }
}

/// A delivery that is still unsettled, and what it is ordered by.
struct Unsettled {
    delivery: Delivery,
    key: String,
}

/// Deliveries to be handled together, in order.
enum Part {
    /// Events that we know, each beside its delivery.
    Events(Vec<Incoming>, Vec<Unsettled>),
    /// Bytes that are no event of ours.
    Foreign(Box<Unsettled>, wire::Undecodable),
}

impl Consumer {
    /// A consumer that subscribes with its first step.
    #[must_use]
    pub fn new(handler: Arc<dyn EventHandler>, ports: ConsumerPorts, config: ConsumerConfig) -> Self {
        Self {
            handler,
            ports,
            config,
            counts: ConsumerCounts::default(),
            subscription: None,
            waiting: Vec::new(),
            replay_at: Timestamp::EPOCH,
        }
    }

    /// How many deliveries came to which end, from now on and for ever.
    #[must_use]
    pub fn counts(&self) -> ConsumerCounts {
        self.counts.clone()
    }

    async fn subscribed(&mut self) -> Result<&mut Box<dyn Subscription>, TransportError> {
        if self.subscription.is_none() {
            let config = SubscriptionConfig {
                group: self.handler.name().to_owned(),
                topics: self.handler.topics().to_vec(),
                start: self.config.start,
                max_unsettled: self.config.max_unsettled,
            };
            self.subscription = Some(self.ports.subscriber.subscribe(config).await?);
        }
        self.subscription.as_mut().ok_or(TransportError::Closed)
    }

    /// What is there, without waiting for more.
    async fn fetch(&mut self) -> Result<Vec<Delivery>, TransportError> {
        if !self.waiting.is_empty() {
            return Ok(std::mem::take(&mut self.waiting));
        }
        let batch = self.config.batch;
        let fetched = self.subscribed().await?.next(batch).now_or_never().unwrap_or(Ok(Vec::new()));
        if matches!(fetched, Err(TransportError::Closed)) {
            self.subscription = None;
        }
        fetched
    }

    async fn handle_batch(&self, deliveries: Vec<Delivery>) -> Result<(), BoxError> {
        let unsettled = deliveries.into_iter().map(|delivery| Unsettled { key: delivery.arrival.key(), delivery });
        let free = self.follow_parked(unsettled.collect()).await?;
        self.isolate(self.decode(free)).await
    }

    /// Runs of events, with what is undecodable alone between them. What is of a type to come is passed by.
    fn decode(&self, deliveries: Vec<Unsettled>) -> VecDeque<Part> {
        let mut parts = VecDeque::new();
        let (mut events, mut run) = (Vec::with_capacity(deliveries.len()), Vec::with_capacity(deliveries.len()));
        for unsettled in deliveries {
            match decode(&unsettled.delivery.arrival) {
                Ok(Some(incoming)) => {
                    events.push(incoming);
                    run.push(unsettled);
                }
                Ok(None) => {
                    self.counts.0.unknown.fetch_add(1, Ordering::Relaxed);
                    ack(unsettled.delivery);
                }
                Err(undecodable) => {
                    parts.push_back(Part::Events(std::mem::take(&mut events), std::mem::take(&mut run)));
                    parts.push_back(Part::Foreign(Box::new(unsettled), undecodable));
                }
            }
        }
        parts.push_back(Part::Events(events, run));
        parts
    }

    fn handled(&self, deliveries: Vec<Unsettled>) {
        self.counts.0.handled.fetch_add(deliveries.len() as u64, Ordering::Relaxed);
        for unsettled in deliveries {
            ack(unsettled.delivery);
        }
    }

    fn retry(&self, unsettled: Unsettled, after: Duration) {
        self.counts.0.retried.fetch_add(1, Ordering::Relaxed);
        settle(unsettled.delivery, Settlement::Retry { after });
    }
}

fn decode(arrival: &Arrival) -> Result<Option<Incoming>, wire::Undecodable> {
    match arrival {
        Arrival::Event(envelope) => {
            Ok(wire::open(envelope)?.map(|event| Incoming { envelope: envelope.clone(), event }))
        }
        Arrival::Undecodable { reason, .. } => Err(reason.clone()),
    }
}

fn ack(delivery: Delivery) {
    settle(delivery, Settlement::Ack);
}

fn settle(delivery: Delivery, settlement: Settlement) {
    // Too late to settle means that it comes again, and handling it twice equals handling it once.
    if let Err(error) = delivery.settle(settlement) {
        tracing::debug!(cause = causes(&error), "a delivery was settled too late and will come again");
    }
}

#[async_trait]
impl Step for Consumer {
    fn name(&self) -> &str {
        self.handler.name()
    }

    async fn step(&mut self) -> Result<usize, BoxError> {
        let replayed = self.replay_released().await?;
        let deliveries = self.fetch().await?;
        let count = deliveries.len();
        if count > 0 {
            self.handle_batch(deliveries).await?;
        }
        Ok(replayed + count)
    }

    async fn idle(&mut self) {
        let batch = self.config.batch;
        let Some(subscription) = self.subscription.as_mut() else { return };
        match subscription.next(batch).await {
            Ok(deliveries) if !deliveries.is_empty() => self.waiting = deliveries,
            // The next step meets the same failure, and the driver waits after that.
            Ok(_) | Err(_) => futures::future::pending().await,
        }
    }

    async fn finish(mut self: Box<Self>) {
        // What was fetched and not handled is given back by dropping it.
        self.waiting.clear();
        let Some(mut subscription) = self.subscription.take() else { return };
        subscription.stop().await;
        match subscription.close(self.config.close_within).await {
            Ok(0) => {}
            Ok(abandoned) => tracing::warn!(abandoned, "{} left deliveries unsettled", self.handler.name()),
            Err(error) => tracing::warn!(cause = causes(&error), "{} could not leave its group", self.handler.name()),
        }
    }
}

impl From<StoreError> for HandleError {
    fn from(error: StoreError) -> Self {
        if error.is_transient() { Self::Unavailable(error.into()) } else { Self::Failed(error.into()) }
    }
}
