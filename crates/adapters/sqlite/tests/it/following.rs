//! Members of groups that wait for a moment only, again and again.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::FutureExt;
use rusqlite::Connection;
use ticketing_conformance::sample;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::{Arrival, Delivery, Settlement, Subscription, TransportError};
use ticketing_memory::ManualClock;

use crate::committing::{commit, join};
use crate::world::{Directory, open};

/// What a member is given that waits for no more than a moment, in which no read ends.
fn glance(member: &mut dyn Subscription) -> Result<Vec<Delivery>, TransportError> {
    member.next(100).now_or_never().unwrap_or_else(|| Ok(Vec::new()))
}

/// Has a member look again and again until it gets something or hears why not.
async fn come(member: &mut dyn Subscription) -> Result<Vec<Delivery>, TransportError> {
    let looks = async {
        loop {
            match glance(member) {
                Ok(batch) if batch.is_empty() => tokio::task::yield_now().await,
                came => return came,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), looks).await.expect("a read that nobody waits for goes on")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_look_for_a_moment_get_every_event_once() {
    let directory = Directory::new();
    let engines = open(&directory.file("market.db"), &ManualClock::default()).await;
    let mut members = [join(&engines, "catalog").await, join(&engines, "catalog").await];
    let mut seen = BTreeMap::new();
    for round in 0..40 {
        commit(&engines, sample::history(Topic::Orders, 50)).await;
        while seen.len() < (round + 1) * 50 {
            for delivery in come(&mut *members[round % 2]).await.expect("it is delivered") {
                let Arrival::Event(event) = &delivery.arrival else { panic!("it is an event") };
                *seen.entry(event.id).or_insert(0) += 1;
                delivery.settle(Settlement::Ack).expect("it is settled");
            }
        }
    }

    assert!(seen.values().all(|times| *times == 1), "{seen:?}");
}

#[tokio::test]
async fn why_a_read_failed_is_told_once_and_another_begins() {
    let directory = Directory::new();
    let engines = open(&directory.file("market.db"), &ManualClock::default()).await;
    let mut member = join(&engines, "catalog").await;
    let hand = Connection::open(engines.file.path()).expect("the file is there");
    hand.execute_batch("ALTER TABLE log RENAME COLUMN body TO hidden").expect("it is damaged");

    let failed = come(&mut *member).await;
    assert!(matches!(failed, Err(TransportError::Unavailable(_))), "{failed:?}");
    hand.execute_batch("ALTER TABLE log RENAME COLUMN hidden TO body").expect("it is repaired");
    commit(&engines, sample::history(Topic::Orders, 1)).await;

    let mut came = come(&mut *member).await;
    while came.is_err() {
        // Every read failed that began before the log was repaired.
        came = come(&mut *member).await;
    }
    assert_eq!(came.expect("it is delivered").len(), 1);
}
