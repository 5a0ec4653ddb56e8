//! How the relay hears of a commit.

use ticketing_core::domain::event::Topic;

use crate::outcome::Outcome;
use crate::sample;
use crate::time::{meanwhile, polled};

use super::{OutboxFixture, commit, scan};

/// A commit wakes who waits, even if it came first, and even if somebody stopped waiting in between.
pub async fn a_commit_wakes_the_relay(fixture: &dyn OutboxFixture) -> Outcome {
    let outbox = fixture.outbox();
    let event = || sample::history(Topic::Orders, 1);
    for _ in 0..20 {
        scan(&*outbox, 1000).await;
        commit(fixture, event()).await;
        meanwhile(fixture, "a commit that came first wakes", outbox.wait()).await;

        scan(&*outbox, 1000).await;
        let wait_and_commit = futures::future::join(outbox.wait(), commit(fixture, event()));
        meanwhile(fixture, "a commit wakes who waits", wait_and_commit).await;

        scan(&*outbox, 1000).await;
        let mut dropped = outbox.wait();
        if polled(1, &mut dropped).await.is_none() {
            commit(fixture, event()).await;
            drop(dropped);
            meanwhile(fixture, "a wake-up is not lost with who waited for it", outbox.wait()).await;
        }
    }
    Outcome::Kept
}
