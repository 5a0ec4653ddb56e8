//! The order of hits, and their pages.

use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::search::{Filters, Found, Question, SearchPage, SearchSort};
use ticketing_core::domain::ticket::{OfferInput, Ticket, TicketStatus};

use super::{ALL, SearchIndexFixture, apply_all, asked, found, ids, in_days, page, ticket};
use crate::outcome::Outcome;

/// Each order is as it says; equal tickets are newest first, and those without a time come last.
pub async fn hits_are_in_the_order_asked_for(fixture: &dyn SearchIndexFixture) -> Outcome {
    let of = |amount, days: Option<u64>, currency: &'static str| {
        let (starts_at, time_zone) = (days.map(in_days), days.map(|_| "UTC"));
        ticket(OfferInput { title: "Opera", amount, currency, starts_at, time_zone, ..OfferInput::default() })
    };
    let [a, b, c, d] = [of(500, Some(3), "EUR"), of(100, None, "EUR"), of(500, Some(1), "EUR"), of(10, Some(2), "USD")];
    apply_all(fixture, &[&b, &d, &a, &c]).await;

    let euros = "EUR".parse().expect("a currency");
    for (sort, expected) in [
        (SearchSort::Newest, vec![&d, &c, &b, &a]),
        (SearchSort::Soonest, vec![&c, &d, &a, &b]),
        (SearchSort::Cheapest(euros), vec![&b, &c, &a]),
        (SearchSort::Dearest(euros), vec![&c, &a, &b]),
        (SearchSort::BestMatch, vec![&d, &c, &b, &a]),
    ] {
        for text in ["", "opera"] {
            let question = asked(text, Filters::default(), sort);
            assert_eq!(found(fixture, &question).await, ids(&expected), "{sort:?} of {text:?}");
        }
    }
    Outcome::Kept
}

const SORTS: [SearchSort; 3] = [SearchSort::Newest, SearchSort::Soonest, SearchSort::BestMatch];

/// Many tickets, of which several share each rank.
async fn many(fixture: &dyn SearchIndexFixture) -> Vec<Ticket> {
    let titles = ["Opera", "Operetta", "Night at the opera"];
    let tickets: Vec<Ticket> = titles
        .iter()
        .cycle()
        .zip(0..25)
        .map(|(title, n)| {
            let starts_at = Some(in_days(1 + n % 4));
            ticket(OfferInput { title, starts_at, time_zone: Some("UTC"), ..OfferInput::default() })
        })
        .collect();
    apply_all(fixture, &tickets.iter().collect::<Vec<_>>()).await;
    tickets
}

/// Pages join in both directions, whatever their length, and say how many hits there are and come before.
pub async fn search_pages_join_both_ways(fixture: &dyn SearchIndexFixture) -> Outcome {
    many(fixture).await;
    for (sort, limit) in SORTS.into_iter().zip([4, 7, 24]) {
        let question = asked("opera", Filters::default(), sort);
        let all = found(fixture, &question).await;
        assert_eq!(all.len(), 17, "of all tickets that have the word");
        let (forwards, last) = walk(fixture, &question, limit).await;
        assert_eq!(forwards, all, "forwards in pages of {limit}, {sort:?}");
        let mut backwards = walk_back(fixture, &question, limit, &last).await;
        backwards.extend(last.hits.iter().map(|hit| hit.ticket));
        assert_eq!(backwards, all, "backwards in pages of {limit}, {sort:?}");
    }
    Outcome::Kept
}

fn check(found: &Found, before: usize, all: u64) {
    assert_eq!(found.count, all, "a page counts the hits of all pages");
    assert_eq!(found.before, before as u64, "a page says how many hits come before it");
}

/// All hits, page by page, and the last page that has any.
async fn walk(fixture: &dyn SearchIndexFixture, question: &Question, limit: usize) -> (Vec<TicketId>, Found) {
    let mut all = Vec::new();
    let mut last = page(fixture, question, SearchPage::First { limit }).await;
    loop {
        check(&last, all.len(), 17);
        all.extend(last.hits.iter().map(|hit| hit.ticket));
        let cursor = last.hits.last().expect("a page that was told of has hits").cursor();
        if last.behind() == 0 {
            let behind = page(fixture, question, SearchPage::After { cursor, limit }).await;
            assert_eq!(behind.hits, [], "behind the last page");
            return (all, last);
        }
        last = page(fixture, question, SearchPage::After { cursor, limit }).await;
    }
}

/// All hits before a page, from page to page.
async fn walk_back(fixture: &dyn SearchIndexFixture, question: &Question, limit: usize, from: &Found) -> Vec<TicketId> {
    let mut all: Vec<TicketId> = Vec::new();
    let mut first = from.clone();
    while first.before > 0 {
        let cursor = first.hits.first().expect("a page that was told of has hits").cursor();
        let before = usize::try_from(first.before).expect("a small number");
        first = page(fixture, question, SearchPage::Before { cursor, limit }).await;
        check(&first, before - first.hits.len(), 17);
        all.splice(0..0, first.hits.iter().map(|hit| hit.ticket));
    }
    all
}

/// A cursor stays where it was when its hit is gone.
pub async fn a_page_goes_on_behind_a_hit_that_is_gone(fixture: &dyn SearchIndexFixture) -> Outcome {
    let tickets = many(fixture).await;
    for sort in SORTS {
        // Each order takes another hit away.
        let question = asked("opera", Filters::default(), sort);
        let all = page(fixture, &question, ALL).await;
        let gone = all.hits.get(5).expect("there are more").to_owned();
        let ticket = tickets.iter().find(|ticket| ticket.id == gone.ticket).expect("it was applied");
        apply_all(fixture, &[&Ticket { version: 2, status: TicketStatus::Withdrawn, ..ticket.clone() }]).await;

        let after = page(fixture, &question, SearchPage::After { cursor: gone.cursor(), limit: 3 }).await;
        assert_eq!(Some(&*after.hits), all.hits.get(6..9), "behind a hit that is gone, {sort:?}");
        let before = page(fixture, &question, SearchPage::Before { cursor: gone.cursor(), limit: 3 }).await;
        assert_eq!(Some(&*before.hits), all.hits.get(2..5), "before a hit that is gone, {sort:?}");
    }
    Outcome::Kept
}
