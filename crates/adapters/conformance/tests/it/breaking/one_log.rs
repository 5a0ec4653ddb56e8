//! A transport that keeps the events of all topics in one log, as a simple one does.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::{
    Arrival, Delivery, EventPublisher, EventSubscriber, PublishError, Settle, Settlement, Subscription,
    SubscriptionConfig, TransportError, TransportFeatures,
};
use ticketing_core::wire::{EventEnvelope, Origin};
use ticketing_memory::{MemoryBroker, MemoryBrokerConfig};

use crate::world::World;

/// All goes to the topic of orders; the first extension is where it belongs.
#[derive(Debug)]
struct OneLog {
    publisher: Arc<dyn EventPublisher>,
    subscriber: Arc<dyn EventSubscriber>,
    /// Whether the progress of a group stops at the first event of a topic that it does not follow.
    stops: bool,
}

/// A world whose transport is one log with one partition.
pub(super) fn world(stops: bool) -> World {
    let world = World::default();
    let config = MemoryBrokerConfig { partitions: 1, ..MemoryBrokerConfig::default() };
    let broker = MemoryBroker::new(Arc::new(world.clock.clone()), config);
    let (publisher, subscriber) = (Arc::new(broker.publisher()), Arc::new(broker.subscriber()));
    let one_log = Arc::new(OneLog { publisher, subscriber, stops });
    World { publisher: one_log.clone(), subscriber: one_log, ..world }
}

#[async_trait]
impl EventPublisher for OneLog {
    async fn publish(&self, events: &[EventEnvelope]) -> Result<(), PublishError> {
        let in_one = |event: &EventEnvelope| {
            let extensions = vec![("topic".to_owned(), event.topic.name().to_owned())];
            let origin = Origin { extensions, ..event.origin.clone() };
            EventEnvelope { topic: Topic::Orders, origin, ..event.clone() }
        };
        self.publisher.publish(&events.iter().map(in_one).collect::<Vec<_>>()).await
    }
}

#[async_trait]
impl EventSubscriber for OneLog {
    fn features(&self) -> TransportFeatures {
        self.subscriber.features()
    }

    async fn subscribe(&self, config: SubscriptionConfig) -> Result<Box<dyn Subscription>, TransportError> {
        let all = SubscriptionConfig { topics: vec![Topic::Orders], max_unsettled: 10_000, ..config };
        let sound = self.subscriber.subscribe(all).await?;
        Ok(Box::new(Member { sound, topics: config.topics, stops: self.stops, foreign: Vec::new() }))
    }
}

#[derive(Debug)]
struct Member {
    sound: Box<dyn Subscription>,
    topics: Vec<Topic>,
    stops: bool,
    /// What is never settled.
    foreign: Vec<Delivery>,
}

#[async_trait]
impl Subscription for Member {
    async fn next(&mut self, max: usize) -> Result<Vec<Delivery>, TransportError> {
        loop {
            let (batch, mut own) = (self.sound.next(max).await?, Vec::new());
            let is_stopped = batch.is_empty();
            for delivery in batch {
                let event = belonging(&delivery.arrival);
                if self.topics.contains(&event.topic) {
                    own.push(Delivery::new(Arrival::Event(event), delivery.attempt, Box::new(Passed(delivery))));
                } else if self.stops {
                    self.foreign.push(delivery);
                } else {
                    delivery.settle(Settlement::Ack)?;
                }
            }
            if is_stopped || !own.is_empty() {
                return Ok(own);
            }
        }
    }

    async fn stop(&mut self) {
        self.sound.stop().await;
    }

    async fn close(mut self: Box<Self>, deadline: Duration) -> Result<usize, TransportError> {
        self.sound.stop().await;
        self.foreign.clear();
        self.sound.close(deadline).await
    }
}

/// The event where it belongs.
fn belonging(arrival: &Arrival) -> EventEnvelope {
    let Arrival::Event(event) = arrival else { unreachable!("only events are published") };
    let is_its = |topic: &Topic| event.origin.extensions.first().is_some_and(|(_, name)| name == topic.name());
    let topic = Topic::ALL.into_iter().find(is_its).expect("a topic was kept");
    let origin = Origin { extensions: Vec::new(), ..event.origin.clone() };
    EventEnvelope { topic, origin, ..event.clone() }
}

#[derive(Debug)]
struct Passed(Delivery);

impl Settle for Passed {
    fn settle(self: Box<Self>, settlement: Settlement) -> Result<(), TransportError> {
        self.0.settle(settlement)
    }
}
