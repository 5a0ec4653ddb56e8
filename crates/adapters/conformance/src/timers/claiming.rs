//! Which timers are lent, and when.

use std::collections::HashSet;
use std::time::Duration;

use futures::future::join_all;

use crate::outcome::Outcome;

use super::{LONG, Queue, SHORT, TimersFixture, lent, timer};

/// A timer is never early; and it is not late either, once somebody asks.
pub async fn a_timer_is_never_early(fixture: &dyn TimersFixture) -> Outcome {
    let queue = Queue::of(fixture);
    let due = fixture.now().after(SHORT);
    let timer = timer(due);
    queue.schedule(&[timer]).await;

    let claimed = loop {
        let asked_at = fixture.now();
        let claimed = queue.claim(10, LONG).await;
        if !claimed.is_empty() {
            break claimed;
        }
        assert!(asked_at < due.after(SHORT), "a timer is not lent though it was due {SHORT:?} ago");
        fixture.pass(SHORT / 20).await;
    };
    let now = fixture.now();
    assert!(now >= due, "a timer was lent at {now} that is due at {due}");
    assert_eq!(lent(&claimed), [timer], "the timer that is due");
    Outcome::Kept
}

/// A timer that is due is claimed, earliest first and at most as many as asked for; also one set for the past.
pub async fn a_due_timer_is_claimed(fixture: &dyn TimersFixture) -> Outcome {
    let queue = Queue::of(fixture);
    assert_eq!(queue.claim(10, LONG).await, [], "a queue without timers lends none");
    let ago = |seconds| fixture.now().before(Duration::from_secs(seconds));
    let timers = [timer(ago(1)), timer(ago(30)), timer(ago(7)), timer(ago(3600)), timer(fixture.now().after(LONG))];
    queue.schedule(&timers).await;
    queue.schedule(&[]).await;

    let [last, second, third, first, _] = timers;
    let claimed = queue.claim(3, LONG).await;
    assert_eq!(lent(&claimed), [first, second, third], "the earliest come first");
    assert_eq!(lent(&queue.claim(3, LONG).await), [last], "then the rest");
    Outcome::Kept
}

/// Scheduling again moves the timer, to earlier or to later.
pub async fn scheduling_again_moves_the_timer(fixture: &dyn TimersFixture) -> Outcome {
    let queue = Queue::of(fixture);
    let now = fixture.now();
    let [past, future] = [now.before(SHORT), now.after(LONG)];
    let [mut sooner, mut later] = [timer(future), timer(past)];
    queue.schedule(&[sooner, later]).await;
    (sooner.due, later.due) = (past, future);
    queue.schedule(&[later, sooner]).await;
    queue.schedule(&[sooner]).await;

    assert_eq!(lent(&queue.claim_all().await), [sooner], "an order has one timer, where it was set last");
    Outcome::Kept
}

/// A cancelled timer is gone, also while it is on loan; cancelling what is not there does no harm.
pub async fn a_cancelled_timer_is_gone(fixture: &dyn TimersFixture) -> Outcome {
    let queue = Queue::of(fixture);
    let past = fixture.now().before(SHORT);
    let [cancelled, kept, on_loan] = [timer(past), timer(past), timer(past.before(SHORT))];
    queue.schedule(&[cancelled, kept, on_loan]).await;
    let claimed = queue.claim(1, SHORT).await;
    assert_eq!(lent(&claimed), [on_loan], "the earliest comes first");

    for _ in 0..2 {
        queue.cancel(&[cancelled, on_loan]).await;
    }
    assert_eq!(lent(&queue.claim_all().await), [kept], "a cancelled timer was lent");
    assert_eq!(queue.complete(&claimed).await, 0, "a cancelled timer was completed");
    fixture.pass(SHORT * 2).await;
    assert_eq!(queue.claim(10, LONG).await, [], "a timer that was cancelled on loan was lent again");
    Outcome::Kept
}

/// Ten thousand timers due at once are each lent once, whichever process asks, and all of them.
pub async fn many_timers_due_at_once_are_lent_once(fixture: &dyn TimersFixture) -> Outcome {
    const MANY: usize = 10_000;
    let past = fixture.now().before(SHORT);
    let timers: Vec<_> = (0..MANY).map(|_| timer(past)).collect();
    for slice in timers.chunks(1000) {
        Queue::of(fixture).schedule(slice).await;
    }

    let workers = (0..4).map(|_| {
        let queue = Queue::of(fixture);
        tokio::spawn(async move { queue.claim_all().await })
    });
    let mut claimed = Vec::new();
    for worker in join_all(workers.collect::<Vec<_>>()).await {
        claimed.extend(worker.expect("a worker ends well"));
    }

    let lent: HashSet<_> = claimed.iter().map(|due| due.timer.order).collect();
    assert_eq!((claimed.len(), lent.len()), (MANY, MANY), "each timer is lent once");
    assert_eq!(Queue::of(fixture).complete(&claimed).await, MANY, "all are completed");
    Outcome::Kept
}
