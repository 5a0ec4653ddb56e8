//! What an index takes over, and keeps.

use futures::future::join_all;
use ticketing_core::domain::search::{Filters, Places, Question, SearchChange};
use ticketing_core::domain::ticket::{OfferInput, Sales, Ticket, TicketStatus};

use super::{
    ALL, SearchIndexFixture, apply, apply_all, facts, filtered, fixture_watermark, found, ids, page, question, ticket,
    titled, watermark,
};
use crate::outcome::Outcome;
use crate::sample::NOW;
use crate::time::{polled, soon};

pub(super) fn sales(ticket: &Ticket, sold: u32, version: u64) -> SearchChange {
    SearchChange::Sales { ticket: ticket.id, sales: Sales { held: 0, sold, version } }
}

fn left(places: u32) -> Question {
    filtered(Filters { places: Places::Left(places), ..Filters::default() })
}

/// What was applied is found when `apply` returns, and what a ticket no longer says is not.
pub async fn what_was_applied_is_found(fixture: &dyn SearchIndexFixture) -> Outcome {
    assert_eq!(found(fixture, &Question::all(NOW)).await, [], "nothing was applied, and something is found");
    let opera = titled("Opera");
    assert_eq!(apply(fixture, vec![facts(&opera)]).await, 1, "of one ticket that is new");
    assert_eq!(found(fixture, &question("opera")).await, ids(&[&opera]), "the ticket was applied");

    let ballet = Ticket { version: 2, offer: titled("Ballet").offer, ..opera.clone() };
    assert_eq!(apply(fixture, vec![facts(&ballet)]).await, 1, "of one ticket that is another");
    assert_eq!(found(fixture, &question("opera")).await, [], "the ticket has another title now");
    assert_eq!(found(fixture, &question("ballet")).await, ids(&[&opera]), "the ticket has this title now");
    Outcome::Kept
}

/// A batch that comes again, whole or in part, changes nothing.
pub async fn a_batch_applied_twice_is_applied_once(fixture: &dyn SearchIndexFixture) -> Outcome {
    let opera = ticket(OfferInput { title: "Opera", quantity: 5, ..OfferInput::default() });
    let batch = vec![facts(&opera), sales(&opera, 3, 1)];
    assert_eq!(apply(fixture, batch.clone()).await, 1, "two changes of one ticket");
    let before = page(fixture, &left(2), ALL).await;
    assert_eq!(apply(fixture, batch.clone()).await, 0, "the batch was applied before");
    assert_eq!(apply(fixture, batch.into_iter().rev().collect()).await, 0, "in another order");

    assert_eq!(page(fixture, &left(2), ALL).await, before, "after the batch came again");
    assert_eq!(before.count, 1, "two of five places are left");
    Outcome::Kept
}

/// An older version, or an equal one, changes nothing, whether it comes in another batch or in the same one.
pub async fn an_older_version_changes_nothing(fixture: &dyn SearchIndexFixture) -> Outcome {
    let opera = titled("Opera");
    let [second, third, other] = [(2, "Second"), (3, "Third"), (3, "Other")].map(|(version, title)| Ticket {
        version,
        offer: titled(title).offer,
        ..opera.clone()
    });
    apply(fixture, vec![facts(&third), facts(&second), sales(&opera, 1, 5)]).await;
    let changed = apply(fixture, vec![facts(&opera), facts(&other), sales(&opera, 0, 4), sales(&opera, 0, 5)]).await;

    assert_eq!(changed, 0, "all of it was older, or of the same version");
    assert_eq!(found(fixture, &question("third")).await, ids(&[&opera]), "the newest version");
    for title in ["opera", "second", "other"] {
        assert_eq!(found(fixture, &question(title)).await, [], "an older version is found by {title:?}");
    }
    assert_eq!(found(fixture, &left(1)).await, [], "its only place was sold, and older sales came later");
    Outcome::Kept
}

/// Sales have versions of their own, and may come before the facts.
pub async fn sales_may_come_before_facts(fixture: &dyn SearchIndexFixture) -> Outcome {
    let opera = ticket(OfferInput { title: "Opera", quantity: 5, ..OfferInput::default() });
    apply(fixture, vec![sales(&opera, 4, 9)]).await;
    assert_eq!(found(fixture, &Question::all(NOW)).await, [], "nothing is known but its sales");
    apply(fixture, vec![facts(&opera)]).await;

    assert_eq!(found(fixture, &left(1)).await, ids(&[&opera]), "one of five places is left");
    assert_eq!(found(fixture, &left(2)).await, [], "four of five places were sold before");
    apply(fixture, vec![sales(&opera, 2, 10)]).await;
    assert_eq!(found(fixture, &left(3)).await, ids(&[&opera]), "two places were given back");
    Outcome::Kept
}

/// What is withdrawn or called off is not found, even if an older version comes later.
pub async fn what_is_not_on_sale_is_not_found(fixture: &dyn SearchIndexFixture) -> Outcome {
    let [opera, circus] = [titled("Opera"), titled("Circus")];
    apply_all(fixture, &[&opera, &circus]).await;
    let withdrawn = Ticket { version: 2, status: TicketStatus::Withdrawn, ..opera.clone() };
    let called_off = Ticket { version: 2, status: TicketStatus::CalledOff, ..circus.clone() };
    apply_all(fixture, &[&withdrawn, &called_off]).await;
    apply_all(fixture, &[&opera, &circus]).await;

    assert_eq!(found(fixture, &Question::all(NOW)).await, [], "nothing is on sale");
    assert_eq!(found(fixture, &question("opera")).await, [], "it was withdrawn");
    assert_eq!(fixture.index().suggest("ope", NOW).await.expect("the index answers"), [""; 0], "it was withdrawn");
    Outcome::Kept
}

/// The watermark is none before the first batch, and then the one that came with the last.
pub async fn the_watermark_is_that_of_the_last_batch(fixture: &dyn SearchIndexFixture) -> Outcome {
    assert_eq!(fixture_watermark(fixture).await, None, "nothing was applied");
    for (handled, changes) in [(3, vec![facts(&titled("Opera"))]), (5, Vec::new())] {
        let index = fixture.index();
        soon("a batch is applied", index.apply(changes, watermark(handled))).await.expect("the index answers");
        assert_eq!(fixture_watermark(fixture).await, Some(watermark(handled)), "of the last batch");
    }
    Outcome::Kept
}

/// At whichever point its caller stops waiting, a batch is applied with its watermark, or neither is.
pub async fn a_cancelled_apply_leaves_all_or_nothing(fixture: &dyn SearchIndexFixture) -> Outcome {
    for polls in 0..16 {
        let (one, other) = (titled("Opera"), titled("Circus"));
        let index = fixture.index();
        let before = fixture_watermark(fixture).await.map_or(0, |watermark| watermark.handled);
        let done = polled(polls, index.apply(vec![facts(&one), facts(&other)], watermark(before + 1))).await;
        // Another batch waits for what goes on behind the caller who left.
        let last = titled("Last");
        soon("a batch is applied", index.apply(vec![facts(&last)], watermark(before + 2)))
            .await
            .expect("the index answers");
        let all = found(fixture, &Question::all(NOW)).await;

        assert!(all.contains(&last.id), "a batch was applied after one that was dropped");
        assert_eq!(all.contains(&one.id), all.contains(&other.id), "half of a batch, after {polls} polls");
        if done.is_some() {
            break;
        }
    }
    Outcome::Kept
}

/// Of batches that are applied at once none is lost.
pub async fn batches_at_once_are_all_applied(fixture: &dyn SearchIndexFixture) -> Outcome {
    let index = fixture.index();
    let tickets: Vec<Ticket> = (0..8).map(|n| titled(&format!("Opera {n}"))).collect();
    let batches = tickets.iter().map(|ticket| index.apply(vec![facts(ticket)], watermark(1)));
    for applied in soon("batches are applied", join_all(batches)).await {
        assert_eq!(applied.expect("the index answers"), 1, "of one ticket that is new");
    }

    assert_eq!(page(fixture, &question("opera"), ALL).await.count, 8, "of 8 batches at once");
    Outcome::Kept
}

/// After a restart the index has all up to its watermark, or begins with nothing and has no watermark.
pub async fn what_was_applied_survives_a_restart(fixture: &dyn SearchIndexFixture) -> Outcome {
    let opera = ticket(OfferInput { title: "Opera", quantity: 5, ..OfferInput::default() });
    apply(fixture, vec![facts(&opera), sales(&opera, 3, 7)]).await;
    let last = fixture_watermark(fixture).await;
    fixture.restart().await;

    match fixture_watermark(fixture).await {
        None => assert_eq!(found(fixture, &Question::all(NOW)).await, [], "the index began with nothing"),
        known => {
            assert_eq!(known, last, "of the last batch before the restart");
            assert_eq!(found(fixture, &left(2)).await, ids(&[&opera]), "what was applied before the restart");
            assert_eq!(apply(fixture, vec![facts(&opera), sales(&opera, 0, 6)]).await, 0, "versions outlive a restart");
        }
    }
    apply(fixture, vec![facts(&titled("Circus"))]).await;
    assert_eq!(page(fixture, &question("circus"), ALL).await.count, 1, "what is applied after a restart is found");
    Outcome::Kept
}
