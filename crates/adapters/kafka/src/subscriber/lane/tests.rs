//! What a partition's progress promises, whatever arrives, is lent and is settled in which order.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use ticketing_core::wire::{RawMessage, Undecodable};

use super::*;

/// The size of every message.
const BYTES: usize = 100;

fn message(key: Key) -> Decoded {
    let raw = RawMessage { topic: String::new(), key: key.to_string(), headers: Vec::new(), body: Bytes::new() };
    let reason = Undecodable { what: "a test needs no event".to_owned() };
    Decoded { key, print: key, bytes: BYTES, arrival: Arrival::Undecodable { raw, reason } }
}

fn progress(keys: &[Key]) -> Progress {
    let mut progress = Progress::new(1, None);
    for (offset, key) in (0..).zip(keys) {
        progress.accept(offset, message(*key));
    }
    progress
}

fn lend(progress: &mut Progress, max: usize) -> Vec<i64> {
    progress.lend(Instant::now(), max).iter().map(|lent| lent.offset).collect()
}

#[test]
fn progress_is_the_lowest_unsettled_offset() {
    let mut progress = progress(&[1, 2, 3]);
    assert_eq!(lend(&mut progress, 3), [0, 1, 2]);

    progress.settle(0, None).unwrap();
    progress.settle(2, None).unwrap();
    assert_eq!(progress.watermark(), Some(1));

    progress.settle(1, None).unwrap();
    assert_eq!(progress.watermark(), Some(3));
}

#[test]
fn what_is_committed_is_not_committed_again() {
    let mut progress = progress(&[1]);
    assert_eq!(progress.to_commit(), Some(0));

    progress.committed = Some(0);

    assert_eq!(progress.to_commit(), None);
}

#[test]
fn a_later_message_of_a_key_waits_for_the_earlier_and_others_do_not() {
    let mut progress = progress(&[1, 1, 2]);
    assert_eq!(lend(&mut progress, 1), [0]);
    assert_eq!(lend(&mut progress, 5), [2]);

    assert!(progress.settle(0, None).unwrap());

    assert_eq!(lend(&mut progress, 5), [1]);
}

#[test]
fn a_retried_message_comes_first_and_not_before_its_time() {
    let mut progress = progress(&[1, 1]);
    assert_eq!(lend(&mut progress, 1), [0]);
    let due = Instant::now() + Duration::from_secs(3600);

    progress.settle(0, Some(due)).unwrap();

    assert_eq!(lend(&mut progress, 5), [] as [i64; 0]);
    assert_eq!(progress.due(), Some(due));
    let again: Vec<_> = progress.lend(due, 5).iter().map(|lent| (lent.offset, lent.attempt)).collect();
    assert_eq!(again, [(0, 2), (1, 1)]);
}

#[test]
fn what_is_not_out_cannot_be_settled() {
    let mut progress = progress(&[1]);
    assert!(matches!(progress.settle(0, None), Err(TransportError::Closed)));
    assert_eq!(lend(&mut progress, 1), [0]);
    progress.settle(0, None).unwrap();

    assert!(matches!(progress.settle(0, None), Err(TransportError::Closed)));
}

#[test]
fn a_message_that_is_held_is_not_taken_in_twice() {
    let mut progress = progress(&[1]);

    assert!(!progress.accept(0, message(1)));

    assert_eq!(lend(&mut progress, 5), [0]);
    assert_eq!(progress.waiting(), 0);
}

#[test]
fn a_new_generation_takes_what_comes_and_commits_nothing_of_the_one_before() {
    let mut before = progress(&[1, 2, 3]);
    assert_eq!(lend(&mut before, 3), [0, 1, 2]);
    (0..3).for_each(|offset| assert!(!before.settle(offset, None).unwrap()));
    assert!(!before.accept(1, message(4)), "a passed offset was taken for news");

    let mut after = Progress::new(2, None);

    assert_eq!(after.to_commit(), None);
    assert!(after.accept(1, message(4)), "news was taken for what was passed");
    assert_eq!(lend(&mut after, 3), [1]);
    after.settle(1, None).unwrap();
    assert_eq!(after.to_commit(), Some(2));
}

#[test]
fn a_watermark_is_marked_by_what_lies_at_it_or_before_it() {
    let mut progress = progress(&[10, 11, 12]);
    let mark = |offset, print| Mark { offset, print };
    assert_eq!(progress.marks(), [mark(0, 10)]);
    assert_eq!(lend(&mut progress, 3), [0, 1, 2]);

    progress.settle(0, None).unwrap();
    progress.settle(2, None).unwrap();
    assert_eq!(progress.marks(), [mark(0, 10), mark(1, 11)]);
    progress.settle(1, None).unwrap();
    assert_eq!(progress.marks(), [mark(0, 10), mark(2, 12)]);

    let (known, newest) = progress.to_compare().unwrap();
    assert_eq!((known, newest), (mark(0, 10), mark(2, 12)));
    progress.is_known(newest);
    assert_eq!(progress.marks(), [mark(2, 12)]);
}

#[test]
fn messages_are_counted_in_bytes_until_they_are_settled() {
    let mut progress = progress(&[1, 2]);
    assert_eq!(lend(&mut progress, 1), [0]);
    assert_eq!(progress.bytes(), 2 * BYTES);

    progress.settle(0, Some(Instant::now())).unwrap();
    assert_eq!(progress.bytes(), 2 * BYTES);
    assert_eq!(lend(&mut progress, 1), [0]);
    progress.settle(0, None).unwrap();

    assert_eq!(progress.bytes(), BYTES);
}

/// What may happen to a partition.
#[derive(Debug, Clone)]
enum Happening {
    Arrives(Key),
    Lend(usize),
    /// The n-th that is out, counted around.
    Ack(usize),
    Retry(usize, u64),
    Pass(u64),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (0..4_u128).prop_map(Happening::Arrives),
        3 => (1..5_usize).prop_map(Happening::Lend),
        4 => any::<usize>().prop_map(Happening::Ack),
        2 => (any::<usize>(), 0..5_u64).prop_map(|(which, after)| Happening::Retry(which, after)),
        1 => (1..5_u64).prop_map(Happening::Pass),
    ]
}

/// A partition, and what is known of it from outside.
struct World {
    progress: Progress,
    now: Instant,
    keys: Vec<Key>,
    out: Vec<i64>,
    done: Vec<bool>,
    /// The last of each key that was settled for good or is out in one batch with those before it.
    newest: HashMap<Key, i64>,
}

impl World {
    fn new() -> Self {
        let (keys, out, done) = (Vec::new(), Vec::new(), Vec::new());
        Self { progress: Progress::new(1, None), now: Instant::now(), keys, out, done, newest: HashMap::new() }
    }

    fn happens(&mut self, happening: &Happening) {
        match happening {
            Happening::Arrives(key) => {
                self.progress.accept(self.keys.len().try_into().unwrap(), message(*key));
                self.keys.push(*key);
                self.done.push(false);
            }
            Happening::Lend(max) => self.lend(*max),
            Happening::Ack(which) => self.settle(*which, None),
            Happening::Retry(which, after) => self.settle(*which, Some(self.now + Duration::from_secs(*after))),
            Happening::Pass(seconds) => self.now += Duration::from_secs(*seconds),
        }
        let lowest = self.done.iter().position(|done| !done).unwrap_or(self.done.len());
        let wanted = (!self.done.is_empty()).then(|| lowest.try_into().unwrap());
        assert_eq!(self.progress.watermark(), wanted);
        assert_eq!(self.progress.out(), self.out.len());
    }

    fn lend(&mut self, max: usize) {
        let before: Vec<Key> = self.out.iter().map(|offset| self.key(*offset)).collect();
        let lent = self.progress.lend(self.now, max);
        assert!(lent.len() <= max);
        for Lent { offset, attempt, .. } in lent {
            let key = self.key(offset);
            assert!(!before.contains(&key), "a key was lent while some of it was out");
            assert!(!self.out.contains(&offset), "a message was lent twice at once");
            // Whatever comes for the first time comes in order.
            if attempt == 1 {
                assert!(self.newest.insert(key, offset) < Some(offset), "a later message of a key came first");
            }
            self.out.push(offset);
        }
    }

    fn settle(&mut self, which: usize, again: Option<Instant>) {
        if self.out.is_empty() {
            return;
        }
        let offset = self.out.remove(which % self.out.len());
        self.progress.settle(offset, again).unwrap();
        self.done[usize::try_from(offset).unwrap()] = again.is_none();
    }

    fn key(&self, offset: i64) -> Key {
        self.keys[usize::try_from(offset).unwrap()]
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_or_overtaken(happenings in prop::collection::vec(happening(), 0..200)) {
        let mut world = World::new();
        for happening in &happenings {
            world.happens(happening);
        }

        while world.done.contains(&false) {
            world.happens(&Happening::Pass(10));
            world.happens(&Happening::Lend(3));
            assert!(!world.out.is_empty(), "something is never lent again");
            while !world.out.is_empty() {
                world.happens(&Happening::Ack(0));
            }
        }
        assert_eq!(world.progress.waiting(), 0);
        assert_eq!(world.progress.bytes(), 0);
        assert!(world.progress.lanes.is_empty(), "a lane outlived its messages");
    }
}
