//! Broken adapters, each of which a rule must notice.

mod accounts;
mod audit_reader;
mod clocks;
mod drafts;
mod gateways;
mod identity;
mod keys;
mod letters;
mod limits;
mod mailers;
mod notes;
mod one_log;
mod others;
mod outbox;
mod passes;
mod publishing;
mod sabotages;
mod search_index;
mod stores;
mod subscribing;
mod ticket_feed;
mod tickets;
mod timers;
mod unreadable;

use std::time::Duration;

use ticketing_conformance::report::{Family, Finding, Rule};
use ticketing_conformance::time::with_patience;

/// The rule finds nothing wrong with a sound world, and notices the broken one; returns what it says.
async fn assert_notices<F: ?Sized + Sync>(family: &Family<F>, rule: &str, sound: &F, broken: &F) -> String {
    assert_eq!(named(family, rule).check(sound).await, Finding::Kept, "{rule} of a sound world");
    told(family, rule, broken).await
}

/// What the rule says of a broken world.
#[expect(clippy::panic, reason = "a rule that notices nothing fails the test")]
async fn told<F: ?Sized + Sync>(family: &Family<F>, rule: &str, broken: &F) -> String {
    match with_patience(Duration::from_secs(1), named(family, rule).check(broken)).await {
        Finding::Broken(how) => how,
        finding => panic!("{rule} notices nothing: {finding}"),
    }
}

fn named<'a, F: ?Sized>(family: &'a Family<F>, rule: &str) -> &'a Rule<F> {
    family.rules.iter().find(|known| known.name == rule).expect("a rule of this name")
}
