//! Members come, are slow, go and die, and nothing is lost.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use ticketing_conformance::sample;
use ticketing_conformance::transport::TransportFixture;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::{EventSubscriber, Kinds, Settlement, SubscriptionConfig, TransportError};
use ticketing_kafka::{KafkaConfig, KafkaSubscriber};
use tokio::time::timeout;

use crate::world::{World, ack, config, event_of, orders, soon, take};

const SESSION: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_slow_handler_keeps_its_place() {
    let world = World::of(KafkaConfig { session_timeout: SESSION, ..config(2) }).await;
    let mut member = world.join("catalog").await;
    world.publish(&orders(3)).await;
    let slow = take(&mut member, 3).await;

    // A member that lost its place would get everything again.
    let again = timeout(SESSION * 2, member.next(10)).await;

    assert!(again.is_err(), "it came again: {again:?}");
    slow.into_iter().for_each(ack);
    assert_eq!(member.close(Duration::ZERO).await.unwrap(), 0);
}

#[tokio::test]
async fn a_commit_never_passes_a_hole() {
    let world = World::start(1).await;
    let mut member = world.join("catalog").await;
    let events = orders(10);
    world.publish(&events).await;
    let mut deliveries = take(&mut member, 10).await;
    let held = deliveries.remove(3);

    deliveries.into_iter().for_each(ack);
    committed(&world, |offsets| offsets == [3]).await;
    world.publish(&orders(1)).await;
    take(&mut member, 1).await.into_iter().for_each(ack);
    assert_eq!(member.close(Duration::ZERO).await.unwrap(), 1);

    assert_eq!(world.committed("catalog").await, [3]);
    assert!(matches!(held.settle(Settlement::Ack), Err(TransportError::Closed)));
    let mut member = world.join("catalog").await;
    let again = take(&mut member, 1).await.pop().unwrap();
    assert_eq!(*event_of(&again), events[3]);
    ack(again);
}

#[tokio::test]
async fn everything_settled_is_committed_without_a_close() {
    let world = World::start(2).await;
    let mut member = world.join("catalog").await;
    world.publish(&orders(50)).await;

    take(&mut member, 50).await.into_iter().for_each(ack);

    committed(&world, |offsets| offsets.iter().sum::<i64>() == 50).await;
}

/// Waits until a group committed what is wanted.
async fn committed(world: &World, is_wanted: impl Fn(&[i64]) -> bool + Send + Sync) {
    soon("progress is committed", async { while !is_wanted(&world.committed("catalog").await) {} }).await;
}

#[tokio::test]
async fn what_another_member_took_over_cannot_be_settled_any_more() {
    let world = World::start(4).await;
    let mut first = world.join("catalog").await;
    let events = orders(40);
    world.publish(&events).await;
    let held = take(&mut first, 40).await;

    let mut second = world.join("catalog").await;
    let moved = take(&mut second, 1).await.pop().unwrap();

    let moved_event = event_of(&moved).clone();
    ack(moved);
    for delivery in held {
        let is_moved = *event_of(&delivery) == moved_event;
        let settled = delivery.settle(Settlement::Ack);
        assert!(!is_moved || matches!(settled, Err(TransportError::Closed)), "two settled the same: {settled:?}");
    }
}

#[tokio::test]
async fn a_full_buffer_pauses_and_loses_nothing() {
    let world = World::of(KafkaConfig { buffered: 256, ..config(1) }).await;
    let mut member = world.join("catalog").await;
    let stuck = sample::history(Topic::Orders, 1);
    let others = orders(2000);
    world.publish(&stuck).await;
    let stuck = take(&mut member, 1).await;

    for events in others.chunks(500) {
        world.publish(events).await;
    }
    let mut missing: BTreeSet<_> = others.iter().map(|event| event.id).collect();
    while !missing.is_empty() {
        for delivery in take(&mut member, 1).await {
            assert!(missing.remove(&event_of(&delivery).id), "it came again");
            ack(delivery);
        }
    }
    stuck.into_iter().for_each(ack);
    assert_eq!(member.close(Duration::ZERO).await.unwrap(), 0);
}

/// The memory of this process, in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux tells");
    let pages: usize = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("a number of pages");
    pages * 4096
}

/// The most bytes that a member holds while it catches up and nothing is settled; in a separate process, whose
/// memory nobody else uses.
const GLUTTON: &str = "TICKETING_TEST_GLUTTON_OF";

#[tokio::test]
async fn a_member_that_catches_up_holds_so_many_bytes_and_no_more() {
    if let Ok(prefix) = std::env::var(GLUTTON) {
        return hold_what_comes(&prefix).await;
    }
    const SIZE: usize = 30_000;
    let world = World::of(config(12)).await;
    // 120 MB: bodies that do not compress, since those are held as they are.
    for _ in 0..40 {
        let mut events = orders(100);
        for event in &mut events {
            let noise: Vec<u8> = (0..SIZE / 16).flat_map(|_| sample::uuid().into_bytes()).collect();
            event.data = noise.into();
        }
        world.publish(&events).await;
    }
    let glutton = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "members::a_member_that_catches_up_holds_so_many_bytes_and_no_more", "--nocapture"])
        .env(GLUTTON, &world.config.topic_prefix)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&glutton.stdout).into_owned();
    let held = told.lines().find_map(|line| line.rsplit_once("holds ")?.1.parse::<usize>().ok());

    let held = held.unwrap_or_else(|| panic!("the glutton said nothing: {told}"));
    // Its share of the buffer, what its client has fetched, and what that decompresses and copies.
    assert!(held < 60 * 1024 * 1024, "it holds {held} bytes");
}

/// Joins with a buffer of 16 MiB, takes all that is lent, and settles nothing, until nothing more comes.
async fn hold_what_comes(prefix: &str) {
    let (topic_prefix, group_prefix) = (prefix.to_owned(), prefix.to_owned());
    let config = KafkaConfig { topic_prefix, group_prefix, buffered_bytes: 16 * 1024 * 1024, ..config(12) };
    let before = resident();
    let wants = SubscriptionConfig {
        group: "catalog".to_owned(),
        topics: vec![Topic::Orders],
        start: ticketing_core::ports::transport::StartFrom::Earliest,
        max_unsettled: 100_000,
        patience: Duration::ZERO,
        kinds: Kinds::All,
    };
    let mut member = KafkaSubscriber::new(&config).subscribe(wants).await.expect("a group is joined");
    let mut held = take(&mut member, 100).await;
    while let Ok(more) = timeout(SESSION, member.next(1000)).await {
        held.extend(more.expect("the subscription is open"));
    }
    writeln!(std::io::stdout(), "holds {}", resident().saturating_sub(before)).expect("the parent listens");
    assert!(held.len() < 1000, "{} of 4,000 were lent and nothing was settled", held.len());
}

/// The prefix of the marketplace whose member is to be killed; set in the process that dies.
const VICTIM: &str = "TICKETING_TEST_VICTIM_OF";

#[tokio::test]
async fn a_killed_member_is_replaced_and_nothing_is_lost() {
    if let Ok(prefix) = std::env::var(VICTIM) {
        return hold_until_killed(&prefix).await;
    }
    let world = World::of(KafkaConfig { session_timeout: SESSION, ..config(2) }).await;
    let events = orders(30);
    world.publish(&events).await;
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "members::a_killed_member_is_replaced_and_nothing_is_lost", "--nocapture"])
        .env(VICTIM, &world.config.topic_prefix)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("holds 20")), "the victim holds nothing");

    victim.kill().unwrap();
    victim.wait().unwrap();

    let mut member = world.join("catalog").await;
    let mut missing: BTreeSet<_> = events.iter().map(|event| event.id).collect();
    while !missing.is_empty() {
        for delivery in soon("what the victim held comes again", member.next(100)).await.unwrap() {
            missing.remove(&event_of(&delivery).id);
            ack(delivery);
        }
    }
}

/// Joins, takes what there is, and settles nothing.
async fn hold_until_killed(prefix: &str) {
    let (topic_prefix, group_prefix) = (prefix.to_owned(), prefix.to_owned());
    let config = KafkaConfig { topic_prefix, group_prefix, session_timeout: SESSION, ..config(2) };
    let wants = SubscriptionConfig {
        group: "catalog".to_owned(),
        topics: vec![Topic::Orders],
        start: ticketing_core::ports::transport::StartFrom::Earliest,
        max_unsettled: 20,
        patience: Duration::ZERO,
        kinds: Kinds::All,
    };
    let mut member = KafkaSubscriber::new(&config).subscribe(wants).await.expect("a group is joined");
    let held = take(&mut member, 20).await;
    writeln!(std::io::stdout(), "holds {}", held.len()).expect("the parent listens");
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_dropped_subscription_leaves_at_once() {
    let world = World::start(2).await;
    let mut first = world.join("catalog").await;
    world.publish(&orders(4)).await;
    let held = take(&mut first, 4).await;

    drop(first);
    drop(held);

    // Far sooner than a member is given up.
    let mut second = world.join("catalog").await;
    let again = timeout(world.config.session_timeout * 9 / 10, second.next(10)).await;
    again.expect("nobody left").unwrap().into_iter().for_each(ack);
    assert!(world.subscriber().features().competing_consumers);
}
