//! Waiting for a replica: the event that creates a record may still be in flight.
//!
//! A command may carry the id of something that this service has not heard of yet. An id
//! that is a few seconds old is looked up again with doubling pauses; any other is answered at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::domain::ids::AccountId;
use crate::domain::time::Timestamp;
use crate::messaging::backoff::Backoff;
use crate::ports::clock::ClockAndIds;

/// How long a command waits between looks.
const PAUSES: Backoff = Backoff { first: Duration::from_millis(10), longest: Duration::from_millis(500) };

/// How many commands may wait at a time: of one account, and of all.
const MAX_OF_ACCOUNT: usize = 4;
const MAX: usize = 512;

/// Counts the commands that wait for a replica, and says for how long. A clone shares the count.
///
/// An id costs nothing to invent, and each waiting command reads the store again and again, so they are limited.
#[derive(Debug, Clone)]
pub struct ReplicaWaits {
    longest: Duration,
    counts: Arc<Mutex<HashMap<AccountId, usize>>>,
}

/// One command that is counted; dropping it ends that.
struct Counted {
    waits: ReplicaWaits,
    account: AccountId,
}

impl ReplicaWaits {
    /// A command waits for at most so long.
    #[must_use]
    pub fn new(longest: Duration) -> Self {
        Self { longest, counts: Arc::default() }
    }

    /// An id younger than this may belong to something whose event is in flight: a command that is sent again
    /// after its wait waits once more.
    pub(crate) fn young(&self) -> Duration {
        self.longest.saturating_mul(5) / 2
    }

    fn enter(&self, account: AccountId) -> Option<Counted> {
        let mut counts = self.counts();
        let is_full = counts.values().sum::<usize>() >= MAX;
        let of_account = counts.entry(account).or_default();
        if is_full || *of_account >= MAX_OF_ACCOUNT {
            counts.retain(|_, count| *count > 0);
            return None;
        }
        *of_account += 1;
        Some(Counted { waits: self.clone(), account })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<AccountId, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.waits.counts();
        if let Some(count) = counts.get_mut(&self.account) {
            *count -= 1;
        }
        counts.retain(|_, count| *count > 0);
    }
}

/// The wait of one command.
pub(crate) struct ReplicaWait<'a> {
    env: &'a ClockAndIds,
    give_up_at: Timestamp,
    pauses: u32,
    /// Bounds the wait even if the clock is set back.
    waited: Duration,
    waits: &'a ReplicaWaits,
    account: AccountId,
    counted: Option<Counted>,
}

impl<'a> ReplicaWait<'a> {
    /// `is_young` says whether the record's event may be in flight.
    pub(crate) fn new(env: &'a ClockAndIds, waits: &'a ReplicaWaits, account: AccountId, is_young: bool) -> Self {
        let now = env.now();
        let give_up_at = if is_young { now.after(waits.longest) } else { now };
        Self { env, give_up_at, pauses: 0, waited: Duration::ZERO, waits, account, counted: None }
    }

    /// Waits until the record is worth another look; `false` if it is not, or if too many commands wait already.
    pub(crate) async fn may_have_arrived(&mut self) -> bool {
        if self.env.now() >= self.give_up_at || self.waited >= self.waits.longest {
            return false;
        }
        if self.counted.is_none() {
            self.counted = self.waits.enter(self.account);
        }
        if self.counted.is_none() {
            return false;
        }
        self.pauses += 1;
        let pause = PAUSES.longest_after(self.pauses);
        self.env.clock.sleep(pause).await;
        self.waited += pause;
        true
    }
}
