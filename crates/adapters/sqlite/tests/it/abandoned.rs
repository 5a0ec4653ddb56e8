//! Groups that an application no longer runs.

use std::time::Duration;

use ticketing_conformance::sample;
use ticketing_core::domain::event::Topic;
use ticketing_core::wire::EventEnvelope;
use ticketing_memory::ManualClock;
use ticketing_sqlite::{SqliteConfig, SqliteEngines};

use crate::committing::{commit, join, logged, mark};
use crate::earlier::bring_back;
use crate::world::{Directory, open_as};

const DAY: Duration = Duration::from_hours(24);

/// Events are kept for an hour, and what a group has not settled that nobody joins for three days.
fn forgetful(directory: &Directory) -> SqliteConfig {
    let (keep_for, group_retention) = (Duration::from_hours(1), Some(3 * DAY));
    SqliteConfig { keep_for, group_retention, ..SqliteConfig::new(directory.file("market.db")) }
}

/// Days on which an event is committed, which every relay marks.
async fn pass(engines: &SqliteEngines, clock: &ManualClock, days: u32) {
    for _ in 0..days {
        clock.advance(DAY);
        let event = sample::envelope(Topic::Orders, sample::uuid(), 1);
        commit(engines, vec![EventEnvelope { time: engines.env.now(), ..event }]).await;
        mark(engines).await;
    }
}

#[tokio::test]
async fn a_group_that_nobody_joins_any_more_holds_the_log_for_a_time_and_hears_what_it_missed() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let engines = open_as(&forgetful(&directory), &clock).await;
    drop(join(&engines, "catalog").await);
    pass(&engines, &clock, 3).await;
    assert_eq!(logged(&engines).await, 3, "it may still come back");

    pass(&engines, &clock, 3).await;
    let kept = logged(&engines).await;
    assert!(kept < 3, "{kept} of 6 events are kept for nobody");

    let mut member = join(&engines, "catalog").await;
    assert_eq!(engines.broker.missed(), 6 - kept as u64);
    assert_eq!(member.next(10).await.expect("it is delivered").len(), kept, "it goes on with the oldest that is kept");
    drop(member);
    drop(join(&engines, "catalog").await);
    assert_eq!(engines.broker.missed(), 6 - kept as u64, "it is told once");
    pass(&engines, &clock, 2).await;
    assert_eq!(logged(&engines).await, kept + 2, "it is waited for as long as before");
}

#[tokio::test]
async fn a_group_that_is_joined_is_waited_for_however_long_it_takes() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let engines = open_as(&forgetful(&directory), &clock).await;
    let member = join(&engines, "catalog").await;

    pass(&engines, &clock, 10).await;

    assert_eq!(logged(&engines).await, 10);
    drop(member);
    pass(&engines, &clock, 2).await;
    assert_eq!(logged(&engines).await, 12, "it left two days ago");
}

#[tokio::test]
async fn time_in_which_nobody_has_the_file_open_does_not_count() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let config = forgetful(&directory);
    let mut engines = open_as(&config, &clock).await;
    drop(join(&engines, "catalog").await);
    for season in 1..3 {
        pass(&engines, &clock, 1).await;
        drop(engines);
        clock.advance(365 * DAY);
        engines = open_as(&config, &clock).await;
        assert_eq!(logged(&engines).await, season);
    }
}

#[tokio::test]
async fn a_clock_that_is_set_forward_abandons_nobody() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let engines = open_as(&forgetful(&directory), &clock).await;
    drop(join(&engines, "catalog").await);
    clock.advance(20_000 * DAY);

    pass(&engines, &clock, 1).await;
    pass(&engines, &clock, 1).await;

    assert_eq!(logged(&engines).await, 2, "two days passed, as far as anybody can tell");
}

#[tokio::test]
async fn a_group_of_an_earlier_release_is_as_if_it_had_just_left() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let config = forgetful(&directory);
    drop(open_as(&config, &clock).await);
    let hand = bring_back(&config.path, 1);
    let place = ("catalog", Topic::Orders.name(), 1);
    hand.execute("INSERT INTO places VALUES (?1, ?2, ?3)", place).expect("a group has a place");
    drop(hand);

    let engines = open_as(&config, &clock).await;
    pass(&engines, &clock, 2).await;
    assert_eq!(logged(&engines).await, 2);
}
