//! Clocks: the one of the machine, and one that a test moves.

mod follow;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::Clock;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::lock::Lock;

use follow::Reading;

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

/// A clock whose time moves only when it is told to. A clone is a handle to the same clock.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ticketing_core::ports::clock::Clock;
/// use ticketing_memory::ManualClock;
///
/// let clock = ManualClock::default();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now(), before.after(Duration::from_secs(60)));
/// ```
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<watch::Sender<Timestamp>>);

impl ManualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(Arc::new(watch::Sender::new(now)))
    }

    /// Lets `span` pass, to whole milliseconds. Wakes whoever slept no longer than that.
    pub fn advance(&self, span: Duration) {
        self.0.send_modify(|now| *now = now.after(span));
    }

    /// Moves to a time; an earlier one changes nothing.
    pub fn set(&self, time: Timestamp) {
        self.0.send_modify(|now| *now = time.max(*now));
    }

    /// Whether anybody sleeps by it, and so waits until it is moved.
    #[must_use]
    pub fn has_sleepers(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Goes back by `span`, as a clock does that was ahead and is corrected.
    pub fn set_back(&self, span: Duration) {
        self.0.send_modify(|now| *now = now.before(span));
    }
}

impl Default for ManualClock {
    /// A clock that stands at 2026-01-01T00:00:00Z.
    fn default() -> Self {
        Self::new(Timestamp::from_millis(1_767_225_600_000))
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    async fn sleep(&self, span: Duration) {
        let mut time = self.0.subscribe();
        // Time has whole milliseconds: a span that is longer by less ends with the next.
        let until = self.now().after(span + Duration::from_nanos(999_999));
        // The wait cannot fail: this clock holds the sender.
        let _passed = time.wait_for(|now| *now >= until).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_sleeper_wakes_when_its_time_has_come() {
        let clock = ManualClock::default();
        let mut sleep = clock.sleep(Duration::from_millis(10));

        assert_eq!((&mut sleep).now_or_never(), None);
        clock.advance(Duration::from_millis(9));
        assert_eq!((&mut sleep).now_or_never(), None);
        assert!(clock.has_sleepers());
        clock.advance(Duration::from_millis(1));
        assert_eq!(sleep.now_or_never(), Some(()));
        assert!(!clock.has_sleepers());
    }

    #[test]
    fn a_manual_clock_is_not_set_back() {
        let clock = ManualClock::default();
        let now = clock.now();
        clock.set(Timestamp::EPOCH);

        assert_eq!(clock.now(), now);
    }

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
