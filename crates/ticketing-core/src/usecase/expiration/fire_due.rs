//! Publishes timers that came due.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::event::Event;
use crate::messaging::driver::Step;
use crate::messaging::durations::Durations;
use crate::ports::BoxError;
use crate::wire::Origin;

use super::Expiration;

/// Publishes an expiration for each timer that is due, then forgets the timer.
#[derive(Debug, Clone)]
pub struct FireDue {
    expiration: Expiration,
    batch: usize,
    claim: Duration,
    lateness: Durations,
}

impl FireDue {
    /// A step over `batch` timers; after `claim` another process may fire a timer that this one did not.
    #[must_use]
    pub fn new(expiration: Expiration, batch: usize, claim: Duration) -> Self {
        Self { expiration, batch, claim, lateness: Durations::default() }
    }

    /// How late timers fired.
    #[must_use]
    pub fn lateness(&self) -> Durations {
        self.lateness.clone()
    }
}

#[async_trait]
impl Step for FireDue {
    fn name(&self) -> &str {
        "expiration-timers"
    }

    async fn step(&mut self) -> Result<usize, BoxError> {
        let Expiration { timers, publisher, env } = &self.expiration;
        let due = timers.claim_due(self.batch, self.claim).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let now = env.now();
        let events = due.iter().map(|due| {
            let event = Event::ExpirationCompleted { order: due.timer.order, pay_by: due.timer.due };
            env.seal(&event, now, &Origin::new(env.uuid(now)))
        });
        publisher.publish(&events.collect::<Vec<_>>()).await?;
        due.iter().for_each(|due| self.lateness.observe(now.since(due.timer.due)));
        // A crash here fires them again: an order expires once.
        timers.complete(&due).await?;
        Ok(due.len())
    }

    async fn idle(&mut self) {
        futures_util::future::pending().await
    }

    async fn finish(self: Box<Self>) {}
}
