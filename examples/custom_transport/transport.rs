//! The transport: one log, and for each group one member at a time.
//!
//! [`KeyedDeliveries`] keeps what a subscription promises. What this transport cannot do, it does not claim, and refuses.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use parking_lot::Mutex;
use ticketing_core::messaging::keyed_deliveries::{Arrived, Epoch, KeyedDeliveries, Lane};
use ticketing_core::ports::transport::{
    Arrival, Delivery, EventPublisher, EventSubscriber, PublishError, StartFrom, Subscription, SubscriptionConfig,
    TransportError, TransportFeatures,
};
use ticketing_core::wire::EventEnvelope;

/// How often a member looks for what came, or has come due.
const LOOK: Duration = Duration::from_millis(1);

/// A clone carries the same events.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wire(Arc<Mutex<Log>>);

#[derive(Debug, Default)]
struct Log {
    all: Vec<(String, Arrival)>,
    /// Where each group goes on; `None` while a member reads.
    groups: HashMap<String, Option<u64>>,
}

impl Wire {
    pub(crate) fn append(&self, topic: &str, arrival: Arrival) {
        self.0.lock().all.push((topic.to_owned(), arrival));
    }
}

#[async_trait]
impl EventPublisher for Wire {
    async fn publish(&self, events: &[EventEnvelope]) -> Result<(), PublishError> {
        events.iter().for_each(|event| self.append(event.topic.name(), Arrival::Event(event.clone())));
        Ok(())
    }
}

#[async_trait]
impl EventSubscriber for Wire {
    fn features(&self) -> TransportFeatures {
        TransportFeatures::NONE.replaying_history()
    }

    async fn subscribe(&self, config: SubscriptionConfig) -> Result<Box<dyn Subscription>, TransportError> {
        let mut log = self.0.lock();
        let start = if config.start == StartFrom::Earliest { 0 } else { log.all.len() as u64 };
        let group = log.groups.entry(config.group.clone()).or_insert(Some(start));
        let start = group.take().ok_or(TransportError::Unsupported)?;
        let deliveries = Arc::new(Mutex::new(KeyedDeliveries::new(Epoch { number: 0, start })));
        Ok(Box::new(Member { wire: self.clone(), config, deliveries }))
    }
}

#[derive(Debug)]
struct Member {
    wire: Wire,
    config: SubscriptionConfig,
    deliveries: Arc<Mutex<KeyedDeliveries<Arrival>>>,
}

impl Member {
    fn take(&self, max: usize) -> Vec<Delivery> {
        let mut deliveries = self.deliveries.lock();
        for (at, (topic, arrival)) in (0..).zip(&self.wire.0.lock().all) {
            if at >= deliveries.next_position() && self.config.topics.iter().any(|wanted| wanted.name() == topic) {
                deliveries.accept(at, Arrived { lane: Lane::of(arrival), bytes: 0, delivery: arrival.clone() });
            }
        }
        let room = self.config.max_unsettled.saturating_sub(deliveries.out());
        let lent = deliveries.lend(now(), max.min(room)).into_iter().map(|lent| {
            let deliveries = Arc::clone(&self.deliveries);
            let settle = move |loan, settlement| deliveries.lock().settle(loan, settlement, now).map(drop);
            lent.loan.into_delivery(lent.delivery, lent.attempt, settle)
        });
        lent.collect()
    }
}

#[async_trait]
impl Subscription for Member {
    async fn next(&mut self, max: usize) -> Result<Vec<Delivery>, TransportError> {
        let mut batch = self.take(max);
        while batch.is_empty() && self.config.max_unsettled > 0 {
            tokio::time::sleep(LOOK).await;
            batch = self.take(max);
        }
        Ok(batch)
    }

    async fn stop(&mut self) {
        // What may not be unsettled is not lent.
        self.config.max_unsettled = 0;
    }

    async fn close(self: Box<Self>, deadline: Duration) -> Result<usize, TransportError> {
        let end = now() + deadline;
        while self.deliveries.lock().out() > 0 && now() < end {
            tokio::time::sleep(LOOK).await;
        }
        Ok(self.deliveries.lock().out())
    }
}

/// Leaves the group. What is out can be settled no more; it comes again to the next member.
impl Drop for Member {
    fn drop(&mut self) {
        let mut deliveries = self.deliveries.lock();
        deliveries.revoke();
        self.wire.0.lock().groups.insert(self.config.group.clone(), Some(deliveries.watermark()));
    }
}

pub(crate) fn now() -> Duration {
    UNIX_EPOCH.elapsed().unwrap_or_default()
}
