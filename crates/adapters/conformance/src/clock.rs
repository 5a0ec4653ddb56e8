//! Rules of [`Clock`] and [`Ids`].
#![expect(clippy::missing_panics_doc, reason = "rules panic by design")]

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::{Clock, Ids};
use uuid::{Uuid, Variant};

use crate::outcome::Outcome;
use crate::report::Family;
use crate::time::{TimeFixture, meanwhile, polled};

/// Every rule of this module.
pub const CLOCK: Family<dyn ClockFixture> = crate::clock!(@ [family]);

/// A clock and its ids. `now` and `pass` are those of the clock.
pub trait ClockFixture: TimeFixture {
    /// The clock; always the same one.
    fn clock(&self) -> Arc<dyn Clock>;

    /// Ids, drawn beside it; always the same ones.
    fn ids(&self) -> Arc<dyn Ids>;
}

/// A sleep ends once its span has passed, and not before.
pub async fn a_sleep_lasts_as_long_as_asked(fixture: &dyn ClockFixture) -> Outcome {
    for millis in [1, 20, 300] {
        let span = Duration::from_millis(millis);
        let clock = fixture.clock();
        let began = clock.now();
        meanwhile(fixture, "a sleep ends", clock.sleep(span)).await;
        let lasted = clock.now().since(began);
        assert!(lasted >= span, "a sleep of {span:?} ended after {lasted:?}");
    }

    let clock = fixture.clock();
    meanwhile(fixture, "a sleep of no time ends", clock.sleep(Duration::ZERO)).await;
    let early = polled(1, clock.sleep(Duration::from_secs(3600))).await;
    assert!(early.is_none(), "a sleep of an hour ended at once");
    Outcome::Kept
}

/// Time never runs backwards while nobody sets the clock.
pub async fn time_never_runs_backwards(fixture: &dyn ClockFixture) -> Outcome {
    let clock = fixture.clock();
    let began = clock.now();
    let mut last = began;
    for turn in 0..10_000 {
        if turn % 1000 == 0 {
            fixture.pass(Duration::from_millis(2)).await;
        }
        let now = clock.now();
        assert!(now >= last, "time ran backwards from {last} to {now}");
        last = now;
    }
    let passed = last.since(began);
    assert!(passed >= Duration::from_millis(20), "only {passed:?} passed where twenty milliseconds did");
    Outcome::Kept
}

/// No identity is drawn twice, and later ones sort after earlier ones, from however many threads they are drawn.
pub async fn ids_are_unique_and_sorted(fixture: &dyn ClockFixture) -> Outcome {
    let now = fixture.clock().now();
    let drawers = (0..4).map(|_| {
        let ids = fixture.ids();
        tokio::task::spawn_blocking(move || draw(&*ids, now))
    });
    let drawn = futures::future::join_all(drawers.collect::<Vec<_>>()).await;

    let mut seen = HashSet::new();
    for uuids in drawn {
        for uuid in uuids.expect("drawing ids does not panic") {
            assert!(seen.insert(uuid), "{uuid} was drawn twice");
        }
    }
    Outcome::Kept
}

/// Ten for each of 500 milliseconds, each after all that were drawn before it.
fn draw(ids: &dyn Ids, now: Timestamp) -> Vec<Uuid> {
    let mut drawn: Vec<Uuid> = Vec::new();
    for turn in 0..5000 {
        let uuid = ids.uuid(now.after(Duration::from_millis(turn / 10)));
        if let Some(last) = drawn.last() {
            assert!(uuid > *last, "{uuid} was drawn after {last} and sorts before it");
        }
        drawn.push(uuid);
    }
    drawn
}

/// An identity is a UUID of version 7, with the time that it was given.
pub async fn ids_are_uuid_version_7(fixture: &dyn ClockFixture) -> Outcome {
    let (now, ids) = (fixture.clock().now(), fixture.ids());
    for turn in 0..100 {
        let at = now.after(Duration::from_millis(turn * 7));
        let uuid = ids.uuid(at);
        assert_eq!(uuid.get_version_num(), 7, "{uuid} is not of version 7");
        assert_eq!(uuid.get_variant(), Variant::RFC4122, "{uuid} is not of the variant of RFC 9562");
        assert_eq!(drawn_at(uuid), at, "{uuid} does not say when it was drawn");
    }
    Outcome::Kept
}

fn drawn_at(uuid: Uuid) -> Timestamp {
    let millis = i64::try_from(uuid.as_u128() >> 80).expect("48 bits fit");
    Timestamp::from_millis(millis)
}

/// No secret is drawn twice, and none is mostly the same bits.
pub async fn secrets_are_unique(fixture: &dyn ClockFixture) -> Outcome {
    let ids = fixture.ids();
    let mut seen = HashSet::new();
    for _ in 0..10_000 {
        assert!(seen.insert(ids.secret()), "a secret was drawn twice");
    }
    Outcome::Kept
}
