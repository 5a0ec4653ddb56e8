//! What a person can do, and how each service reacts to the others.
//!
//! One folder a service, one file a command: it loads, lets the domain decide,
//! and commits one unit of work.

pub mod accounts;
mod contended;
pub mod error;
pub mod expiration;
pub mod orders;
pub mod payments;
pub mod tickets;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use crate::domain::event::Event;
use crate::domain::ids::{AccountId, EventId};
use crate::domain::time::Timestamp;
use crate::ports::clock::{Clock, Ids};
use crate::wire::{EventEnvelope, Origin, seal};

/// How often a command decides again after somebody else was quicker.
const DECISIONS: usize = 8;

/// An id younger than this may name something whose event is still on its way.
const YOUNG: Duration = Duration::from_secs(5);

/// An order older than this cannot be paid any more: hold places no longer.
///
/// Until then an order that payments does not know may be one whose event lags, for as long as the transport is down.
pub const PAYABLE: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// How long a command waits for that event, and how soon it looks first.
const NEWS_WAIT: Duration = Duration::from_secs(2);
const NEWS_POLL: Duration = Duration::from_millis(10);

/// How many commands may wait for news at a time: of one account, and of all.
const WAITING_OF_ACCOUNT: usize = 4;
const WAITING: usize = 512;

/// The commands that wait for the news of something young. A clone counts the same ones.
///
/// An id costs nothing to invent, and each of these asks again and again, so they are few.
#[derive(Debug, Clone, Default)]
pub struct Waiters(Arc<Mutex<HashMap<AccountId, usize>>>);

/// A place among those that wait; dropping it frees it.
struct Place {
    waiters: Waiters,
    account: AccountId,
}

impl Waiters {
    fn enter(&self, account: AccountId) -> Option<Place> {
        let mut waiting = self.waiting();
        let is_full = waiting.values().sum::<usize>() >= WAITING;
        let of_account = waiting.entry(account).or_default();
        if is_full || *of_account >= WAITING_OF_ACCOUNT {
            waiting.retain(|_, count| *count > 0);
            return None;
        }
        *of_account += 1;
        Some(Place { waiters: self.clone(), account })
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<AccountId, usize>> {
        // No code that can panic runs while it is locked, so its counts are right.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = self.waiters.waiting();
        if let Some(count) = waiting.get_mut(&self.account) {
            *count -= 1;
        }
        waiting.retain(|_, count| *count > 0);
    }
}

/// Time and chance, as every service needs them.
#[derive(Clone)]
pub struct World {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Draws identities and secrets.
    pub ids: Arc<dyn Ids>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}

impl World {
    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new identity, drawn at `now`.
    #[must_use]
    pub fn uuid(&self, now: Timestamp) -> Uuid {
        self.ids.uuid(now)
    }

    pub(crate) fn seal(&self, event: &Event, now: Timestamp, origin: &Origin) -> EventEnvelope {
        seal(event, EventId::new(self.uuid(now)), now, origin)
    }
}

/// The event of something young may still be on its way: looks for it soon, and then ever less often,
/// so that a service that lags is not asked the more for it.
struct News<'a> {
    world: &'a World,
    give_up_at: Timestamp,
    pause: Duration,
    /// What was waited already: a clock that is set back ends the wait all the same.
    waited: Duration,
    /// Who waits, and where they are counted.
    waiters: &'a Waiters,
    account: AccountId,
    place: Option<Place>,
}

impl<'a> News<'a> {
    fn expected(world: &'a World, is_young: bool, (waiters, account): (&'a Waiters, AccountId)) -> Self {
        let now = world.now();
        let give_up_at = if is_young { now.after(NEWS_WAIT) } else { now };
        Self { world, give_up_at, pause: NEWS_POLL, waited: Duration::ZERO, waiters, account, place: None }
    }

    /// Waits until looking again is worth it; `false` if it no longer is, or too many wait already.
    async fn may_have_come(&mut self) -> bool {
        if self.world.now() >= self.give_up_at || self.waited >= NEWS_WAIT {
            return false;
        }
        if self.place.is_none() {
            self.place = self.waiters.enter(self.account);
        }
        if self.place.is_none() {
            return false;
        }
        self.world.clock.sleep(self.pause).await;
        self.waited += self.pause;
        self.pause = (self.pause * 2).min(NEWS_WAIT / 4);
        true
    }
}

/// Entries of a list, and where the next page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice<T, C> {
    /// The entries.
    pub items: Vec<T>,
    /// The last of them, if more follow.
    pub next: Option<C>,
}

impl<T, C> Slice<T, C> {
    /// Cuts a list that was read one entry further than asked for.
    fn cut(mut items: Vec<T>, limit: usize, cursor: impl Fn(&T) -> C) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}
