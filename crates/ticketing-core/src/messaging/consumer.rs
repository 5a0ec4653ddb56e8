//! Hands deliveries to a handler, together where it can and one by one where it must.
//!
//! A batch is handled as one unit of work. If that fails, the batch is split
//! until the culprit stands alone; only its key waits for a retry, and when
//! retries are used up the culprit and all that follows it are parked, in
//! order. Other keys flow. Nothing is dropped.
//!
//! A handler that panics has failed. Waiting for something that is away is no
//! failure of an event: only what failed by itself is counted.

mod counts;
mod failures;
mod handler;
mod isolate;
mod name;
mod park;
mod replay;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;

use crate::domain::ids::EventId;
use crate::ports::BoxError;
use crate::ports::clock::{Clock, Ids};
use crate::ports::parking::ParkingLot;
use crate::ports::transport::{
    Arrival, Delivery, EventSubscriber, Settlement, StartFrom, Subscription, SubscriptionConfig, TransportError,
};
use crate::wire;

use super::backoff::Backoff;
use super::driver::Step;
use super::panic::caught_now;
use crate::ports::error_chain;

use failures::Failures;
use replay::Round;

pub use counts::{ConsumerCounts, ParkedBecause};
pub use handler::{EventHandler, HandleError, Incoming};
pub use name::NameRefusal;

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

/// What a consumer works with.
#[derive(Debug, Clone)]
pub struct ConsumerPorts {
    /// Where events come from.
    pub subscriber: Arc<dyn EventSubscriber>,
    /// Where they wait that cannot be handled.
    pub parking: Arc<dyn ParkingLot>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Names what is parked and jitters waits.
    pub ids: Arc<dyn Ids>,
}

/// Feeds one handler from one subscription.
#[derive(Debug)]
pub struct Consumer {
    handler: Arc<dyn EventHandler>,
    ports: ConsumerPorts,
    config: ConsumerConfig,
    counts: ConsumerCounts,
    subscription: Option<Box<dyn Subscription>>,
    waiting: Vec<Delivery>,
    failures: Failures,
    round: Round,
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
    Foreign(Box<Unsettled>, String),
}

impl Unsettled {
    fn event(&self) -> Option<EventId> {
        match &self.delivery.arrival {
            Arrival::Event(envelope) => Some(envelope.id),
            Arrival::Undecodable { .. } => None,
        }
    }
}

impl Consumer {
    /// A consumer that subscribes with its first step.
    ///
    /// # Errors
    ///
    /// [`NameRefusal`]: a service of the marketplace has the name of the handler, or nobody can.
    pub fn new(
        handler: Arc<dyn EventHandler>,
        ports: ConsumerPorts,
        config: ConsumerConfig,
    ) -> Result<Self, NameRefusal> {
        name::check(handler.name())?;
        Ok(Self::of_service(handler, ports, config))
    }

    /// The consumer of a service of the marketplace.
    pub(crate) fn of_service(handler: Arc<dyn EventHandler>, ports: ConsumerPorts, config: ConsumerConfig) -> Self {
        Self {
            handler,
            ports,
            config,
            counts: ConsumerCounts::default(),
            subscription: None,
            waiting: Vec::new(),
            failures: Failures::default(),
            round: Round::default(),
        }
    }

    /// How many deliveries were handled, retried and parked, from now on.
    #[must_use]
    pub fn counts(&self) -> ConsumerCounts {
        self.counts.clone()
    }

    /// Subscribes now, and not with the first step.
    ///
    /// # Errors
    ///
    /// [`TransportError`]: the first step will try again.
    pub async fn subscribe(&mut self) -> Result<(), TransportError> {
        self.subscribed().await.map(drop)
    }

    async fn subscribed(&mut self) -> Result<&mut Box<dyn Subscription>, TransportError> {
        if self.subscription.is_none() {
            let config = SubscriptionConfig {
                group: self.handler.name().to_owned(),
                topics: self.handler.topics().to_vec(),
                kinds: self.handler.kinds(),
                start: self.config.start,
                max_unsettled: self.config.max_unsettled,
                patience: self.handler.patience(),
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

    async fn handle_batch(&mut self, deliveries: Vec<Delivery>) -> Result<(), BoxError> {
        let followed = self.followed(deliveries);
        if followed.is_empty() {
            return Ok(());
        }
        let unsettled = followed.into_iter().map(|delivery| Unsettled { key: delivery.arrival.key(), delivery });
        let free = self.follow_parked(unsettled.collect()).await?;
        self.isolate(self.decode(free)).await
    }

    /// Settles what the handler does not follow, before anybody asks what is parked or reads a payload.
    fn followed(&self, deliveries: Vec<Delivery>) -> Vec<Delivery> {
        let (followed, others): (Vec<_>, Vec<_>) =
            deliveries.into_iter().partition(|delivery| self.follows(&delivery.arrival));
        self.counts.0.handled.fetch_add(others.len() as u64, Ordering::Relaxed);
        others.into_iter().for_each(ack);
        followed
    }

    fn follows(&self, arrival: &Arrival) -> bool {
        match arrival {
            Arrival::Event(envelope) => self.handler.kinds().have(&envelope.kind),
            Arrival::Undecodable { .. } => true,
        }
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
                Err(reason) => {
                    parts.push_back(Part::Events(std::mem::take(&mut events), std::mem::take(&mut run)));
                    parts.push_back(Part::Foreign(Box::new(unsettled), reason));
                }
            }
        }
        parts.push_back(Part::Events(events, run));
        parts
    }

    fn handled(&mut self, deliveries: Vec<Unsettled>) {
        self.counts.0.handled.fetch_add(deliveries.len() as u64, Ordering::Relaxed);
        if let Some(oldest) = deliveries.iter().filter_map(|unsettled| unsettled.delivery.arrival.time()).min() {
            self.counts.0.ages.observe(self.ports.clock.now().since(oldest));
        }
        for unsettled in deliveries {
            if !self.failures.is_empty() {
                unsettled.event().into_iter().for_each(|event| self.failures.forget(&unsettled.key, event));
            }
            ack(unsettled.delivery);
        }
    }

    fn retry(&self, unsettled: Unsettled, after: Duration) {
        self.counts.0.retried.fetch_add(1, Ordering::Relaxed);
        settle(unsettled.delivery, Settlement::Retry { after });
    }
}

/// An event that we know, or why it is none. Bytes that make this code panic are none either.
fn decode(arrival: &Arrival) -> Result<Option<Incoming>, String> {
    match arrival {
        Arrival::Event(envelope) => {
            let opened = caught_now(|| wire::open(envelope)).map_err(|panicked| panicked.to_string())?;
            let event = opened.map_err(|undecodable| undecodable.to_string())?;
            Ok(event.map(|event| Incoming { envelope: envelope.clone(), event }))
        }
        Arrival::Undecodable { reason, .. } => Err(reason.to_string()),
    }
}

fn ack(delivery: Delivery) {
    settle(delivery, Settlement::Ack);
}

fn settle(delivery: Delivery, settlement: Settlement) {
    // Too late to settle means that it comes again, and handling it twice equals handling it once.
    if let Err(error) = delivery.settle(settlement) {
        tracing::debug!(cause = error_chain(&error), "a delivery was settled too late and will come again");
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
            Ok(_) | Err(_) => futures_util::future::pending().await,
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
            Err(error) => {
                tracing::warn!(cause = error_chain(&error), "{} could not leave its group", self.handler.name())
            }
        }
    }
}
