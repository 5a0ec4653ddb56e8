//! A relay goes on with what a slow transport takes longer for than its lease lasts.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::messaging::driver::Step;
use ticketing_core::messaging::relay::{Relay, RelayConfig, RelayPorts};
use ticketing_core::ports::transport::{EventPublisher, PublishError};
use ticketing_core::wire::{EventEnvelope, Origin};
use ticketing_memory::{FaultPlan, ManualClock};
use uuid::Uuid;

use crate::market::Engines;

/// Takes a minute for each call.
#[derive(Debug)]
struct Slow(ManualClock);

#[async_trait]
impl EventPublisher for Slow {
    async fn publish(&self, _: &[EventEnvelope]) -> Result<(), PublishError> {
        self.0.advance(Duration::from_secs(60));
        Ok(())
    }
}

#[tokio::test]
async fn what_took_longer_than_the_lease_is_forgotten_all_the_same() {
    let engines = Engines::new();
    let tickets = engines.start_running(&FaultPlan::none()).tickets;
    for _ in 0..3 {
        tickets.create_ticket(engines.create(7, 1), Origin::new(Uuid::nil())).await.unwrap();
    }
    let outbox = engines.tickets.outbox();
    let ports = RelayPorts { outbox: Arc::new(outbox.clone()), publisher: Arc::new(Slow(engines.clock.clone())) };
    let config = RelayConfig { batch: 1, lease: Duration::from_secs(10), ..RelayConfig::default() };

    let moved = Relay::new("tickets", ports, Uuid::from_u128(7), config).step().await.unwrap();

    assert_eq!((moved, outbox.len()), (3, 0));
}
