//! How long to wait before trying again.

use std::time::Duration;

use crate::domain::time::Timestamp;
use crate::ports::clock::Ids;

/// Exponential backoff with equal jitter: half of each wait is certain, half is chance.
///
/// Source of the rule: AWS Architecture Blog, "Exponential Backoff And Jitter".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait after the first failure; doubles with each further one.
    pub first: Duration,
    /// The longest wait ever.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(50), longest: Duration::from_secs(10) }
    }
}

impl Backoff {
    /// A random wait after `failures` failures in a row, at least half a bound that doubles with each.
    pub fn wait(&self, failures: u32, now: Timestamp, ids: &dyn Ids) -> Duration {
        let bound = self.longest_after(failures);
        // The last bytes of a UUID of version 7 are random.
        let dice = u32::from(ids.uuid(now).as_u128().to_le_bytes()[0]);
        bound / 2 + bound * dice / 512
    }

    /// The wait after `failures` failures in a row, with nothing left to chance.
    #[must_use]
    pub fn longest_after(&self, failures: u32) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1).min(20)));
        doubled.min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::clock::MockIds;
    use uuid::Uuid;

    #[test]
    fn waits_double_up_to_the_longest() {
        let mut ids = MockIds::new();
        ids.expect_uuid().returning(|_| Uuid::from_u128(0));
        let backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_millis(350) };
        let waits = [1, 2, 3, 40].map(|failures| backoff.wait(failures, Timestamp::EPOCH, &ids).as_millis());

        assert_eq!(waits, [50, 100, 175, 175]);
    }
}
