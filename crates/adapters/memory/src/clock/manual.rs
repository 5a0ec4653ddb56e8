//! A clock that a test moves.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::{Clock, ClockAndIds};
use tokio::sync::watch;
use tokio::task::yield_now;

use crate::SequentialIds;

/// How often a future is polled, and other tasks get a turn, before time passes for it.
const LOOKS: usize = 256;
const STEP: Duration = Duration::from_millis(20);
const LONGEST_RUN: Duration = Duration::from_hours(24);

/// A clock that stands still until a test moves it. A clone is a handle to the same clock.
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

    /// This clock with ids that count up, for engines and services.
    #[must_use]
    pub fn with_sequential_ids(&self) -> ClockAndIds {
        ClockAndIds { clock: Arc::new(self.clone()), ids: Arc::new(SequentialIds::new()) }
    }

    /// Lets `span` pass, to whole milliseconds, and wakes every sleep that ends by then.
    pub fn advance(&self, span: Duration) {
        self.0.send_modify(|now| *now = now.after(span));
    }

    /// Moves to a time; an earlier one changes nothing.
    pub fn set(&self, time: Timestamp) {
        self.0.send_modify(|now| *now = time.max(*now));
    }

    /// Whether anything sleeps by it, and so waits until it is moved.
    #[must_use]
    pub fn has_sleepers(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Goes back by `span`, as a clock does that was ahead and is corrected.
    pub fn set_back(&self, span: Duration) {
        self.0.send_modify(|now| *now = now.before(span));
    }

    /// Runs a future to its end; whenever all that is left to do is to sleep, time passes in steps of 20 ms.
    ///
    /// Without it, a command that waits for something by this clock would wait without end.
    ///
    /// # Panics
    ///
    /// If the future is not done after a day of this clock.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use ticketing_core::ports::clock::Clock;
    /// use ticketing_memory::ManualClock;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let clock = ManualClock::default();
    /// let before = clock.now();
    /// clock.run(clock.sleep(Duration::from_mins(1))).await;
    /// assert_eq!(clock.now().since(before), Duration::from_mins(1));
    /// # }
    /// ```
    pub async fn run<T>(&self, future: impl Future<Output = T> + Send) -> T {
        let mut future = Box::pin(future);
        let began = self.now();
        loop {
            for _ in 0..LOOKS {
                if let Poll::Ready(output) = futures::poll!(&mut future) {
                    return output;
                }
                yield_now().await;
            }
            if self.has_sleepers() {
                self.advance(STEP);
                assert!(self.now().since(began) < LONGEST_RUN, "a future is not done after a day of its clock");
            }
        }
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

    #[tokio::test]
    async fn no_time_passes_for_a_future_that_other_tasks_bring_to_its_end() {
        let clock = ManualClock::default();
        let before = clock.now();
        let task = tokio::spawn(async {
            for _ in 0..10 * LOOKS {
                yield_now().await;
            }
        });

        clock.run(task).await.expect("the task ends");

        assert_eq!(clock.now(), before);
    }
}
