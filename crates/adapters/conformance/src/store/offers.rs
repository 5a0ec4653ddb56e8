//! How the offers of an event are found.

use std::time::Duration;

use ticketing_core::domain::money::{Currency, Money, Price};
use ticketing_core::domain::search::event_to_find;
use ticketing_core::domain::ticket::{Listing, Offer, OfferInput, Sales, Ticket, TicketStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::store::UnitOfWork;
use ticketing_core::ports::ticket_store::{EventOffers, TicketRecord};

use crate::outcome::Outcome;
use crate::sample::{self, NOW};
use crate::time::soon;

use super::bench::Bench;
use super::tickets::inserting;
use super::{StoreFixture, Tickets};

/// What is on sale of an event is found in one currency, cheapest first, as it is stored; what is not is not.
pub async fn the_offers_of_an_event_are_found(fixture: &dyn StoreFixture<Tickets>) -> Outcome {
    let bench = Bench::new(fixture);
    let wanted = of_event(&aida());
    assert_eq!(found(&bench, &wanted).await, [], "an empty store finds nothing");
    let (mut offers, others, in_yen) = (offers(), others(), listing(in_yen(aida())));
    for listings in [&others, &offers[..], std::slice::from_ref(&in_yen)] {
        bench.commit(inserting(listings)).await;
    }
    offers.sort_by_key(|listing| (amount_of(listing), std::cmp::Reverse(listing.ticket.id)));

    for limit in [0, 1, 3, 5, 100] {
        let expected: Vec<Listing> = offers.iter().take(limit).cloned().collect();
        assert_eq!(found(&bench, &EventOffers { limit, ..wanted.clone() }).await, expected, "the first {limit}");
    }
    let in_currency = |code| EventOffers { currency: currency(code), ..wanted.clone() };
    assert_eq!(found(&bench, &in_currency("JPY")).await, [in_yen], "another currency");
    assert_eq!(found(&bench, &in_currency("CHF")).await, [], "a currency that no offer has");
    for (what, asked) in questions_about_events() {
        let expected: Vec<Listing> =
            others.iter().filter(|other| of_event(&other.ticket.offer) == asked).cloned().collect();
        assert_eq!(found(&bench, &asked).await, expected, "{what}");
    }
    let begun = EventOffers { now: at(10), ..wanted.clone() };
    assert_eq!(found(&bench, &begun).await, [], "an event that has begun");
    are_found_as_they_change(&bench, offers).await;
    Outcome::Kept
}

/// One offer leaves, one costs less, one loses places, and one is of another event from now on.
async fn are_found_as_they_change(bench: &Bench<Tickets>, [gone, cheap, sold, moved, dear, dearest]: [Listing; 6]) {
    let moved_to = offer(OfferInput { city: Some("Roma"), ..aida_input() }, 100);
    let sales = Sales { held: 1, sold: 0, version: sold.sales.version + 1 };
    let changes = [
        with_status(gone, TicketStatus::Withdrawn),
        with_offer(cheap, offer(aida_input(), 1)),
        Listing { sales, ..sold },
        with_offer(moved, moved_to.clone()),
    ];
    let mut work = UnitOfWork::default();
    for change in &changes {
        let read = bench.find(&change.clone().into()).await.expect("it was inserted");
        work = work.with(read.replace(TicketRecord::from(change.clone())));
    }
    bench.commit(work).await;

    let [_, cheap, sold, moved] = changes;
    let left = [cheap, sold, dear, dearest];
    assert_eq!(found(bench, &of_event(&aida())).await, left, "offers are found as they are after a change");
    assert_eq!(found(bench, &of_event(&moved_to)).await, [moved], "an offer is found where it moved");
}

/// Of one event, in the order in which they were put on sale.
fn offers() -> [Listing; 6] {
    let spelled = OfferInput { title: "AIDA  in Concert", venue: Some("arena"), city: Some("VERONA"), ..aida_input() };
    let closes_soon = OfferInput { sales_end_at: Some(NOW.after(MOMENT)), ..aida_input() };
    let sold_out = Sales { held: 0, sold: 1, version: 2 };
    [
        listing(offer(aida_input(), 5000)),
        listing(offer(spelled, 3000)),
        Listing { sales: sold_out, ..listing(offer(aida_input(), 4000)) },
        listing(offer(aida_input(), 3000)),
        listing(offer(aida_input(), 3000)),
        listing(offer(closes_soon, 6000)),
    ]
}

/// What is no offer of that event.
fn others() -> [Listing; 7] {
    let title = |title| OfferInput { title, ..aida_input() };
    let later = OfferInput { starts_at: Some(at(11)), ..aida_input() };
    let elsewhere = OfferInput { city: Some("Milano"), ..aida_input() };
    let without_a_start = OfferInput { starts_at: None, time_zone: None, ..aida_input() };
    let ended = OfferInput { sales_end_at: Some(NOW), ..aida_input() };
    [
        listing(offer(title("Aida"), 100)),
        listing(offer(later, 100)),
        listing(offer(elsewhere, 100)),
        listing(offer(without_a_start, 100)),
        listing(offer(ended, 100)),
        with_status(listing(offer(aida_input(), 100)), TicketStatus::Withdrawn),
        with_status(listing(offer(aida_input(), 100)), TicketStatus::CalledOff),
    ]
}

/// Events that are almost the one that is offered most.
fn questions_about_events() -> [(&'static str, EventOffers); 4] {
    let asked = |input| of_event(&offer(input, 1));
    [
        ("an event with another title", asked(OfferInput { title: "Aida", ..aida_input() })),
        ("an event at another time", asked(OfferInput { starts_at: Some(at(11)), ..aida_input() })),
        ("an event in another city", asked(OfferInput { city: Some("Milano"), ..aida_input() })),
        ("an event that nobody offers", asked(OfferInput { venue: Some("Teatro Filarmonico"), ..aida_input() })),
    ]
}

fn aida_input() -> OfferInput<'static> {
    OfferInput {
        title: "Aida in concert",
        venue: Some("Arena"),
        city: Some("Verona"),
        starts_at: Some(at(10)),
        time_zone: Some("Europe/Rome"),
        ..OfferInput::default()
    }
}

fn aida() -> Offer {
    offer(aida_input(), 1)
}

fn offer(input: OfferInput<'_>, cents: u64) -> Offer {
    let input = OfferInput { amount: cents, currency: "EUR", quantity: 1, ..input };
    Offer::parse(input).expect("an offer within its bounds")
}

fn in_yen(offer: Offer) -> Offer {
    let price = Money { currency: currency("JPY"), ..offer.price.money() };
    Offer { price: Price::new(price).expect("a price"), ..offer }
}

fn listing(offer: Offer) -> Listing {
    Listing::new(Ticket { offer, ..sample::ticket() })
}

fn with_offer(listing: Listing, offer: Offer) -> Listing {
    let ticket = Ticket { offer, version: listing.ticket.version + 1, ..listing.ticket };
    Listing { ticket, ..listing }
}

fn with_status(listing: Listing, status: TicketStatus) -> Listing {
    let ticket = Ticket { status, version: listing.ticket.version + 1, ..listing.ticket };
    Listing { ticket, ..listing }
}

/// All offers of an event in euros.
pub(super) fn of_event(offer: &Offer) -> EventOffers {
    // Nothing is found of an event without a start, by whatever is asked for.
    let event = event_to_find(&offer.details.event).unwrap_or_default();
    EventOffers { event, currency: currency("EUR"), now: NOW, limit: 100 }
}

pub(super) async fn found(bench: &Bench<Tickets>, wanted: &EventOffers) -> Vec<Listing> {
    soon("a read is answered", bench.store.offers_of_event(wanted)).await.expect("a read succeeds")
}

const MOMENT: Duration = Duration::from_millis(1);

fn at(hours: u64) -> Timestamp {
    NOW.after(Duration::from_secs(hours * 3600))
}

fn currency(code: &str) -> Currency {
    code.parse().expect("a currency")
}

fn amount_of(listing: &Listing) -> u64 {
    listing.ticket.offer.price.money().amount
}
