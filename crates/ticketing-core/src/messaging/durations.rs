//! How long things took, counted in buckets of atomics.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper bounds of the buckets, inclusive, in milliseconds; the last bucket has none.
const BOUNDS: [u64; 14] = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000];

/// Counts durations by size. A clone counts the same.
#[derive(Debug, Clone, Default)]
pub struct Durations(Arc<Buckets>);

#[derive(Debug, Default)]
struct Buckets {
    counts: [AtomicU64; BOUNDS.len()],
    longer: AtomicU64,
    sum_millis: AtomicU64,
}

/// What was counted up to a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DurationCounts {
    /// How many were at most this long and longer than the bound before; the last bound is [`Duration::MAX`].
    pub buckets: Vec<(Duration, u64)>,
    /// All of them together.
    pub sum: Duration,
}

impl Durations {
    /// Counts one.
    pub fn observe(&self, duration: Duration) {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.iter().position(|bound| millis <= *bound);
        let count = bucket.and_then(|bucket| self.0.counts.get(bucket)).unwrap_or(&self.0.longer);
        count.fetch_add(1, Ordering::Relaxed);
        self.0.sum_millis.fetch_add(millis, Ordering::Relaxed);
    }

    /// What was counted so far.
    #[must_use]
    pub fn counts(&self) -> DurationCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let bounded = BOUNDS.into_iter().map(Duration::from_millis).zip(self.0.counts.iter().map(read));
        DurationCounts {
            buckets: bounded.chain([(Duration::MAX, read(&self.0.longer))]).collect(),
            sum: Duration::from_millis(read(&self.0.sum_millis)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_duration_is_counted_in_the_first_bucket_that_holds_it() {
        let durations = Durations::default();
        for millis in [0, 5, 6, 300_000, 300_001] {
            durations.observe(Duration::from_millis(millis));
        }

        let counts = durations.counts();
        let filled: Vec<_> = counts.buckets.into_iter().filter(|(_, count)| *count > 0).collect();
        let at_most = Duration::from_millis;
        assert_eq!(filled, [(at_most(5), 2), (at_most(10), 1), (at_most(300_000), 1), (Duration::MAX, 1)]);
        assert_eq!(counts.sum, Duration::from_millis(600_012));
    }
}
