//! Moves committed events from the outbox to the transport, at least once.
//!
//! The relay never looks at events and never decides anything: what is pending
//! is published, oldest first, and forgotten once the transport has it.
//!
//! Invariant: it selects by "not yet published", never by request. An event
//! whose commit succeeded is therefore published even if the process that
//! committed it is gone.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future;
use tracing::Instrument;
use uuid::Uuid;

use crate::domain::ids::EventId;
use crate::ports::BoxError;
use crate::ports::outbox::{Lease, Outbox, OutboxCursor, PendingEvents};
use crate::ports::store::StoreError;
use crate::ports::transport::{EventPublisher, PublishError};

use super::driver::Step;
use super::spans;
use crate::ports::error_chain;

/// How a relay works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelayConfig {
    /// The most events to publish at once.
    pub batch: usize,
    /// The most batches in one step.
    pub batches: usize,
    /// How long another process waits before it takes over from one that died.
    pub lease: Duration,
}

impl Default for RelayConfig {
    fn default() -> Self {
        Self { batch: 2048, batches: 4, lease: Duration::from_secs(10) }
    }
}

/// What a relay moves events between.
#[derive(Debug, Clone)]
pub struct RelayPorts {
    /// Where events wait.
    pub outbox: Arc<dyn Outbox>,
    /// Where they go.
    pub publisher: Arc<dyn EventPublisher>,
}

/// Publishes the events of one service.
///
/// While one batch is published, the next is read and the one before is
/// forgotten, so the transport never waits for the store.
///
/// # Examples
///
/// ```
/// # use ticketing_core::messaging::{driver::Step, relay::{Relay, RelayConfig, RelayPorts}};
/// async fn publish_everything(ports: RelayPorts, me: uuid::Uuid) {
///     let mut relay = Relay::new("orders", ports, me, RelayConfig::default());
///     while relay.step().await.is_ok_and(|moved| moved > 0) {}
/// }
/// ```
#[derive(Debug)]
pub struct Relay {
    name: String,
    outbox: Arc<dyn Outbox>,
    publisher: Arc<dyn EventPublisher>,
    owner: Uuid,
    config: RelayConfig,
}

impl Relay {
    /// A relay of `service`; `owner` distinguishes it from the relays of other processes.
    #[must_use]
    pub fn new(service: &str, ports: RelayPorts, owner: Uuid, config: RelayConfig) -> Self {
        let RelayPorts { outbox, publisher } = ports;
        Self { name: format!("{service}-relay"), outbox, publisher, owner, config }
    }

    /// Takes the lease, or keeps it; `None` while another relay has it.
    async fn lease(&self) -> Result<Option<Lease>, StoreError> {
        self.outbox.lease(self.owner, self.config.lease).await
    }

    async fn publish_pending(&self) -> Result<usize, BoxError> {
        let mut batch = self.outbox.pending(None, self.config.batch).await?;
        let (mut moved, mut durable) = (0, Vec::new());
        for _ in 0..self.config.batches {
            let Some(end) = batch.end else { break };
            let published = self.publisher.publish(&batch.events).instrument(spans::publish(&batch.events));
            let (published, next, marked) = future::join3(published, self.read_on(end), self.mark(&durable)).await;
            marked?;
            durable = durable_ids(&batch, &published);
            moved += durable.len();
            if published.is_err() {
                // A crash here publishes them again: consumers know them by version.
                self.mark(&durable).await?;
                published?;
            }
            batch = next?;
        }
        self.mark(&durable).await?;
        Ok(moved)
    }

    async fn read_on(&self, end: OutboxCursor) -> Result<PendingEvents, StoreError> {
        self.outbox.pending(Some(end), self.config.batch).await
    }

    async fn mark(&self, ids: &[EventId]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        // A slow transport outlasts a lease. Asked for again it holds, unless another relay has it and publishes everything again.
        match self.lease().await? {
            Some(lease) => self.outbox.mark_published(lease, ids).await,
            None => Err(StoreError::Conflict(Vec::new())),
        }
    }
}

fn durable_ids(batch: &PendingEvents, published: &Result<(), PublishError>) -> Vec<EventId> {
    let durable = match published {
        Ok(()) => batch.events.len(),
        Err(error) => error.durable,
    };
    batch.events.iter().take(durable).map(|envelope| envelope.id).collect()
}

#[async_trait]
impl Step for Relay {
    fn name(&self) -> &str {
        &self.name
    }

    async fn step(&mut self) -> Result<usize, BoxError> {
        match self.lease().await? {
            Some(_) => self.publish_pending().await,
            None => Ok(0),
        }
    }

    async fn idle(&mut self) {
        self.outbox.wait().await;
    }

    async fn finish(mut self: Box<Self>) {
        while self.step().await.is_ok_and(|moved| moved > 0) {}
        let released = match self.lease().await {
            Ok(Some(lease)) => self.outbox.release(lease).await,
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = released {
            tracing::debug!(cause = error_chain(&error), "the lease of {} will run out by itself", self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;
    use crate::domain::ids::OrderId;
    use crate::domain::time::Timestamp;
    use crate::ports::outbox::MockOutbox;
    use crate::ports::transport::{MockEventPublisher, TransportError};
    use crate::wire::{EventEnvelope, Origin, seal};
    use std::sync::Mutex;

    fn events(n: u128) -> Vec<EventEnvelope> {
        let event = Event::ExpirationCompleted { order: OrderId::new(Uuid::from_u128(1)), pay_by: Timestamp::EPOCH };
        let ids = (1..=n).map(|id| EventId::new(Uuid::from_u128(id)));
        ids.map(|id| seal(&event, id, Timestamp::EPOCH, &Origin::new(Uuid::nil()))).collect()
    }

    #[tokio::test]
    async fn only_what_the_transport_has_is_forgotten() {
        let marked = Arc::new(Mutex::new(Vec::new()));
        let mut outbox = MockOutbox::new();
        outbox.expect_lease().returning(|owner, _| Ok(Some(Lease { owner, epoch: 1 })));
        outbox.expect_pending().returning(|after, _| match after {
            None => Ok(PendingEvents { events: events(3), end: Some(OutboxCursor(3)) }),
            Some(_) => Ok(PendingEvents::default()),
        });
        let seen = Arc::clone(&marked);
        outbox.expect_mark_published().returning(move |_, ids| {
            seen.lock().unwrap().extend_from_slice(ids);
            Ok(())
        });
        let mut publisher = MockEventPublisher::new();
        publisher.expect_publish().returning(|_| Err(PublishError { durable: 2, source: TransportError::Closed }));
        let ports = RelayPorts { outbox: Arc::new(outbox), publisher: Arc::new(publisher) };
        let mut relay = Relay::new("orders", ports, Uuid::nil(), RelayConfig::default());

        assert!(relay.step().await.is_err());
        let durable: Vec<_> = events(2).iter().map(|envelope| envelope.id).collect();
        assert_eq!(*marked.lock().unwrap(), durable);
    }
}
