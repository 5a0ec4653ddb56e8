//! How often to look for what other processes committed. Pure: the time is an argument.

use std::time::{Duration, Instant};

/// A relay that found nothing for so long is alone, as far as it knows.
const ALONE_AFTER: Duration = Duration::from_secs(10);
/// So much rarer a relay looks that is alone: its own process wakes it.
const ALONE: u32 = 4;

/// When others committed, as far as one relay knows.
#[derive(Debug)]
pub(super) struct Polling {
    every: Duration,
    found_at: Option<Instant>,
}

impl Polling {
    pub(super) const fn new(every: Duration) -> Self {
        Self { every, found_at: None }
    }

    /// Notes that there was something which nobody in this process told of.
    pub(super) const fn found(&mut self, now: Instant) {
        self.found_at = Some(now);
    }

    /// How long to wait before looking again.
    pub(super) fn pause(&self, now: Instant) -> Duration {
        let has_company = self.found_at.is_some_and(|at| now.saturating_duration_since(at) < ALONE_AFTER);
        if has_company { self.every } else { self.every * ALONE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_looks_often_while_others_commit() {
        let (mut polling, begin) = (Polling::new(Duration::from_millis(25)), Instant::now());
        let pauses = |polling: &Polling| {
            [0, 9, 10].map(|seconds| polling.pause(begin + Duration::from_secs(seconds)).as_millis())
        };
        assert_eq!(pauses(&polling), [100, 100, 100]);

        polling.found(begin);
        assert_eq!(pauses(&polling), [25, 25, 100]);
    }
}
