//! Quirks of timers in Redis.

use std::time::Duration;

use ticketing_conformance::sample;
use ticketing_core::domain::ids::OrderId;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::timers::{Timer, TimerQueue};
use ticketing_redis::RedisTimers;

use crate::world::{World, now};

const HOUR: Duration = Duration::from_secs(3600);
const INSTANT: Duration = Duration::from_millis(20);

fn timers(count: usize, due: Timestamp) -> Vec<Timer> {
    (0..count).map(|_| Timer { order: OrderId::new(sample::uuid()), due }).collect()
}

#[tokio::test]
async fn ten_thousand_timers_go_through_each_call_at_once() {
    let world = World::start().await;
    let queue = RedisTimers::new(&world.client);
    let set = timers(10_000, now().before(HOUR));
    queue.schedule(&set).await.unwrap();
    queue.schedule(&set).await.unwrap();
    let claimed = queue.claim_due(20_000, HOUR).await.unwrap();

    let mut lent: Vec<_> = claimed.iter().map(|due| due.timer.order).collect();
    let mut orders: Vec<_> = set.iter().map(|timer| timer.order).collect();
    lent.sort_unstable();
    orders.sort_unstable();
    assert!(lent == orders, "{} of 10,000 timers were lent", lent.len());
    assert_eq!(queue.complete(&claimed).await.unwrap(), 10_000);

    queue.schedule(&set).await.unwrap();
    queue.cancel(&orders).await.unwrap();
    assert_eq!(world.keys(), [""; 0], "nothing is left of timers that are gone");
}

#[tokio::test]
async fn timers_that_are_never_completed_do_not_starve_the_rest() {
    let world = World::start().await;
    let queue = RedisTimers::new(&world.client);
    let bad = timers(10, now().before(HOUR));
    let good = timers(1, now().before(Duration::from_secs(1)));
    queue.schedule(&[bad, good.clone()].concat()).await.unwrap();

    let mut rounds = 0;
    loop {
        let claimed = queue.claim_due(10, INSTANT).await.unwrap();
        if claimed.iter().any(|due| good.contains(&due.timer)) {
            break;
        }
        rounds += usize::from(!claimed.is_empty());
        assert!(rounds <= 2, "timers that fail were lent {rounds} times before one that was due all the while");
        tokio::time::sleep(INSTANT * 2).await; // time is real
    }
}

#[tokio::test]
async fn a_timer_that_is_lent_again_is_due_when_it_was() {
    let world = World::start().await;
    let queue = RedisTimers::new(&world.client);
    let set = timers(3, now().before(HOUR));
    queue.schedule(&set).await.unwrap();

    for _ in 0..3 {
        let claimed = queue.claim_due(9, INSTANT).await.unwrap();
        assert_eq!(claimed.iter().map(|due| due.timer).collect::<Vec<_>>(), set);
        tokio::time::sleep(INSTANT * 2).await; // time is real
    }
}

#[tokio::test]
async fn a_token_of_a_loan_that_ended_completes_nothing() {
    let world = World::start().await;
    let queue = RedisTimers::new(&world.client);
    queue.schedule(&timers(3, now().before(HOUR))).await.unwrap();
    let stale = queue.claim_due(9, INSTANT).await.unwrap();
    tokio::time::sleep(INSTANT * 2).await; // time is real

    assert_eq!(queue.complete(&stale).await.unwrap(), 0, "the loan has ended");
    let current = queue.claim_due(9, HOUR).await.unwrap();
    assert_eq!(queue.complete(&stale).await.unwrap(), 0, "another has the loan");
    assert_eq!(queue.complete(&[&current[..], &current[..]].concat()).await.unwrap(), 3, "each counts once");
}

#[tokio::test]
async fn what_is_sent_twice_is_done_once() {
    let world = World::start().await;
    let queue = RedisTimers::new(&world.client);
    let set = timers(5, now().before(HOUR));
    for _ in 0..2 {
        queue.schedule(&set).await.unwrap();
    }
    for _ in 0..2 {
        queue.cancel(&[set[0].order]).await.unwrap();
    }

    let claimed = queue.claim_due(9, HOUR).await.unwrap();
    let lent: Vec<_> = claimed.iter().map(|due| due.timer).collect();
    assert_eq!(lent, set[1..], "each timer once, in the order of their ids");
    assert_eq!(queue.complete(&claimed).await.unwrap() + queue.complete(&claimed).await.unwrap(), 4);
    assert_eq!(world.keys(), [""; 0]);
}

#[tokio::test]
async fn the_ends_of_the_calendar_are_kept() {
    let world = World::start().await;
    let queue = RedisTimers::new(&world.client);
    let [first] = timers(1, Timestamp::EPOCH)[..] else { unreachable!("one timer") };
    let [last] = timers(1, Timestamp::from_millis(i64::MAX))[..] else { unreachable!("one timer") };
    queue.schedule(&[last, first]).await.unwrap();

    let claimed = queue.claim_due(usize::MAX, Duration::MAX).await.unwrap();
    assert_eq!(claimed.iter().map(|due| due.timer).collect::<Vec<_>>(), [first]);
    assert_eq!(queue.complete(&claimed).await.unwrap(), 1);
    assert!(matches!(&world.keys()[..], [ready] if ready.ends_with(":ready")), "{:?}", world.keys());
}

#[tokio::test]
async fn moving_a_timer_ends_its_loan() {
    let world = World::start().await;
    let queue = RedisTimers::new(&world.client);
    let [timer] = timers(1, now().before(HOUR))[..] else { unreachable!("one timer") };
    queue.schedule(&[timer]).await.unwrap();
    let before = queue.claim_due(9, HOUR).await.unwrap();
    queue.schedule(&[Timer { due: now().after(HOUR), ..timer }]).await.unwrap();
    assert_eq!(queue.complete(&before).await.unwrap(), 0, "the loan was of where it was before");

    let moved = Timer { due: now().before(Duration::from_secs(1)), ..timer };
    queue.schedule(&[moved]).await.unwrap();
    let lent: Vec<_> = queue.claim_due(9, HOUR).await.unwrap().iter().map(|due| due.timer).collect();
    assert_eq!(lent, [moved]);
}
