//! Broken adapters, each of which a rule must notice.

mod accounts;
mod audit_reader;
mod clocks;
mod drafts;
mod identity;
mod limits;
mod others;
mod outbox;
mod publishing;
mod stores;
mod subscribing;
mod ticket_feed;
mod timers;
mod unreadable;

use std::time::Duration;

use ticketing_conformance::report::{Family, Finding};
use ticketing_conformance::time::with_patience;

/// The rule finds nothing wrong with a sound world, and notices the broken one.
async fn assert_notices<F: ?Sized + Sync>(family: &Family<F>, rule: &str, sound: &F, broken: &F) {
    let rule = family.rules.iter().find(|known| known.name == rule).expect("a rule of this name");

    assert_eq!(rule.check(sound).await, Finding::Kept, "{} of a sound world", rule.name);

    let finding = with_patience(Duration::from_secs(1), rule.check(broken)).await;
    assert!(matches!(finding, Finding::Broken(_)), "{} notices nothing: {finding}", rule.name);
}
