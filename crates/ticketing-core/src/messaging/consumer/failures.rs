//! How often events failed by their own fault.
//!
//! What the transport counts are deliveries, also those that came to nothing
//! because a store was away. Here a failure counts only if the event was handled
//! alone and failed. The counts live with the consumer: where another member
//! takes over, it begins at zero, so an event that always fails is parked later
//! and not never.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::ids::EventId;
use crate::domain::time::Timestamp;

/// The most keys to count for. Each waits for a retry, so there are rarely more than a few.
const MOST: usize = 65_536;
/// Whatever did not fail again for so long went to another member.
const STALE: Duration = Duration::from_secs(60 * 60);

/// Failures in a row of the foremost event of each key.
#[derive(Debug, Default)]
pub(super) struct Failures(HashMap<String, Failed>);

#[derive(Debug)]
struct Failed {
    event: EventId,
    times: u32,
    last: Timestamp,
}

impl Failures {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts one more; `None` if there is no room to count.
    pub(super) fn count(&mut self, key: &str, event: EventId, now: Timestamp) -> Option<u32> {
        let times = self.0.get(key).filter(|failed| failed.event == event).map_or(0, |failed| failed.times);
        if times == 0 && self.0.len() >= MOST {
            self.0.retain(|_, failed| now.since(failed.last) < STALE);
            if self.0.len() >= MOST {
                return None;
            }
        }
        let times = times.saturating_add(1);
        self.0.insert(key.to_owned(), Failed { event, times, last: now });
        Some(times)
    }

    /// An event that is settled for good has nothing to count any more.
    pub(super) fn forget(&mut self, key: &str, event: EventId) {
        if self.0.get(key).is_some_and(|failed| failed.event == event) {
            self.0.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn event(id: u128) -> EventId {
        EventId::new(Uuid::from_u128(id))
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_secs(seconds))
    }

    #[test]
    fn failures_of_an_event_are_counted_until_it_is_forgotten() {
        let mut failures = Failures::default();
        let counts = [1, 1, 1, 2].map(|id| failures.count("a", event(id), at(0)));
        failures.forget("a", event(1));
        let of_the_second = failures.count("a", event(2), at(0));
        failures.forget("a", event(2));

        assert_eq!(counts, [1, 2, 3, 1].map(Some));
        assert_eq!((of_the_second, failures.is_empty()), (Some(2), true));
    }

    #[test]
    fn memory_is_bounded_and_what_is_stale_makes_room() {
        let mut failures = Failures::default();
        for key in 0..MOST {
            failures.count(&key.to_string(), event(1), at(0));
        }

        assert_eq!(failures.count("one more", event(1), at(10)), None);
        assert_eq!(failures.count("0", event(1), at(10)), Some(2), "what is counted already counts on");
        assert_eq!(failures.count("one more", event(1), at(3605)), Some(1));
        assert_eq!(failures.0.len(), 2);
    }
}
