//! Clocks: the one of the machine, and one that a test moves.

mod follow;
mod manual;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::Clock;
use tokio::time::Instant;

use crate::lock::Lock;

use follow::Reading;
pub use manual::ManualClock;

/// The time of the machine.
///
/// It counts on by the machine's own clock, which nobody sets, and looks at the
/// wall clock once a second. A wall clock that is ahead by a second or more,
/// after the machine slept for one, takes it along at once. One that is behind,
/// because it was set back, is waited for at half speed if that takes no longer
/// than ten seconds; otherwise the time follows it backwards, once two looks
/// agree, and the log says so. Sleeping is by the machine's own clock: no change of the wall
/// clock makes a sleep longer or shorter.
///
/// Under tokio's paused time it stands still and moves with it.
#[derive(Debug)]
pub struct SystemClock {
    origin: Duration,
    started: Instant,
    machine: std::time::Instant,
    wall: fn() -> Duration,
    reading: Lock<Reading>,
}

impl SystemClock {
    /// Starts to count. Sleeping needs tokio's timer.
    #[must_use]
    pub fn new() -> Self {
        Self::following(wall)
    }

    fn following(wall: fn() -> Duration) -> Self {
        let (started, machine) = (Instant::now(), std::time::Instant::now());
        Self { origin: wall(), started, machine, wall, reading: Lock::default() }
    }

    /// By how many milliseconds the wall clock moved more than the machine's own.
    fn drift(&self) -> i64 {
        let (wall, counted) = ((self.wall)().as_millis(), (self.origin + self.machine.elapsed()).as_millis());
        i64::try_from(wall).unwrap_or(i64::MAX) - i64::try_from(counted).unwrap_or(i64::MAX)
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let elapsed = self.started.elapsed();
        let counted = Timestamp::EPOCH.after(self.origin + elapsed);
        self.reading.lock().at(counted, elapsed.as_secs(), || self.drift())
    }

    async fn sleep(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}

fn wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_system_clock_follows_the_time_of_its_runtime() {
        let clock = SystemClock::new();
        let before = clock.now();
        tokio::time::advance(Duration::from_secs(3600)).await;

        assert_eq!(clock.now().since(before), Duration::from_secs(3600));
    }

    #[tokio::test(start_paused = true)]
    async fn a_system_clock_comes_back_when_the_wall_clock_is_set_back() {
        static SET_BACK: AtomicBool = AtomicBool::new(false);
        const BY: Duration = Duration::from_secs(600);
        let clock = SystemClock::following(|| if SET_BACK.load(Ordering::Relaxed) { wall() - BY } else { wall() });
        let before = clock.now();

        SET_BACK.store(true, Ordering::Relaxed);
        for _ in 0..3 {
            tokio::time::advance(Duration::from_secs(1)).await;
            clock.now();
        }

        assert!(before.since(clock.now()) > BY / 2, "{:?} after {before:?}", clock.now());
    }
}
