//! Whether Redis is worth asking, as far as the last calls showed.

use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use ticketing_core::ports::error_chain;

use crate::error::RedisError;

/// Keeps searches from waiting for a Redis that is known to be away.
#[derive(Debug, Default)]
pub(super) struct CircuitBreaker(Mutex<Outage>);

#[derive(Debug, Default)]
struct Outage {
    /// It is away, and until then nobody asks whether it is back.
    until: Option<Instant>,
    warned_at: Option<Instant>,
}

/// How often one call finds out whether it is back.
const PAUSE: Duration = Duration::from_secs(1);
/// The least time between two warnings.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(60);

impl CircuitBreaker {
    /// Whether to ask; while Redis is away, one call in a while tries.
    pub(super) fn is_worth_asking(&self) -> bool {
        let mut outage = self.outage();
        match outage.until {
            None => true,
            Some(until) if Instant::now() < until => false,
            Some(_) => {
                outage.until = Some(Instant::now() + PAUSE);
                true
            }
        }
    }

    /// Takes note of a result; failures are logged from time to time.
    pub(super) fn note<T>(&self, answer: Result<T, RedisError>) -> Option<T> {
        let mut outage = self.outage();
        match answer {
            Ok(answer) => {
                outage.until = None;
                Some(answer)
            }
            Err(error) => {
                outage.until = Some(Instant::now() + PAUSE);
                if outage.warned_at.is_none_or(|at| at.elapsed() >= BETWEEN_WARNINGS) {
                    outage.warned_at = Some(Instant::now());
                    let cause = error_chain(&error);
                    tracing::warn!(cause, "searches go without Redis, and live updates may be late: {cause}");
                }
                None
            }
        }
    }

    fn outage(&self) -> MutexGuard<'_, Outage> {
        self.0.lock()
    }
}
