//! What is promised, one case at a time.

use std::sync::{Arc, Mutex};

use bytes::Bytes;

use crate::ports::transport::Arrival;
use crate::wire::{RawMessage, Undecodable};

use super::*;

/// The size of every delivery.
pub(super) const BYTES: usize = 100;

pub(super) fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn arrived(key: u8) -> Arrived<u8> {
    Arrived { lane: Lane::of_key(&key.to_string()), bytes: BYTES, delivery: key }
}

/// Deliveries of these keys, at positions from 0.
fn deliveries(keys: &[u8]) -> KeyedDeliveries<u8> {
    let mut deliveries = KeyedDeliveries::new(Epoch { number: 1, start: 0 });
    for (position, key) in (0..).zip(keys) {
        assert!(deliveries.accept(position, arrived(*key)));
    }
    deliveries
}

fn lend(deliveries: &mut KeyedDeliveries<u8>, max: usize) -> Vec<u64> {
    deliveries.lend(at(0), max).iter().map(|lent| lent.loan.position).collect()
}

fn ack(deliveries: &mut KeyedDeliveries<u8>, position: u64) -> Result<bool, TransportError> {
    deliveries.settle(Loan { epoch: 1, position }, Settlement::Ack, || panic!("an acknowledgement needs no time"))
}

fn retry(deliveries: &mut KeyedDeliveries<u8>, position: u64, after: Duration) -> Result<bool, TransportError> {
    deliveries.settle(Loan { epoch: 1, position }, Settlement::Retry { after }, || at(0))
}

#[test]
fn progress_is_the_lowest_unsettled_position() {
    let mut deliveries = deliveries(&[1, 2, 3]);
    assert_eq!(lend(&mut deliveries, 3), [0, 1, 2]);

    ack(&mut deliveries, 0).unwrap();
    ack(&mut deliveries, 2).unwrap();
    assert_eq!((deliveries.watermark(), deliveries.first_unsettled()), (1, Some(&2)));

    ack(&mut deliveries, 1).unwrap();
    assert_eq!((deliveries.watermark(), deliveries.first_unsettled()), (3, None));
}

#[test]
fn a_later_delivery_of_a_key_waits_for_the_earlier_and_others_do_not() {
    let mut deliveries = deliveries(&[1, 1, 2]);
    assert_eq!(lend(&mut deliveries, 1), [0]);
    assert_eq!(lend(&mut deliveries, 5), [2]);

    assert!(!ack(&mut deliveries, 2).unwrap());
    assert!(ack(&mut deliveries, 0).unwrap());

    assert_eq!(lend(&mut deliveries, 5), [1]);
}

#[test]
fn a_retried_delivery_comes_first_and_not_before_its_time() {
    let mut deliveries = deliveries(&[1, 1]);
    assert_eq!(lend(&mut deliveries, 1), [0]);

    assert!(retry(&mut deliveries, 0, at(3600)).unwrap());

    assert_eq!(lend(&mut deliveries, 5), [] as [u64; 0]);
    assert_eq!(deliveries.due(), Some(at(3600)));
    let again: Vec<_> = deliveries.lend(at(3600), 5).iter().map(|lent| (lent.loan.position, lent.attempt)).collect();
    assert_eq!(again, [(0, 2), (1, 1)]);
}

#[test]
fn what_is_not_out_cannot_be_settled() {
    let mut deliveries = deliveries(&[1]);
    assert!(matches!(ack(&mut deliveries, 0), Err(TransportError::Closed)));
    assert_eq!(lend(&mut deliveries, 1), [0]);
    ack(&mut deliveries, 0).unwrap();

    assert!(matches!(ack(&mut deliveries, 0), Err(TransportError::Closed)));
}

#[test]
fn a_position_that_was_passed_is_not_taken_in_again() {
    let mut deliveries = deliveries(&[1]);

    assert!(!deliveries.accept(0, arrived(1)));
    assert_eq!(lend(&mut deliveries, 5), [0]);
    assert_eq!(deliveries.waiting(), 0);

    ack(&mut deliveries, 0).unwrap();
    assert!(!deliveries.accept(0, arrived(1)));
}

#[test]
fn deliveries_are_counted_in_bytes_until_they_are_done() {
    let mut deliveries = deliveries(&[1, 2]);
    assert_eq!(lend(&mut deliveries, 1), [0]);
    assert_eq!(deliveries.bytes(), 2 * BYTES);

    retry(&mut deliveries, 0, at(0)).unwrap();
    assert_eq!(deliveries.bytes(), 2 * BYTES);
    assert_eq!(lend(&mut deliveries, 1), [0]);
    ack(&mut deliveries, 0).unwrap();

    assert_eq!(deliveries.bytes(), BYTES);
}

#[test]
fn a_retry_beyond_all_time_waits_as_long_as_there_is() {
    let mut deliveries = deliveries(&[1]);
    let lent = deliveries.lend(at(1), 1).remove(0);

    deliveries.settle(lent.loan, Settlement::Retry { after: Duration::MAX }, || at(1)).unwrap();

    assert_eq!(deliveries.due(), Some(Duration::MAX));
}

#[test]
fn an_epoch_begins_at_the_watermark_and_passes_nothing() {
    let mut deliveries = deliveries(&[1, 2, 3]);
    let before = deliveries.lend(at(0), 3);
    ack(&mut deliveries, 0).unwrap();
    ack(&mut deliveries, 2).unwrap();

    deliveries.revoke();

    assert_eq!((deliveries.watermark(), deliveries.next_position(), deliveries.bytes()), (1, 1, 0));
    assert!(!deliveries.accept(0, arrived(1)));
    assert!(deliveries.accept(1, arrived(2)));
    assert_eq!(lend(&mut deliveries, 3), [1]);
    for lent in before {
        let refused = deliveries.settle(lent.loan, Settlement::Ack, || at(0));
        assert!(matches!(refused, Err(TransportError::Closed)), "a loan outlived its epoch");
    }
    assert_eq!(deliveries.out(), 1);
}

#[test]
fn a_dropped_delivery_is_given_back_and_a_settled_one_is_not() {
    let settled = Arc::new(Mutex::new(Vec::new()));
    let lent = |position| {
        let (raw, settled) = (
            RawMessage { topic: String::new(), key: String::new(), headers: Vec::new(), body: Bytes::new() },
            Arc::clone(&settled),
        );
        let arrival = Arrival::Undecodable { raw, reason: Undecodable { what: String::new() } };
        Loan { epoch: 1, position }.into_delivery(arrival, 1, move |loan, settlement| {
            settled.lock().unwrap().push((loan.position, settlement));
            Ok(())
        })
    };

    drop(lent(0));
    lent(1).settle(Settlement::Ack).unwrap();

    let given_back = Settlement::Retry { after: Duration::ZERO };
    assert_eq!(*settled.lock().unwrap(), [(0, given_back), (1, Settlement::Ack)]);
}
