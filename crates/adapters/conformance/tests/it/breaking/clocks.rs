//! Clocks that hurry and ids that repeat.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_conformance::clock::{CLOCK, ClockFixture};
use ticketing_conformance::time::TimeFixture;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::{Clock, Ids};
use ticketing_memory::{ManualClock, RandomIds};
use uuid::{Builder, Uuid};

use super::assert_notices;

/// What is wrong with a clock and its ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    WakesEarly,
    RunsBackwards,
    LeavesOrderToChance,
    DrawsOtherVersions,
    KnowsOneSecret,
}

#[derive(Debug, Clone)]
struct Flawed {
    clock: ManualClock,
    ids: Arc<RandomIds>,
    flaw: Flaw,
}

#[async_trait]
impl Clock for Flawed {
    fn now(&self) -> Timestamp {
        let now = self.clock.now();
        let odd = self.ids.secret().first().is_some_and(|byte| byte % 2 == 1);
        if self.flaw == Flaw::RunsBackwards && odd { now.before(Duration::from_millis(5)) } else { now }
    }

    async fn sleep(&self, span: Duration) {
        let span = if self.flaw == Flaw::WakesEarly { span / 2 } else { span };
        self.clock.sleep(span).await;
    }
}

impl Ids for Flawed {
    fn uuid(&self, now: Timestamp) -> Uuid {
        let chance = self.ids.secret();
        let sixteen = u128::from_be_bytes(std::array::from_fn(|place| chance.get(place).copied().unwrap_or_default()));
        match self.flaw {
            Flaw::LeavesOrderToChance => {
                let ten = std::array::from_fn(|place| chance.get(place).copied().unwrap_or_default());
                Builder::from_unix_timestamp_millis(now.millis().unsigned_abs(), &ten).into_uuid()
            }
            Flaw::DrawsOtherVersions => Builder::from_u128(sixteen).with_version(uuid::Version::Random).into_uuid(),
            _ => self.ids.uuid(now),
        }
    }

    fn secret(&self) -> [u8; 32] {
        if self.flaw == Flaw::KnowsOneSecret { [7; 32] } else { self.ids.secret() }
    }
}

#[async_trait]
impl TimeFixture for Flawed {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn pass(&self, span: Duration) {
        self.clock.advance(span);
    }
}

impl ClockFixture for Flawed {
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.clone())
    }

    fn ids(&self) -> Arc<dyn Ids> {
        Arc::new(self.clone())
    }
}

async fn assert_flawed(rule: &str, flaw: Flaw) {
    let with = |flaw| Flawed { clock: ManualClock::default(), ids: Arc::default(), flaw };
    assert_notices(&CLOCK, rule, &with(Flaw::None), &with(flaw)).await;
}

#[tokio::test]
async fn a_sleep_that_ends_early() {
    assert_flawed("a_sleep_lasts_as_long_as_asked", Flaw::WakesEarly).await;
}

#[tokio::test]
async fn a_clock_that_is_set_back() {
    assert_flawed("time_never_runs_backwards", Flaw::RunsBackwards).await;
}

#[tokio::test]
async fn ids_without_order_or_time() {
    assert_flawed("ids_are_unique_and_sorted", Flaw::LeavesOrderToChance).await;
    assert_flawed("ids_are_uuid_version_7", Flaw::DrawsOtherVersions).await;
}

#[tokio::test]
async fn a_secret_that_is_none() {
    assert_flawed("secrets_are_unique", Flaw::KnowsOneSecret).await;
}
