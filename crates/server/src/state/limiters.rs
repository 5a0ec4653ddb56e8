//! What counts tries.

use std::sync::Arc;

use ticketing_core::ports::limits::RateLimiter;

/// What counts tries.
#[derive(Debug)]
pub(crate) struct Limiters {
    /// With all other processes.
    pub(crate) shared: Arc<dyn RateLimiter>,
    /// Reads, and changes while `shared` does not answer, in this process alone.
    pub(crate) local: Arc<dyn RateLimiter>,
}
