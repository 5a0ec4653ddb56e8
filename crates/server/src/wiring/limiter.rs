//! What counts tries where nothing else is given.

use std::sync::Arc;

use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::limits::RateLimiter;
use ticketing_memory::MemoryLimiter;

/// Counts tries in this process alone.
pub(crate) fn limiter(clock: Arc<dyn Clock>) -> Arc<dyn RateLimiter> {
    Arc::new(MemoryLimiter::new(clock))
}
