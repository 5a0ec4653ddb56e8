//! What a claim is worth, and for how long.

use ticketing_core::ports::timers::DueTimer;

use crate::outcome::Outcome;
use crate::sample;

use super::{LONG, Queue, SHORT, TimersFixture, lent, timer};

/// A claimed timer is nobody else's.
pub async fn a_claimed_timer_is_nobody_elses(fixture: &dyn TimersFixture) -> Outcome {
    let queue = Queue::of(fixture);
    let timer = timer(fixture.now().before(SHORT));
    queue.schedule(&[timer]).await;
    assert_eq!(lent(&queue.claim(10, LONG).await), [timer], "the timer that is due");

    assert_eq!(queue.claim(10, LONG).await, [], "a timer on loan was lent again");
    fixture.pass(SHORT).await;
    assert_eq!(Queue::of(fixture).claim(10, LONG).await, [], "a timer on loan was lent by another handle");
    Outcome::Kept
}

/// A claim that is not completed in time is lent again, under another token.
pub async fn an_abandoned_claim_is_lent_again(fixture: &dyn TimersFixture) -> Outcome {
    let queue = Queue::of(fixture);
    let timer = timer(fixture.now().before(SHORT));
    queue.schedule(&[timer]).await;

    let mut tokens = Vec::new();
    for turn in 0..5 {
        let claimed = queue.claim(10, SHORT).await;
        assert_eq!(lent(&claimed), [timer], "after {turn} claims that were abandoned");
        for due in claimed {
            assert!(!tokens.contains(&due.token), "two claims have one token");
            tokens.push(due.token);
        }
        fixture.pass(SHORT + SHORT / 10).await;
    }
    Outcome::Kept
}

/// A completed timer is gone, and completing it again completes nothing.
pub async fn a_completed_timer_is_gone(fixture: &dyn TimersFixture) -> Outcome {
    let queue = Queue::of(fixture);
    let past = fixture.now().before(SHORT);
    queue.schedule(&[timer(past), timer(past), timer(past)]).await;
    let claimed = queue.claim(10, SHORT).await;
    let (done, abandoned) = claimed.split_at(2);

    assert_eq!(queue.complete(done).await, 2, "what is on loan is completed");
    assert_eq!(queue.complete(done).await, 0, "what is completed was completed again");
    assert_eq!(queue.complete(&[]).await, 0, "nothing is completed");
    fixture.pass(SHORT * 2).await;
    assert_eq!(lent(&queue.claim(10, LONG).await), lent(abandoned), "only what was not completed comes again");
    Outcome::Kept
}

/// A token that ran out completes nothing, once the timer is lent or set again; nor does one that was made up.
pub async fn a_stale_token_completes_nothing(fixture: &dyn TimersFixture) -> Outcome {
    let queue = Queue::of(fixture);
    let timer = timer(fixture.now().before(SHORT));
    queue.schedule(&[timer]).await;
    let stale = queue.claim(10, SHORT).await;
    fixture.pass(SHORT + SHORT / 10).await;
    let current = queue.claim(10, LONG).await;
    let forged = [DueTimer { timer, token: sample::uuid() }];

    assert_eq!(queue.complete(&stale).await, 0, "a token that ran out completed a timer that another holds");
    assert_eq!(queue.complete(&forged).await, 0, "a token that was made up completed a timer");
    assert_eq!(queue.complete(&current).await, 1, "the current token completes the timer");

    queue.schedule(&[timer]).await;
    assert_eq!(queue.complete(&current).await, 0, "a token of before completed a timer that was set again");
    assert_eq!(lent(&queue.claim(10, LONG).await), [timer], "a timer that was set again is lent again");
    Outcome::Kept
}
