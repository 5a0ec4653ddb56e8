//! Outboxes that lose, repeat or let anybody mark.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ticketing_conformance::outbox::OUTBOX;
use ticketing_core::domain::ids::EventId;
use ticketing_core::ports::outbox::{Backlog, Lease, Outbox, OutboxCursor, OutboxView, PendingEvents};
use ticketing_core::ports::store::StoreError;
use ticketing_core::wire::EventEnvelope;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::assert_notices;
use crate::world::World;

/// What is wrong with an outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    SkipsAHole,
    ForgetsWhatItHandedOut,
    ForgetsMarks,
    ReadsFromTheStart,
    LeasesToEverybody,
    NeverLetsALeaseRunOut,
    TakesAnyMark,
    Sleeps,
    StopsAtTheUnreadable,
    LosesTheUnreadable,
    CountsOneTooMany,
    KnowsNoAge,
}

#[derive(Debug)]
struct Flawed {
    sound: Arc<dyn Outbox>,
    flaw: Flaw,
    lease: Mutex<Option<Lease>>,
    is_spoilt: Arc<AtomicBool>,
}

#[async_trait]
impl OutboxView for Flawed {
    async fn backlog(&self, most: usize) -> Result<Backlog, StoreError> {
        let backlog = self.sound.backlog(most).await?;
        Ok(match self.flaw {
            Flaw::CountsOneTooMany => Backlog { entries: backlog.entries + 1, ..backlog },
            Flaw::KnowsNoAge => Backlog { oldest: None, ..backlog },
            _ => backlog,
        })
    }
}

#[async_trait]
impl Outbox for Flawed {
    /// It says so, and for a rule of this process it is as good as true.
    fn survives_restart(&self) -> bool {
        true
    }

    async fn lease(&self, owner: Uuid, span: Duration) -> Result<Option<Lease>, StoreError> {
        let span = if self.flaw == Flaw::NeverLetsALeaseRunOut { span * 1000 } else { span };
        let lease = self.sound.lease(owner, span).await?;
        let mut current = self.lease.lock().await;
        if lease.is_some() {
            *current = lease;
        }
        Ok(if self.flaw == Flaw::LeasesToEverybody { current.map(|lease| Lease { owner, ..lease }) } else { lease })
    }

    async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        self.sound.release(lease).await
    }

    async fn pending(&self, after: Option<OutboxCursor>, max: usize) -> Result<PendingEvents, StoreError> {
        let after = if self.flaw == Flaw::ReadsFromTheStart { None } else { after };
        if self.flaw == Flaw::StopsAtTheUnreadable && self.is_spoilt.load(Ordering::Relaxed) {
            return Err(StoreError::Corrupt("spoilt".into()));
        }
        let mut pending = self.sound.pending(after, max).await?;
        if self.flaw == Flaw::LosesTheUnreadable && self.is_spoilt.load(Ordering::Relaxed) {
            // As if the next version of its aggregate came out.
            let overtaking = pending.events.iter().find(|event| event.version == 1).cloned();
            pending.events.extend(overtaking.map(|event| EventEnvelope { version: 3, ..event }));
        }
        if self.flaw == Flaw::SkipsAHole {
            // As if the second of three transactions had committed last.
            if let Some(hole) = pending.events.iter().position(|event| event.version == 3) {
                pending.events.remove(hole);
            }
        }
        if let (Flaw::ForgetsWhatItHandedOut, Some(owner)) = (self.flaw, pending.events.first()) {
            let lease = self.sound.lease(owner.id.uuid(), Duration::from_secs(1)).await?.expect("a free lease");
            let ids: Vec<_> = pending.events.iter().map(|event| event.id).collect();
            self.sound.mark_published(lease, &ids).await?;
            self.sound.release(lease).await?;
        }
        Ok(pending)
    }

    async fn mark_published(&self, lease: Lease, ids: &[EventId]) -> Result<(), StoreError> {
        let current = *self.lease.lock().await;
        match self.flaw {
            Flaw::ForgetsMarks => Ok(()),
            Flaw::TakesAnyMark => self.sound.mark_published(current.unwrap_or(lease), ids).await,
            _ => self.sound.mark_published(lease, ids).await,
        }
    }

    async fn wait(&self) {
        if self.flaw == Flaw::Sleeps {
            std::future::pending::<()>().await;
        }
        self.sound.wait().await;
    }
}

async fn assert_flawed(rule: &str, flaw: Flaw) {
    let sound = World::default();
    let is_spoilt = Arc::clone(&sound.is_spoilt);
    let orders_outbox = Arc::new(Flawed { sound: sound.orders_outbox, flaw, lease: Mutex::default(), is_spoilt });
    assert_notices(&OUTBOX, rule, &World::default(), &World { orders_outbox, ..sound }).await;
}

#[tokio::test]
async fn a_hole_that_is_skipped() {
    assert_flawed("pending_is_contiguous_per_aggregate", Flaw::SkipsAHole).await;
}

#[tokio::test]
async fn what_cannot_be_read_in_the_way_of_others() {
    let rule = "an_unreadable_event_holds_back_its_own_aggregate_alone";
    assert_flawed(rule, Flaw::StopsAtTheUnreadable).await;
    assert_flawed(rule, Flaw::LosesTheUnreadable).await;
}

#[tokio::test]
async fn events_that_are_handed_out_once() {
    assert_flawed("what_is_not_marked_comes_out_again", Flaw::ForgetsWhatItHandedOut).await;
}

#[tokio::test]
async fn marks_that_are_forgotten() {
    assert_flawed("what_is_marked_never_comes_out_again", Flaw::ForgetsMarks).await;
}

#[tokio::test]
async fn a_cursor_that_is_not_looked_at() {
    assert_flawed("a_cursor_reads_on", Flaw::ReadsFromTheStart).await;
}

#[tokio::test]
async fn a_lease_for_everybody() {
    assert_flawed("a_lease_has_one_holder", Flaw::LeasesToEverybody).await;
}

#[tokio::test]
async fn a_lease_without_end() {
    assert_flawed("a_lease_that_ran_out_is_free", Flaw::NeverLetsALeaseRunOut).await;
}

#[tokio::test]
async fn marks_of_anybody() {
    assert_flawed("a_stale_lease_marks_nothing", Flaw::TakesAnyMark).await;
}

#[tokio::test]
async fn a_relay_that_sleeps_through_a_commit() {
    assert_flawed("a_commit_wakes_the_relay", Flaw::Sleeps).await;
}

#[tokio::test]
async fn a_backlog_that_is_not_what_waits() {
    assert_flawed("the_backlog_is_what_is_not_marked", Flaw::CountsOneTooMany).await;
    assert_flawed("the_backlog_is_what_is_not_marked", Flaw::KnowsNoAge).await;
}

#[tokio::test]
async fn an_outbox_that_forgets_with_its_process() {
    let claiming = |sound| -> Arc<dyn Outbox> {
        Arc::new(Flawed { sound, flaw: Flaw::None, lease: Mutex::default(), is_spoilt: Arc::default() })
    };
    let worlds = [(), ()].map(|()| {
        let world = World::default();
        let (outbox, reopened) = (claiming(world.orders_outbox), claiming(world.reopened_outbox));
        World { orders_outbox: outbox, reopened_outbox: reopened, ..world }
    });
    let [sound, forgetful] = worlds;
    let forgetful = World { reopened_outbox: claiming(World::default().orders_outbox), ..forgetful };

    assert_notices(&OUTBOX, "what_was_committed_survives_a_restart", &sound, &forgetful).await;
}
