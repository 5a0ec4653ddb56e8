//! Rules of [`TimerQueue`].
#![expect(clippy::missing_panics_doc, reason = "rules panic by design")]

mod claiming;
mod lending;

use std::sync::Arc;
use std::time::Duration;

use ticketing_core::domain::ids::OrderId;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::timers::{DueTimer, Timer, TimerQueue};

use crate::report::Family;
use crate::sample;
use crate::time::{TimeFixture, soon};

pub use claiming::{
    a_cancelled_timer_is_gone, a_due_timer_is_claimed, a_timer_is_never_early, many_timers_due_at_once_are_lent_once,
    scheduling_again_moves_the_timer,
};
pub use lending::{
    a_claimed_timer_is_nobody_elses, a_completed_timer_is_gone, a_stale_token_completes_nothing,
    an_abandoned_claim_is_lent_again,
};

/// Every rule of this module.
pub const TIMERS: Family<dyn TimersFixture> = crate::timers!(@ [family]);

/// A queue without timers.
pub trait TimersFixture: TimeFixture {
    /// The queue; every handle is to the same timers.
    fn timers(&self) -> Arc<dyn TimerQueue>;
}

/// So long that no loan ends while a rule runs.
const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_secs(1);

fn timer(due: Timestamp) -> Timer {
    Timer { order: OrderId::new(sample::uuid()), due }
}

/// A queue and the calls that must succeed.
struct Queue(Arc<dyn TimerQueue>);

impl Queue {
    fn of(fixture: &dyn TimersFixture) -> Self {
        Self(fixture.timers())
    }

    async fn schedule(&self, timers: &[Timer]) {
        soon("timers are set", self.0.schedule(timers)).await.expect("timers are set");
    }

    async fn cancel(&self, timers: &[Timer]) {
        let orders: Vec<_> = timers.iter().map(|timer| timer.order).collect();
        soon("timers are cancelled", self.0.cancel(&orders)).await.expect("timers are cancelled");
    }

    async fn claim(&self, max: usize, span: Duration) -> Vec<DueTimer> {
        let claimed = soon("a claim is answered", self.0.claim_due(max, span)).await.expect("a claim is answered");
        assert!(claimed.len() <= max, "{} timers came where {max} were asked for", claimed.len());
        claimed
    }

    async fn complete(&self, claimed: &[DueTimer]) -> usize {
        soon("timers are completed", self.0.complete(claimed)).await.expect("timers are completed")
    }

    /// Claims what must be due, in slices, for a long time.
    async fn claim_all(&self) -> Vec<DueTimer> {
        let mut all = Vec::new();
        loop {
            let claimed = self.claim(1000, LONG).await;
            if claimed.is_empty() {
                return all;
            }
            all.extend(claimed);
        }
    }
}

fn lent(claimed: &[DueTimer]) -> Vec<Timer> {
    claimed.iter().map(|due| due.timer).collect()
}
