//! Identities and secrets: by chance, and by counting.

use std::sync::atomic::{AtomicU64, Ordering};

use rand::{Rng, RngExt};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::Ids;
use uuid::Uuid;

use crate::lock::Lock;

/// Draws ids and secrets by chance, from a generator that the operating system seeds.
///
/// Ids of one process sort in the order in which they were drawn, also within
/// a millisecond (RFC 9562, section 6.2, method 2), and while a clock that was
/// set back has not caught up yet: until then they have the last time before that.
#[derive(Debug, Default)]
pub struct RandomIds {
    last: Lock<Moment>,
}

/// The time of an id in milliseconds and the 74 bits behind it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Moment {
    millis: u64,
    tail: u128,
}

const TAIL_BITS: u32 = 74;
const TAIL_MASK: u128 = (1 << TAIL_BITS) - 1;

impl RandomIds {
    /// Draws from now on.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Ids for RandomIds {
    fn uuid(&self, now: Timestamp) -> Uuid {
        let mut last = self.last.lock();
        *last = last.next(millis(now), &mut rand::rng());
        last.uuid()
    }

    fn secret(&self) -> [u8; 32] {
        let mut secret = [0; 32];
        rand::rng().fill_bytes(&mut secret);
        secret
    }
}

impl Moment {
    fn next(self, now: u64, chance: &mut impl Rng) -> Self {
        if now > self.millis {
            // The highest bit stays free, so that counting on within the millisecond has room.
            return Self { millis: now, tail: chance.random::<u128>() & (TAIL_MASK >> 1) };
        }
        let tail = self.tail + 1 + u128::from(chance.random::<u32>());
        Self { millis: self.millis + u64::from(tail > TAIL_MASK), tail: tail & TAIL_MASK }
    }

    fn uuid(self) -> Uuid {
        let (high, low) = (self.tail >> 62, self.tail & ((1 << 62) - 1));
        Uuid::from_u128(u128::from(self.millis) << 80 | 7 << 76 | high << 64 | 0b10 << 62 | low)
    }
}

fn millis(now: Timestamp) -> u64 {
    now.millis().unsigned_abs()
}

/// Counts ids and secrets from 1, so that a test can be repeated. No secret of it is one.
#[derive(Debug, Default)]
pub struct SequentialIds {
    ids: Lock<Moment>,
    secrets: AtomicU64,
}

impl SequentialIds {
    /// Counts from 1.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Ids for SequentialIds {
    fn uuid(&self, now: Timestamp) -> Uuid {
        let mut last = self.ids.lock();
        *last = Moment { millis: millis(now).max(last.millis), tail: last.tail + 1 };
        last.uuid()
    }

    fn secret(&self) -> [u8; 32] {
        let count = self.secrets.fetch_add(1, Ordering::Relaxed) + 1;
        let mut secret = [0; 32];
        for (byte, of_count) in secret.iter_mut().zip(count.to_le_bytes()) {
            *byte = of_count;
        }
        secret
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_millisecond_sort_as_they_were_drawn() {
        let ids = RandomIds::new();
        let drawn: Vec<_> = (0..1000).map(|_| ids.uuid(Timestamp::from_millis(5))).collect();

        assert!(drawn.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn ids_sort_as_they_were_drawn_though_the_clock_is_set_back() {
        let ids = RandomIds::new();
        let times = [600_000, 600_001, 5, 6, 300_000, 600_001, 600_002];
        let drawn: Vec<_> = times.iter().map(|time| ids.uuid(Timestamp::from_millis(*time))).collect();

        assert!(drawn.is_sorted_by(|a, b| a < b), "{drawn:?}");
        let told = drawn.iter().map(|uuid| uuid.as_u128() >> 80).collect::<Vec<_>>();
        assert_eq!(told, [600_000, 600_001, 600_001, 600_001, 600_001, 600_001, 600_002]);
    }

    #[test]
    fn a_full_millisecond_spills_into_the_next() {
        let full = Moment { millis: 5, tail: TAIL_MASK };
        let next = full.next(5, &mut rand::rng());

        assert_eq!(next.millis, 6);
        assert!(next.uuid() > full.uuid());
    }

    #[test]
    fn counted_ids_are_of_version_7_and_tell_their_time() {
        let ids = SequentialIds::new();
        let (first, second) = (ids.uuid(Timestamp::from_millis(7000)), ids.uuid(Timestamp::EPOCH));

        assert_eq!(first.get_timestamp().map(|time| time.to_unix()), Some((7, 0)));
        assert_eq!(first.get_version_num(), 7);
        assert!(second > first);
        assert_eq!(first.as_u128() & 0xFF, 1);
    }
}
