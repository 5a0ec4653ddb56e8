//! Lines that show the progress of long work, about one a second.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::say;

const EVERY: Duration = Duration::from_secs(1);

/// Prints to standard error, unless it did so within the last second.
#[derive(Debug)]
pub(super) struct ProgressLines {
    printed_at: Mutex<Instant>,
}

impl ProgressLines {
    /// Work that takes less than a second prints nothing.
    pub(super) fn new() -> Self {
        Self { printed_at: Mutex::new(Instant::now()) }
    }

    pub(super) fn tell(&self, line: impl FnOnce() -> String) {
        let mut printed_at = self.printed_at.lock();
        if printed_at.elapsed() >= EVERY {
            *printed_at = Instant::now();
            say::aside(&line());
        }
    }
}
