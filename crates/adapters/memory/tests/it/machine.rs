//! The clock of the machine, for the rules of clocks.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_conformance::clock::ClockFixture;
use ticketing_conformance::time::TimeFixture;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::{Clock, Ids};
use ticketing_memory::{RandomIds, SystemClock};

/// The clock of the machine and ids by chance.
#[derive(Default)]
pub(crate) struct Machine {
    clock: Arc<SystemClock>,
    ids: Arc<RandomIds>,
}

#[async_trait]
impl TimeFixture for Machine {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn pass(&self, span: Duration) {
        self.clock.sleep(span).await;
    }
}

impl ClockFixture for Machine {
    fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    fn ids(&self) -> Arc<dyn Ids> {
        self.ids.clone()
    }
}
