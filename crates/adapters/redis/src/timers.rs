//! Timers in Redis.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use redis::Script;
use ticketing_core::domain::ids::OrderId;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::timers::{DueTimer, Timer, TimerError, TimerQueue};
use uuid::Builder;

use crate::client::RedisClient;
use crate::error::RedisError;
use crate::script::Call;

/// Keeps timers in Redis. A clone is a handle to the same timers.
///
/// A sorted set has the time from which each timer may be lent: when it is due,
/// or while it is on loan, when the loan ends. So a loan that ran out needs
/// nobody to take it back, and a timer that fails again and again comes behind
/// those that were due before its last loan ended: it cannot starve them. A
/// hash has the token of each loan.
///
/// Timers are due by the clock of the server. More than a thousand at a time
/// take several round trips, and then each thousand is set, lent or completed
/// by itself.
///
/// # Examples
///
/// ```no_run
/// use std::time::Duration;
/// use ticketing_core::domain::ids::OrderId;
/// use ticketing_core::ports::timers::{Timer, TimerQueue};
/// use ticketing_redis::{RedisClient, RedisConfig, RedisTimers};
///
/// # async fn example(order: OrderId, due: ticketing_core::domain::time::Timestamp)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// let timers = RedisTimers::new(&RedisClient::connect(&RedisConfig::default()).await?);
/// timers.schedule(&[Timer { order, due }]).await?;
///
/// let claimed = timers.claim_due(256, Duration::from_secs(30)).await?;
/// timers.complete(&claimed).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct RedisTimers {
    client: RedisClient,
    /// From when each timer may be lent.
    ready: String,
    loans: String,
}

/// So many timers go into one script: Lua unpacks fewer than 8000 values, and Redis does nothing else meanwhile.
const SLICE: usize = 1000;

static SCHEDULE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("timers/schedule.lua")));
static CANCEL: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("timers/cancel.lua")));
static CLAIM: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("timers/claim.lua")));
static COMPLETE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("timers/complete.lua")));

impl RedisTimers {
    /// The timers of the marketplace that the client's prefix names.
    #[must_use]
    pub fn new(client: &RedisClient) -> Self {
        let tag = client.tag("timers");
        Self { client: client.clone(), ready: format!("{tag}ready"), loans: format!("{tag}loans") }
    }

    fn call<'a>(&self, script: &'a Script) -> Call<'a> {
        Call::of(script, &[&self.ready, &self.loans])
    }

    async fn claim_slice(&self, max: usize, span: Duration) -> Result<Vec<DueTimer>, RedisError> {
        let token = Builder::from_random_bytes(rand::random()).into_uuid();
        // Longer than the calendar is as good as endless.
        let span = Timestamp::EPOCH.after(span).millis();
        let call = self.call(&CLAIM).arg(max).arg(span).id(token);
        let lent: Vec<(String, i64)> = self.client.run(&call).await?;
        // What this crate did not write has no id of an order: it is no timer.
        let timers = lent.into_iter().filter_map(|(order, due)| timer(&order, due));
        Ok(timers.map(|timer| DueTimer { timer, token }).collect())
    }
}

#[async_trait]
impl TimerQueue for RedisTimers {
    async fn schedule(&self, timers: &[Timer]) -> Result<(), TimerError> {
        for slice in timers.chunks(SLICE) {
            let set = |call: Call<'static>, timer: &Timer| call.arg(timer.due.millis()).id(timer.order.uuid());
            self.client.run::<()>(&slice.iter().fold(self.call(&SCHEDULE), set)).await?;
        }
        Ok(())
    }

    async fn cancel(&self, orders: &[OrderId]) -> Result<(), TimerError> {
        for slice in orders.chunks(SLICE) {
            let name = |call: Call<'static>, order: &OrderId| call.id(order.uuid());
            self.client.run::<()>(&slice.iter().fold(self.call(&CANCEL), name)).await?;
        }
        Ok(())
    }

    async fn claim_due(&self, max: usize, span: Duration) -> Result<Vec<DueTimer>, TimerError> {
        let mut claimed = Vec::new();
        while claimed.len() < max {
            let wanted = SLICE.min(max - claimed.len());
            let slice = self.claim_slice(wanted, span).await?;
            let is_last = slice.len() < wanted;
            claimed.extend(slice);
            if is_last {
                break;
            }
        }
        Ok(claimed)
    }

    async fn complete(&self, claimed: &[DueTimer]) -> Result<usize, TimerError> {
        let mut completed = 0;
        for slice in claimed.chunks(SLICE) {
            let name = |call: Call<'static>, due: &DueTimer| call.id(due.timer.order.uuid()).id(due.token);
            completed += self.client.run::<usize>(&slice.iter().fold(self.call(&COMPLETE), name)).await?;
        }
        Ok(completed)
    }
}

fn timer(order: &str, due: i64) -> Option<Timer> {
    Some(Timer { order: order.parse().ok()?, due: Timestamp::from_millis(due) })
}
