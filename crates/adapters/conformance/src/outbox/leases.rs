//! Who may publish.

use std::time::Duration;

use futures::future::join_all;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::outbox::{Lease, Outbox};
use ticketing_core::ports::store::StoreError;
use uuid::Uuid;

use crate::events::assert_came;
use crate::outcome::Outcome;
use crate::sample;
use crate::time::soon;

use super::{OutboxFixture, commit, scan};

/// So long that it does not run out while a rule runs.
const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_secs(1);

/// Takes the lease for somebody new.
pub(super) async fn held(outbox: &dyn Outbox) -> Lease {
    lease(outbox, sample::uuid(), LONG).await.expect("a free lease is given")
}

async fn lease(outbox: &dyn Outbox, owner: Uuid, span: Duration) -> Option<Lease> {
    let lease = soon("a lease is answered", outbox.lease(owner, span)).await.expect("a lease is answered");
    assert!(lease.is_none_or(|lease| lease.owner == owner), "the lease names another owner");
    lease
}

/// One holder at a time, who keeps the epoch while prolonging; the next one has a higher epoch.
pub async fn a_lease_has_one_holder(fixture: &dyn OutboxFixture) -> Outcome {
    let (outbox, elsewhere) = (fixture.outbox(), fixture.outbox());
    let [first, second] = [sample::uuid(), sample::uuid()];
    let held = lease(&*outbox, first, LONG).await.expect("a free lease is given");
    assert_eq!(lease(&*elsewhere, second, LONG).await, None, "a lease that is held was given to another");
    let prolonged = lease(&*outbox, first, LONG).await;
    assert_eq!(prolonged, Some(held), "the holder prolongs the lease, and its epoch stays");

    outbox.release(held).await.expect("a lease is given back");
    let next = lease(&*elsewhere, second, LONG).await.expect("a lease that was given back is free");
    assert!(next.epoch > held.epoch, "the epoch grows when the lease changes hands");
    outbox.release(held).await.expect("giving back a lost lease does no harm");
    assert_eq!(lease(&*outbox, first, LONG).await, None, "giving back a lost lease took it from its holder");

    elsewhere.release(next).await.expect("a lease is given back");
    let owners: Vec<Uuid> = (0..16).map(|_| sample::uuid()).collect();
    let tries = join_all(owners.into_iter().map(|owner| lease(&*outbox, owner, LONG))).await;
    assert_eq!(tries.into_iter().flatten().count(), 1, "of sixteen who ask at once, one gets the lease");
    Outcome::Kept
}

/// A lease that ran out is free, and one that was prolonged has not run out.
pub async fn a_lease_that_ran_out_is_free(fixture: &dyn OutboxFixture) -> Outcome {
    let outbox = fixture.outbox();
    let [first, second] = [sample::uuid(), sample::uuid()];
    let held = lease(&*outbox, first, SHORT).await.expect("a free lease is given");
    fixture.pass(SHORT * 6 / 10).await;
    let prolonged_at = fixture.now();
    let prolonged = lease(&*outbox, first, SHORT).await;
    fixture.pass(SHORT * 6 / 10).await;
    let other = lease(&*outbox, second, LONG).await;
    // Where time is real and the machine busy, it may have run out after all.
    if fixture.now().since(prolonged_at) < SHORT {
        assert_eq!(prolonged, Some(held), "the holder prolongs the lease, and its epoch stays");
        assert_eq!(other, None, "a prolonged lease ran out at its first end");
    }

    fixture.pass(SHORT).await;
    let next = match other {
        Some(next) => next,
        None => lease(&*outbox, second, LONG).await.expect("a lease that ran out is free"),
    };
    assert!(next.epoch > held.epoch, "the epoch grows when the lease changes hands");
    assert_eq!(lease(&*outbox, first, LONG).await, None, "a lost lease was prolonged");
    Outcome::Kept
}

/// A mark under a lost lease is refused, whether it was given back, ran out or was taken by another.
pub async fn a_stale_lease_marks_nothing(fixture: &dyn OutboxFixture) -> Outcome {
    let outbox = fixture.outbox();
    let events = sample::history(Topic::Orders, 2);
    commit(fixture, events.clone()).await;
    let ids: Vec<_> = events.iter().map(|event| event.id).collect();

    let given_back = held(&*outbox).await;
    outbox.release(given_back).await.expect("a lease is given back");
    let ran_out = lease(&*outbox, sample::uuid(), SHORT).await.expect("a free lease is given");
    fixture.pass(SHORT + SHORT / 10).await;
    let taken = lease(&*outbox, sample::uuid(), SHORT).await.expect("a lease that ran out is free");
    fixture.pass(SHORT + SHORT / 10).await;
    let current = held(&*outbox).await;
    let forged = Lease { epoch: current.epoch, ..taken };

    for stale in [given_back, ran_out, taken, forged] {
        let marked = soon("a mark is answered", outbox.mark_published(stale, &ids)).await;
        assert!(matches!(marked, Err(StoreError::Conflict(_))), "a mark under a lost lease: {marked:?}");
        assert_came("2 events were marked under a lost lease", &events, &scan(&*outbox, 10).await);
    }
    outbox.mark_published(current, &ids).await.expect("the holder of the lease marks");
    Outcome::Kept
}
