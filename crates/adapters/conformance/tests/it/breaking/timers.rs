//! Timers that come early, twice or never.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_conformance::timers::TIMERS;
use ticketing_core::domain::ids::OrderId;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::timers::{DueTimer, Timer, TimerError, TimerQueue};
use ticketing_memory::{ManualClock, MemoryTimers};
use tokio::sync::Mutex;

use super::assert_notices;
use crate::world::World;

/// A clock that is ahead.
#[derive(Debug)]
struct Fast(ManualClock);

#[async_trait]
impl Clock for Fast {
    fn now(&self) -> Timestamp {
        self.0.now().after(Duration::from_millis(100))
    }

    async fn sleep(&self, span: Duration) {
        self.0.sleep(span).await;
    }
}

#[tokio::test]
async fn a_tenth_of_a_second_early() {
    let sound = World::default();
    let timers = Arc::new(MemoryTimers::new(Arc::new(Fast(sound.clock.clone()))));
    let broken = World { timers, ..sound };
    assert_notices(&TIMERS, "a_timer_is_never_early", &World::default(), &broken).await;
}

/// What is wrong with a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    LendsForNoTime,
    NeverTakesBack,
    CompletesWhateverItIsTold,
    CancelsNothing,
    KeepsTheFirstTime,
}

#[derive(Debug)]
struct Flawed(Arc<dyn TimerQueue>, Flaw, Mutex<HashSet<OrderId>>);

#[async_trait]
impl TimerQueue for Flawed {
    async fn schedule(&self, timers: &[Timer]) -> Result<(), TimerError> {
        let mut timers = timers.to_vec();
        if self.1 == Flaw::KeepsTheFirstTime {
            let mut known = self.2.lock().await;
            timers.retain(|timer| known.insert(timer.order));
        }
        self.0.schedule(&timers).await
    }

    async fn cancel(&self, orders: &[OrderId]) -> Result<(), TimerError> {
        if self.1 == Flaw::CancelsNothing {
            return Ok(());
        }
        self.0.cancel(orders).await
    }

    async fn claim_due(&self, max: usize, span: Duration) -> Result<Vec<DueTimer>, TimerError> {
        let span = match self.1 {
            Flaw::LendsForNoTime => Duration::ZERO,
            Flaw::NeverTakesBack => span * 1000,
            Flaw::CompletesWhateverItIsTold | Flaw::CancelsNothing | Flaw::KeepsTheFirstTime => span,
        };
        self.0.claim_due(max, span).await
    }

    async fn complete(&self, claimed: &[DueTimer]) -> Result<usize, TimerError> {
        let orders: Vec<_> = claimed.iter().map(|due| due.timer.order).collect();
        if self.1 == Flaw::CompletesWhateverItIsTold {
            self.0.cancel(&orders).await?;
            return Ok(orders.len());
        }
        self.0.complete(claimed).await
    }
}

async fn assert_flawed(rule: &str, flaw: Flaw) {
    let sound = World::default();
    let timers = Arc::new(Flawed(sound.timers, flaw, Mutex::default()));
    assert_notices(&TIMERS, rule, &World::default(), &World { timers, ..sound }).await;
}

#[tokio::test]
async fn a_claim_that_is_worth_nothing() {
    assert_flawed("a_claimed_timer_is_nobody_elses", Flaw::LendsForNoTime).await;
}

#[tokio::test]
async fn a_claim_without_end() {
    assert_flawed("an_abandoned_claim_is_lent_again", Flaw::NeverTakesBack).await;
}

#[tokio::test]
async fn a_token_that_is_not_looked_at() {
    assert_flawed("a_stale_token_completes_nothing", Flaw::CompletesWhateverItIsTold).await;
}

#[tokio::test]
async fn a_timer_that_cannot_be_cancelled() {
    assert_flawed("a_cancelled_timer_is_gone", Flaw::CancelsNothing).await;
}

#[tokio::test]
async fn a_timer_that_does_not_move() {
    assert_flawed("scheduling_again_moves_the_timer", Flaw::KeepsTheFirstTime).await;
}
