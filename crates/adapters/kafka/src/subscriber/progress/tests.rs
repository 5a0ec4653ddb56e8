//! What is committed of a partition, and with which marks.

use std::time::Duration;

use bytes::Bytes;
use ticketing_core::messaging::keyed_deliveries::Lent;
use ticketing_core::ports::transport::{Arrival, Settlement};
use ticketing_core::wire::{RawMessage, Undecodable};

use super::*;

fn message(key: u128) -> Decoded {
    let raw = RawMessage { topic: String::new(), key: key.to_string(), headers: Vec::new(), body: Bytes::new() };
    let reason = Undecodable { what: "a test needs no event".to_owned() };
    Decoded { print: key, bytes: 100, arrival: Arrival::Undecodable { raw, reason } }
}

fn other(print: u128) -> Fetched {
    Fetched { print, wanted: None }
}

fn progress(keys: &[u128]) -> Progress {
    let mut progress = Progress::new(1, None);
    for (offset, key) in (0..).zip(keys) {
        progress.accept(offset, message(*key).into());
    }
    progress
}

fn lend(progress: &mut Progress, max: usize) -> Vec<Lent<Decoded>> {
    progress.deliveries.lend(Duration::ZERO, max)
}

fn ack(progress: &mut Progress, lent: Lent<Decoded>) -> bool {
    progress.deliveries.settle(lent.loan, Settlement::Ack, || Duration::ZERO).unwrap()
}

#[test]
fn progress_is_the_lowest_unsettled_offset() {
    let mut progress = progress(&[1, 2, 3]);
    let [first, second, third] = lend(&mut progress, 3).try_into().unwrap();

    ack(&mut progress, first);
    ack(&mut progress, third);
    assert_eq!(progress.watermark(), Some(1));

    ack(&mut progress, second);
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
fn a_new_generation_takes_what_comes_and_commits_nothing_of_the_one_before() {
    let mut before = progress(&[1, 2, 3]);
    for lent in lend(&mut before, 3) {
        assert!(!ack(&mut before, lent));
    }
    assert!(!before.accept(1, message(4).into()), "a passed offset was taken for news");

    let mut after = Progress::new(2, None);

    assert_eq!(after.to_commit(), None);
    assert!(after.accept(1, message(4).into()), "news was taken for what was passed");
    let [lent] = lend(&mut after, 3).try_into().unwrap();
    assert_eq!(lent.loan.position(), 1);
    ack(&mut after, lent);
    assert_eq!(after.to_commit(), Some(2));
}

#[test]
fn a_watermark_is_marked_by_what_lies_at_it_or_before_it() {
    let mut progress = progress(&[10, 11, 12]);
    let mark = |offset, print| Mark { offset, print };
    assert_eq!(progress.marks(), [mark(0, 10)]);
    let [first, second, third] = lend(&mut progress, 3).try_into().unwrap();

    ack(&mut progress, first);
    ack(&mut progress, third);
    assert_eq!(progress.marks(), [mark(0, 10), mark(1, 11)]);
    ack(&mut progress, second);
    assert_eq!(progress.marks(), [mark(0, 10), mark(2, 12)]);

    let (known, newest) = progress.to_compare().unwrap();
    assert_eq!((known, newest), (mark(0, 10), mark(2, 12)));
    progress.is_known(newest);
    assert_eq!(progress.marks(), [mark(2, 12)]);
}

#[test]
fn what_nobody_wants_is_passed_by_with_what_is_settled_before_it() {
    let mut progress = progress(&[1]);
    assert!(progress.accept(1, other(2)) && progress.accept(2, other(3)));
    assert!(!progress.accept(2, other(3)), "it was passed already");
    assert_eq!(progress.watermark(), Some(0));

    let [first] = lend(&mut progress, 9).try_into().unwrap();
    ack(&mut progress, first);

    assert_eq!(
        (progress.watermark(), progress.marks()),
        (Some(3), vec![Mark { offset: 0, print: 1 }, Mark { offset: 2, print: 3 }])
    );
}
