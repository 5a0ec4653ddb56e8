//! What keeps one network from taking what is everybody's.

mod fallback;

use std::sync::Arc;

use ticketing_core::ports::clock::Clock;
use tokio::sync::Semaphore;

use crate::config::HttpConfig;
use crate::network::Shares;

use super::Limiters;
use fallback::FallbackLimiter;

/// What keeps one network from taking what is everybody's.
pub(crate) struct Guards {
    /// Counts changes, payments among them.
    pub(crate) changes: FallbackLimiter,
    /// Places of each network among the passwords that wait to be hashed.
    pub(crate) passwords: Shares,
    /// The same of browsers that signed in before, which others cannot fill.
    pub(crate) passwords_of_known: Shares,
    /// Places of each network among the listeners to live updates.
    pub(crate) listeners: Shares,
    /// What strangers asked for and were answered before it is done.
    pub(crate) answered_before: Arc<Semaphore>,
}

/// Each is a read and a commit, and tells nobody how long it takes.
const ANSWERED_BEFORE: usize = 256;

impl Guards {
    pub(crate) fn new(limiters: &Limiters, http: &HttpConfig, clock: Arc<dyn Clock>) -> Self {
        // By default a quarter of the line: two kinds of browsers have a share each.
        let passwords_around = http.passwords_per_address.saturating_mul(2);
        Self {
            changes: FallbackLimiter::new(limiters, clock),
            passwords: Shares::new(http.passwords_per_address, passwords_around),
            passwords_of_known: Shares::new(http.passwords_per_address, passwords_around),
            listeners: Shares::of(http.live_listeners_per_address, http.live_listeners),
            answered_before: Arc::new(Semaphore::new(ANSWERED_BEFORE)),
        }
    }
}
