//! Offers are valid, and only their sellers change them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::attributes::{Attributes, Value};
use crate::domain::event_facts::{EventFacts, FactsKnown};
use crate::domain::invalid::WrongFields;
use crate::domain::money::{Price, Quantity};
use crate::domain::time_zone::TimeZone;

use super::*;
use crate::domain::money::Money;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn seller() -> AccountId {
    AccountId::new(Uuid::from_u128(1))
}

const OPERA: OfferInput<'_> = OfferInput {
    title: "Opera",
    description: None,
    venue: None,
    city: None,
    category: None,
    starts_at: None,
    time_zone: None,
    section: None,
    row: None,
    seats: None,
    together: false,
    sales_end_at: None,
    amount: 1200,
    currency: "EUR",
    quantity: 1,
    max_per_buyer: None,
    attributes: None,
};

fn seat_in_row(row: &str) -> Option<BTreeMap<String, Value>> {
    Some(BTreeMap::from([("seatRow".to_owned(), row.into())]))
}

fn offer(quantity: u32) -> Offer {
    Offer::parse(OfferInput { quantity, ..OPERA }).unwrap()
}

fn listing(quantity: u32) -> Listing {
    Listing::new(Ticket::create(TicketId::new(Uuid::from_u128(9)), seller(), offer(quantity), NOW).unwrap().0)
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let wrong = OfferInput {
        title: " ",
        city: Some("a\u{0}"),
        amount: 0,
        currency: "euro",
        quantity: 0,
        max_per_buyer: Some(1001),
        attributes: Some(BTreeMap::from([("seat row".to_owned(), "F".into())])),
        ..OPERA
    };
    let wrong = Offer::parse(wrong).unwrap_err();
    let fields: Vec<_> = wrong.0.iter().map(|invalid| invalid.field).collect();

    assert_eq!(fields, ["title", "city", "attributes", "price", "currency", "quantity", "maxPerBuyer"]);
    assert_eq!(
        WrongFields(wrong.0[..2].to_vec()).to_string(),
        "title must not be empty; city must not contain control characters"
    );
}

#[test]
fn a_text_that_was_stored_decomposed_is_found_by_its_words() {
    let event = EventFacts { title: "Zauberflo\u{308}te".into(), ..EventFacts::default() }.into();
    let old = Details { event, ..offer(1).details };

    assert_eq!(old.words(), ["zauberflöte"]);
}

#[test]
fn every_text_of_a_ticket_may_stay_as_it_is() {
    let old = "a\u{2028}b";
    let texts = OfferInput {
        title: old,
        description: Some("a\u{202E}b"),
        venue: Some(old),
        city: Some(old),
        category: Some(old),
        ..OPERA
    };
    let text = || Some(Arc::from(old));
    let event = EventFacts { title: old.into(), venue: text(), city: text(), ..EventFacts::default() }.into();
    let description = texts.description.map(Arc::from);
    let details = Details { event, description, category: text(), attributes: Attributes::NONE, sales_end_at: None };

    let kept = Offer { details, ..offer(1) };

    assert_eq!(Offer::parse(texts.clone()).unwrap_err().0.len(), 5);
    assert_eq!(Offer::parse_over(texts, Some(&kept)), Ok(kept));
}

#[test]
fn attributes_stay_if_a_new_offer_says_nothing_of_them() {
    let in_row_f = Offer::parse(OfferInput { attributes: seat_in_row("F"), ..OPERA }).unwrap();
    let replaced = |attributes| Offer::parse_over(OfferInput { attributes, ..OPERA }, Some(&in_row_f));

    assert_eq!(replaced(None), Ok(in_row_f.clone()));
    assert_eq!(replaced(Some(BTreeMap::new())), Ok(offer(1)));
    assert_eq!(replaced(seat_in_row("G")), Offer::parse(OfferInput { attributes: seat_in_row("G"), ..OPERA }));
}

#[test]
fn offers_have_the_same_digest_if_they_are_the_same() {
    let limited = Offer { max_per_buyer: Some(Quantity::ONE), ..offer(2) };
    let moved = |venue: &str, city: &str| {
        let (venue, city) = (Some(venue.into()), Some(city.into()));
        Details { event: EventFacts { venue, city, ..(*offer(2).details.event).clone() }.into(), ..offer(2).details }
    };
    let (here, there) = (moved("ab", "c"), moved("a", "bc"));

    let in_row = |row| Offer::parse(OfferInput { attributes: seat_in_row(row), quantity: 2, ..OPERA }).unwrap();
    assert_eq!(offer(2).digest(), offer(2).digest());
    assert_eq!(in_row("F").digest(), in_row("F").digest());
    assert_ne!(in_row("F").digest(), in_row("G").digest());
    assert_ne!(in_row("F").digest(), offer(2).digest());
    assert_ne!(offer(2).digest(), offer(3).digest());
    assert_ne!(offer(2).digest(), limited.digest());
    assert_ne!(Offer { details: here, ..offer(2) }.digest(), Offer { details: there, ..offer(2) }.digest());
}

#[test]
fn only_the_seller_changes_a_ticket() {
    let stranger = AccountId::new(Uuid::from_u128(2));

    assert_eq!(listing(2).update(stranger, offer(3), NOW), Err(TicketRefusal::NotSeller));
    assert_eq!(listing(2).withdraw(stranger), Err(TicketRefusal::NotSeller));
}

#[test]
fn an_update_moves_the_version_and_never_undercuts_sales() {
    let listing = listing(5).follow(Sales { held: 1, sold: 2, version: 3 }).unwrap();

    assert_eq!(
        listing.clone().update(seller(), offer(2), NOW),
        Err(TicketRefusal::QuantityBelowSales { committed: 3 })
    );
    let (updated, event) = listing.update(seller(), offer(3), NOW).unwrap();
    assert_eq!((updated.available(), updated.ticket.version), (0, 2));
    assert_eq!(event, Event::TicketUpdated(updated.change()));
}

#[test]
fn a_withdrawn_ticket_stays_withdrawn() {
    let (withdrawn, _) = listing(5).withdraw(seller()).unwrap();

    assert_eq!(withdrawn.available(), 0);
    assert_eq!(withdrawn.clone().withdraw(seller()), Err(TicketRefusal::Withdrawn));
    assert_eq!(withdrawn.update(seller(), offer(6), NOW), Err(TicketRefusal::Withdrawn));
}

#[test]
fn an_event_does_not_begin_in_the_past() {
    let mut past = offer(1);
    past.details.event = EventFacts { starts_at: Some(NOW), ..(*past.details.event).clone() }.into();

    assert_eq!(
        Ticket::create(TicketId::new(Uuid::nil()), seller(), past.clone(), NOW),
        Err(TicketRefusal::StartsInThePast)
    );
    assert_eq!(listing(1).update(seller(), past, NOW), Err(TicketRefusal::StartsInThePast));
}

#[test]
fn a_currency_that_is_no_more_is_kept_and_not_taken_up() {
    let kuna: Currency = "HRK".parse().unwrap();
    let in_kuna = Offer { price: Price::new(Money { amount: 100, currency: kuna }).unwrap(), ..offer(2) };
    let refused = TicketRefusal::CurrencyNotInUse { currency: kuna };
    let of_old = Ticket { offer: in_kuna.clone(), ..listing(2).ticket };

    let create = Ticket::create(TicketId::new(Uuid::nil()), seller(), in_kuna.clone(), NOW);
    assert_eq!(create, Err(refused.clone()));
    assert_eq!(listing(2).update(seller(), in_kuna.clone(), NOW), Err(refused));
    assert!(Listing::new(of_old.clone()).update(seller(), in_kuna, NOW).is_ok());
    assert!(Listing::new(of_old).update(seller(), offer(2), NOW).is_ok());
}

#[test]
fn an_old_count_of_sales_is_ignored() {
    let listing = listing(5).follow(Sales { held: 1, sold: 0, version: 2 }).unwrap();

    assert_eq!(listing.follow(Sales { held: 5, sold: 0, version: 2 }), None);
}

fn starting(at: Timestamp, venue: &str) -> Offer {
    let starts = OfferInput { starts_at: Some(at), time_zone: Some("Europe/Rome"), venue: Some(venue), ..OPERA };
    Offer::parse(OfferInput { quantity: 5, ..starts }).unwrap()
}

fn in_days(days: u64) -> Timestamp {
    NOW.after(Duration::from_secs(days * 24 * 3600))
}

fn sold_one() -> Listing {
    let ticket = Ticket::create(TicketId::new(Uuid::from_u128(9)), seller(), starting(in_days(9), "Scala"), NOW);
    Listing::new(ticket.unwrap().0).follow(Sales { held: 0, sold: 1, version: 2 }).unwrap()
}

#[test]
fn a_start_needs_the_time_zone_of_the_place() {
    let starts = OfferInput { starts_at: Some(NOW), ..OPERA };
    let fields = |input| Offer::parse(input).unwrap_err().0.iter().map(|wrong| wrong.field).collect::<Vec<_>>();

    assert_eq!(fields(OfferInput { quantity: 1, ..starts.clone() }), ["timeZone"]);
    assert_eq!(fields(OfferInput { time_zone: Some("Europe/Atlantis"), ..starts.clone() }), ["timeZone"]);
    let of_old = Offer {
        details: Details {
            event: EventFacts { title: "Opera".into(), starts_at: Some(NOW), ..EventFacts::default() }.into(),
            ..offer(1).details
        },
        ..offer(1)
    };
    assert_eq!(Offer::parse_over(starts, Some(&of_old)), Ok(of_old));
}

#[test]
fn sales_end_before_the_event_begins_and_not_in_the_past() {
    let ending = |end: Timestamp| OfferInput {
        starts_at: Some(in_days(9)),
        time_zone: Some("UTC"),
        sales_end_at: Some(end),
        ..OPERA
    };
    let create = |offer| Ticket::create(TicketId::new(Uuid::nil()), seller(), offer, NOW).map(|(ticket, _)| ticket);

    assert_eq!(Offer::parse(ending(in_days(10))).unwrap_err().0[0].field, "salesEndAt");
    assert_eq!(create(Offer::parse(ending(NOW)).unwrap()), Err(TicketRefusal::SalesEndInThePast));
    let listing = Listing::new(create(Offer::parse(ending(in_days(8))).unwrap()).unwrap());
    assert!(!listing.is_closed(in_days(7)));
    assert!(listing.is_closed(in_days(8)));
}

#[test]
fn nobody_sells_tickets_for_an_event_in_a_thousand_years() {
    let create = |days| Ticket::create(TicketId::new(Uuid::nil()), seller(), starting(in_days(days), "Scala"), NOW);

    assert!(create(3650).is_ok());
    assert_eq!(create(3651), Err(TicketRefusal::StartsTooLate { latest: in_days(3650) }));
}

#[test]
fn what_was_sold_stays_unless_it_is_rescheduled() {
    let moved = starting(in_days(10), "Arena");
    let to = Schedule { event: Arc::clone(&moved.details.event), sales_end_at: None };
    let dearer = Offer {
        price: Price::new(Money { amount: 9900, currency: "EUR".parse().unwrap() }).unwrap(),
        ..starting(in_days(9), "Scala")
    };

    assert_eq!(sold_one().update(seller(), moved, NOW), Err(TicketRefusal::FactsAreSold));
    assert!(sold_one().update(seller(), dearer, NOW).is_ok());
    let (rescheduled, event) = sold_one().reschedule(seller(), to.clone(), NOW).unwrap();
    assert_eq!(event, Event::TicketRescheduled(rescheduled.change()));
    assert!(rescheduled.is_scheduled_by(seller(), &to));
    let past = Schedule { event: starting(NOW, "Arena").details.event, sales_end_at: None };
    assert_eq!(sold_one().reschedule(seller(), past, NOW), Err(TicketRefusal::StartsInThePast));
}

#[test]
fn an_event_that_has_begun_is_not_rescheduled() {
    let to = Schedule { event: starting(in_days(10), "Arena").details.event, sales_end_at: None };

    assert_eq!(sold_one().reschedule(seller(), to, in_days(9)), Err(TicketRefusal::Begun));
}

#[test]
fn facts_that_an_earlier_release_did_not_know_are_not_known_by_being_sent_back() {
    let mut listing = sold_one();
    let known = FactsKnown::PlaceAndTime;
    let old = EventFacts { time_zone: None, known, ..(*listing.ticket.offer.details.event).clone() };
    listing.ticket.offer.details.event = old.clone().into();
    let same = OfferInput { starts_at: old.starts_at, venue: old.venue.as_deref(), ..OPERA };

    let kept = Offer::parse_over(same.clone(), Some(&listing.ticket.offer)).unwrap();
    assert_eq!(*kept.details.event, old);
    // To say more than was known changes nothing of what was sold.
    let zoned = OfferInput { time_zone: Some("UTC"), ..same };
    let zoned = Offer::parse_over(zoned, Some(&listing.ticket.offer)).unwrap();
    assert_eq!(zoned.details.event.known, FactsKnown::All);
    assert!(listing.update(seller(), zoned, NOW).is_ok());
}

#[test]
fn a_time_zone_that_only_another_release_knows_is_kept() {
    let mut old = starting(in_days(9), "Scala");
    let zone = Some(TimeZone::stored("Mars/Olympus_Mons"));
    old.details.event = EventFacts { time_zone: zone, ..(*old.details.event).clone() }.into();
    let same = OfferInput { starts_at: Some(in_days(9)), time_zone: Some("Mars/Olympus_Mons"), ..OPERA };

    assert!(Offer::parse_over(same.clone(), Some(&old)).is_ok());
    assert_eq!(Offer::parse(same).unwrap_err().0[0].field, "timeZone");
}

#[test]
fn an_event_that_was_called_off_stays_so() {
    let (withdrawn, _) = sold_one().withdraw(seller()).unwrap();
    let (off, event) = withdrawn.call_off(seller()).unwrap();

    assert_eq!(event, Event::TicketCalledOff(off.change()));
    assert_eq!((off.available(), off.is_called_off_by(seller())), (0, true));
    assert_eq!(off.clone().call_off(seller()), Err(TicketRefusal::CalledOff));
    assert_eq!(off.clone().withdraw(seller()), Err(TicketRefusal::CalledOff));
    assert_eq!(off.update(seller(), offer(6), NOW), Err(TicketRefusal::CalledOff));
    assert_eq!(sold_one().call_off(AccountId::new(Uuid::from_u128(2))), Err(TicketRefusal::NotSeller));
}
