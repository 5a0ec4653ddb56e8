//! A transport of one's own, proven by the kit.
//!
//! One log, and for each group one member at a time. [`KeyedDeliveries`] keeps what a subscription promises.
//! What this transport cannot do, it does not claim, and refuses.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use parking_lot::Mutex;
use ticketing_conformance::time::TimeFixture;
use ticketing_conformance::transport::TransportFixture;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::messaging::keyed_deliveries::{Arrived, Epoch, KeyedDeliveries, Lane};
use ticketing_core::ports::transport::{
    Arrival, Delivery, EventPublisher, EventSubscriber, PublishError, StartFrom, Subscription, SubscriptionConfig,
    TransportError, TransportFeatures,
};
use ticketing_core::wire::{EventEnvelope, RawMessage, from_message};
use tokio::sync::Notify;
use tokio::time::timeout;

/// A clone carries the same events.
#[derive(Debug, Clone, Default)]
struct Wire(Arc<(Mutex<Log>, Notify)>);

#[derive(Debug, Default)]
struct Log {
    all: Vec<(String, Arrival)>,
    /// Where each group goes on; `None` while a member reads.
    groups: HashMap<String, Option<u64>>,
}

impl Wire {
    fn append(&self, topic: &str, arrival: Arrival) {
        self.0.0.lock().all.push((topic.to_owned(), arrival));
        self.0.1.notify_waiters();
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
        let mut log = self.0.0.lock();
        let start = if config.start == StartFrom::Earliest { 0 } else { log.all.len() as u64 };
        let group = log.groups.entry(config.group.clone()).or_insert(Some(start));
        let start = group.take().ok_or(TransportError::Unsupported)?;
        let deliveries = Arc::new(Mutex::new(KeyedDeliveries::new(Epoch { number: 0, start })));
        Ok(Box::new(Member { wire: self.clone(), config, deliveries, is_stopped: false }))
    }
}

#[derive(Debug)]
struct Member {
    wire: Wire,
    config: SubscriptionConfig,
    deliveries: Arc<Mutex<KeyedDeliveries<Arrival>>>,
    is_stopped: bool,
}

impl Member {
    fn take(&self, max: usize) -> Vec<Delivery> {
        let mut deliveries = self.deliveries.lock();
        for (at, (topic, arrival)) in (0..).zip(&self.wire.0.0.lock().all) {
            if at >= deliveries.next_position() && self.config.topics.iter().any(|wanted| wanted.name() == topic) {
                deliveries.accept(at, Arrived { lane: Lane::of(arrival), bytes: 0, delivery: arrival.clone() });
            }
        }
        let most = if self.is_stopped { 0 } else { self.config.max_unsettled };
        let room = most.saturating_sub(deliveries.out());
        let lent = deliveries.lend(now(), max.min(room)).into_iter().map(|lent| {
            let (deliveries, wire) = (Arc::clone(&self.deliveries), self.wire.clone());
            lent.loan.into_delivery(lent.delivery, lent.attempt, move |loan, settlement| {
                deliveries.lock().settle(loan, settlement, now).map(|_| wire.0.1.notify_waiters())
            })
        });
        lent.collect()
    }

    /// Waits for a change, or for a moment: a retry may have come due.
    async fn wait(&self) {
        drop(timeout(Duration::from_millis(5), self.wire.0.1.notified()).await);
    }
}

#[async_trait]
impl Subscription for Member {
    async fn next(&mut self, max: usize) -> Result<Vec<Delivery>, TransportError> {
        loop {
            let batch = self.take(max);
            if self.is_stopped || !batch.is_empty() {
                return Ok(batch);
            }
            self.wait().await;
        }
    }

    async fn stop(&mut self) {
        self.is_stopped = true;
    }

    async fn close(self: Box<Self>, deadline: Duration) -> Result<usize, TransportError> {
        let end = now() + deadline;
        while self.deliveries.lock().out() > 0 && now() < end {
            self.wait().await;
        }
        Ok(self.deliveries.lock().out())
    }
}

/// Leaves the group. What is out can be settled no more; it comes again to whoever joins next.
impl Drop for Member {
    fn drop(&mut self) {
        let mut deliveries = self.deliveries.lock();
        deliveries.revoke();
        self.wire.0.0.lock().groups.insert(self.config.group.clone(), Some(deliveries.watermark()));
    }
}

fn now() -> Duration {
    UNIX_EPOCH.elapsed().unwrap_or_default()
}

/// Tells the kit how to make a world of this transport.
#[async_trait]
impl TimeFixture for Wire {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH.after(now())
    }

    async fn pass(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}

#[async_trait]
impl TransportFixture for Wire {
    fn publisher(&self) -> Arc<dyn EventPublisher> {
        Arc::new(self.clone())
    }

    fn subscriber(&self) -> Arc<dyn EventSubscriber> {
        Arc::new(self.clone())
    }

    async fn append(&self, raw: RawMessage) {
        let arrival = match from_message(&raw) {
            Ok(envelope) => Arrival::Event(envelope),
            Err(reason) => Arrival::Undecodable { raw: raw.clone(), reason },
        };
        self.append(&raw.topic, arrival);
    }

    async fn restart(&self) {}

    fn too_large(&self) -> Option<usize> {
        None
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let report = ticketing_conformance::report! { transport: Wire::default() };
    println!("{report}");
    if report.conforms() { Ok(()) } else { Err("the transport breaks a promise".into()) }
}
