//! A step that is counted.

use async_trait::async_trait;
use prometheus_client::metrics::counter::Counter;

use ticketing_core::messaging::driver::Step;
use ticketing_core::ports::BoxError;

/// Counts what another step does.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) step: Box<dyn Step>,
    pub(super) done: Counter,
    pub(super) failures: Counter,
}

#[async_trait]
impl Step for Watched {
    fn name(&self) -> &str {
        self.step.name()
    }

    async fn step(&mut self) -> Result<usize, BoxError> {
        let outcome = self.step.step().await;
        match &outcome {
            Ok(done) => self.done.inc_by(*done as u64),
            Err(_) => self.failures.inc(),
        };
        outcome
    }

    async fn idle(&mut self) {
        self.step.idle().await;
    }

    async fn finish(self: Box<Self>) {
        self.step.finish().await;
    }
}
