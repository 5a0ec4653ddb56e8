//! How long nobody's order was answered.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Beats with each order that is answered.
#[derive(Debug, Default)]
pub(crate) struct Pulse(Mutex<Option<(Instant, Duration)>>);

impl Pulse {
    /// Begins to measure again.
    pub(crate) fn begin(&self) {
        *self.lock() = Some((Instant::now(), Duration::ZERO));
    }

    /// An order was answered.
    pub(crate) fn beat(&self) {
        if let Some((last, longest)) = self.lock().as_mut() {
            *longest = last.elapsed().max(*longest);
            *last = Instant::now();
        }
    }

    /// The longest time without an answer since it began, up to now.
    pub(crate) fn longest(&self) -> Duration {
        self.lock().map_or(Duration::ZERO, |(last, longest)| longest.max(last.elapsed()))
    }

    fn lock(&self) -> parking_lot::MutexGuard<'_, Option<(Instant, Duration)>> {
        self.0.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_longest_silence_counts() {
        let pulse = Pulse::default();
        pulse.begin();
        for seconds in [1, 5, 2] {
            tokio::time::advance(Duration::from_secs(seconds)).await;
            pulse.beat();
        }

        assert_eq!(pulse.longest(), Duration::from_secs(5));
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(pulse.longest(), Duration::from_secs(7));
        pulse.begin();
        assert_eq!(pulse.longest(), Duration::ZERO);
    }
}
