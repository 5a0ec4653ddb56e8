//! How tickets are searched.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::event_facts::EventFacts;
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::money::{Currency, Money, Price};
use ticketing_core::domain::search::event_to_find;
use ticketing_core::domain::ticket::{Details, Listing, Offer, OfferInput, Sales, Ticket, TicketStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::domain::time_zone::LocalTime;
use ticketing_core::ports::store::Page;
use ticketing_core::ports::ticket_store::{Moment, TicketQuery, TicketSort};

use crate::outcome::Outcome;
use crate::sample::{self, NOW};
use crate::time::soon;

use super::bench::Bench;
use super::tickets::inserting;
use super::{StoreFixture, Tickets};

fn at(hours: u64) -> Timestamp {
    NOW.after(Duration::from_secs(hours * 3600))
}

fn listing(input: OfferInput<'_>, cents: u64) -> Listing {
    let offer = Offer::parse(OfferInput { amount: cents, currency: "EUR", quantity: 1, ..input });
    Listing::new(Ticket { offer: offer.expect("an offer within its bounds"), ..sample::ticket() })
}

/// In the order in which they were put on sale.
fn market() -> Vec<Listing> {
    let aida = OfferInput {
        title: "Aida in concert",
        description: Some("Row 5, seats together"),
        venue: Some("Arena"),
        city: Some("Verona"),
        category: Some("Opera"),
        starts_at: Some(at(10)),
        time_zone: Some("Europe/Rome"),
        attributes: Some(attributes(json!({ "row": "F", "level": 2, "vip": true, "near": ["F"] }))),
        ..OfferInput::default()
    };
    let flute = OfferInput {
        title: "Die Zauberflöte",
        venue: Some("Gärtnerplatz"),
        city: Some("München"),
        category: Some("opera"),
        starts_at: Some(at(20)),
        time_zone: Some("Europe/Berlin"),
        section: Some("Parkett"),
        seats: Some("K12-K14"),
        attributes: Some(attributes(json!({ "row": "f", "level": "2", "near": "F" }))),
        ..OfferInput::default()
    };
    let derby = OfferInput { title: "Derby", category: Some("Sports"), city: Some("Verona"), ..aida.clone() };
    let voucher = OfferInput { title: "Voucher for a concert", ..OfferInput::default() };
    let in_utc = OfferInput { time_zone: Some("UTC"), ..OfferInput::default() };
    let begins_now = OfferInput { title: "Begins now", starts_at: Some(NOW), ..in_utc.clone() };
    let over = OfferInput { title: "Over", starts_at: Some(before(NOW)), ..in_utc.clone() };
    let closed = OfferInput { title: "Closed", starts_at: Some(at(10)), sales_end_at: Some(before(NOW)), ..in_utc };
    let gone = listing(OfferInput { title: "Gone", ..aida.clone() }, 3000);
    let hanami = listing(OfferInput { title: "Hanami", ..OfferInput::default() }, 3000);
    let sold_out = Sales { held: 0, sold: 1, version: 2 };
    vec![
        in_yen(hanami),
        Listing { sales: sold_out, ..listing(aida, 5000) },
        listing(flute, 7000),
        listing(derby, 3000),
        listing(voucher, 5000),
        listing(begins_now, 100),
        listing(over, 100),
        listing(closed, 100),
        Listing::new(Ticket { status: TicketStatus::Withdrawn, version: 2, ..gone.ticket }),
    ]
}

fn attributes(given: Value) -> BTreeMap<String, Value> {
    serde_json::from_value(given).expect("attributes are an object")
}

fn in_yen(listing: Listing) -> Listing {
    let price = Money { currency: currency("JPY"), ..listing.ticket.offer.price.money() };
    let offer = Offer { price: Price::new(price).expect("a price"), ..listing.ticket.offer };
    Listing { ticket: Ticket { offer, ..listing.ticket }, ..listing }
}

fn currency(code: &str) -> Currency {
    code.parse().expect("a currency")
}

fn before(time: Timestamp) -> Timestamp {
    time.before(Duration::from_millis(1))
}

/// Each query, and the titles that it finds, newest first.
fn questions() -> Vec<(&'static str, TicketQuery, &'static [&'static str])> {
    let all = TicketQuery::all(NOW, 100);
    let text = |text: &str| TicketQuery { text: Some(text.to_owned()), ..all.clone() };
    let category = |name: &str| TicketQuery { category: Some(name.to_owned()), ..all.clone() };
    let city = |name: &str| TicketQuery { city: Some(name.to_owned()), ..all.clone() };
    let in_currency = |code| TicketQuery { currency: Some(currency(code)), ..all.clone() };
    let price = |min_price, max_price| TicketQuery { min_price, max_price, ..in_currency("EUR") };
    vec![
        (
            "all",
            all.clone(),
            &["Begins now", "Voucher for a concert", "Derby", "Die Zauberflöte", "Aida in concert", "Hanami"],
        ),
        ("at most two", TicketQuery { page: Page::first(2), ..all.clone() }, &["Begins now", "Voucher for a concert"]),
        ("a word of the title", text("concert"), &["Voucher for a concert", "Aida in concert"]),
        ("the beginning of a word", text("zau"), &["Die Zauberflöte"]),
        ("not the middle of one", text("flöte"), &[]),
        ("in upper case", text("DERBY"), &["Derby"]),
        ("beyond ASCII", text("GÄRTNER"), &["Die Zauberflöte"]),
        ("a city as text", text("münchen"), &["Die Zauberflöte"]),
        ("a word of the description", text("seats"), &["Derby", "Aida in concert"]),
        ("words in any order", text("conc aida"), &["Aida in concert"]),
        ("words in different fields", text("arena  aida"), &["Aida in concert"]),
        ("all words must match", text("aida münchen"), &[]),
        ("no pattern", text("zauber.l"), &[]),
        ("a word that another one begins with", text("aida aid a concert con"), &["Aida in concert"]),
        ("many words", text("aida concert row seats together arena verona in 5"), &["Aida in concert"]),
        ("many words, of which one is missing", text("aida concert row seats together arena verona x"), &[]),
        ("a word and symbols", text("*derby!"), &["Derby"]),
        ("symbols alone", text("*"), &[]),
        ("more symbols", text("🎭 !? --"), &[]),
        ("a currency", in_currency("JPY"), &["Hanami"]),
        ("a currency that nothing has", in_currency("CHF"), &[]),
        ("a price in a currency", TicketQuery { max_price: Some(3000), ..in_currency("JPY") }, &["Hanami"]),
        ("a category in any case", category("OPERA"), &["Die Zauberflöte", "Aida in concert"]),
        ("the whole category", category("Oper"), &[]),
        ("a city in any case", city("verona"), &["Derby", "Aida in concert"]),
        ("a city beyond ASCII", city("MÜNCHEN"), &["Die Zauberflöte"]),
        ("the whole city", city("Vero"), &[]),
        ("prices, inclusive", price(Some(3000), Some(5000)), &["Voucher for a concert", "Derby", "Aida in concert"]),
        ("a lowest price", price(Some(5001), None), &["Die Zauberflöte"]),
        ("a highest price", price(None, Some(100)), &["Begins now"]),
        ("a seat as text", text("k12"), &["Die Zauberflöte"]),
        ("several filters", TicketQuery { max_price: Some(4000), ..city("Verona") }, &["Derby"]),
    ]
}

/// Searches by time, as [`questions`] are.
fn questions_about_times() -> Vec<(&'static str, TicketQuery, &'static [&'static str])> {
    let all = TicketQuery::all(NOW, 100);
    let moment = |time: Timestamp| Moment::At(time);
    let time = |from: Option<Timestamp>, to: Option<Timestamp>| TicketQuery {
        from: from.map(moment),
        to: to.map(moment),
        ..all.clone()
    };
    vec![
        ("from a time, inclusive", time(Some(at(20)), None), &["Die Zauberflöte"]),
        ("to a time, exclusive", time(None, Some(at(20))), &["Begins now", "Derby", "Aida in concert"]),
        ("between times", time(Some(at(10)), Some(at(11))), &["Derby", "Aida in concert"]),
        ("later", TicketQuery { now: at(11), ..all.clone() }, &["Voucher for a concert", "Die Zauberflöte", "Hanami"]),
    ]
}

/// Searches by event, as [`questions`] are.
fn questions_about_events() -> Vec<(&'static str, TicketQuery, &'static [&'static str])> {
    let all = TicketQuery::all(NOW, 100);
    let of_event = |title: &str, city: &str, hours| {
        let (title, venue, city) = (title.into(), Some("Arena".into()), Some(city.into()));
        let event = EventFacts { title, venue, city, starts_at: Some(at(hours)), ..EventFacts::default() };
        TicketQuery { event: event_to_find(&event), ..all.clone() }
    };
    vec![
        ("an event, no matter who offers it", of_event("AIDA  in Concert", "verona", 10), &["Aida in concert"]),
        ("an event at another time", of_event("Aida in concert", "Verona", 11), &[]),
        (
            "an event in another currency",
            TicketQuery { currency: Some(currency("JPY")), ..of_event("Derby", "Verona", 10) },
            &[],
        ),
    ]
}

/// Searches by attributes, as [`questions`] are.
fn questions_about_attributes() -> Vec<(&'static str, TicketQuery, &'static [&'static str])> {
    let having = |given: Value| TicketQuery {
        attributes: Attributes::parse(attributes(given)).expect("attributes within their bounds"),
        ..TicketQuery::all(NOW, 100)
    };
    vec![
        ("an attribute", having(json!({ "row": "F" })), &["Derby", "Aida in concert"]),
        ("an attribute in its own case", having(json!({ "row": "f" })), &["Die Zauberflöte"]),
        ("a number as an attribute", having(json!({ "level": 2.0 })), &["Derby", "Aida in concert"]),
        ("a text that looks like a number", having(json!({ "level": "2" })), &["Die Zauberflöte"]),
        ("a boolean as an attribute", having(json!({ "vip": true })), &["Derby", "Aida in concert"]),
        ("no part of a list", having(json!({ "near": "F" })), &["Die Zauberflöte"]),
        ("an attribute of another name", having(json!({ "Row": "F" })), &[]),
        ("all attributes must match", having(json!({ "row": "F", "level": "2" })), &[]),
        ("several attributes", having(json!({ "row": "F", "level": 2 })), &["Derby", "Aida in concert"]),
        (
            "an attribute and a city",
            TicketQuery { city: Some("München".to_owned()), ..having(json!({ "row": "F" })) },
            &[],
        ),
    ]
}

/// Every filter narrows a search, and only tickets on sale are found, also those that are sold out.
pub async fn a_search_finds_what_matches_and_no_more(fixture: &dyn StoreFixture<Tickets>) -> Outcome {
    let bench = Bench::new(fixture);
    assert_eq!(search(&bench, &TicketQuery::all(NOW, 10)).await, [], "an empty store finds nothing");
    let market = market();
    bench.commit(inserting(&market)).await;

    for (what, query, expected) in questions()
        .into_iter()
        .chain(questions_about_times())
        .chain(questions_about_attributes())
        .chain(questions_about_events())
    {
        let found = search(&bench, &query).await;
        let titles: Vec<_> = found.iter().map(|listing| &*listing.ticket.offer.details.event.title).collect();
        assert_eq!(titles, expected, "{what}: {query:?}");
        assert!(found.iter().all(|listing| market.contains(listing)), "{what}: a listing is not found as it is stored");
    }
    Outcome::Kept
}

/// A day is the one at the place of the event, on either side of the date line; a time is the same everywhere.
pub async fn a_day_is_that_of_the_place(fixture: &dyn StoreFixture<Tickets>) -> Outcome {
    let bench = Bench::new(fixture);
    let noon = time_of("2030-06-15T12:00:00Z");
    let in_zone = |title, time_zone| {
        listing(OfferInput { title, starts_at: Some(noon), time_zone, ..OfferInput::default() }, 100)
    };
    let unzoned = |listing: Listing| {
        let event = EventFacts { time_zone: None, ..(*listing.ticket.offer.details.event).clone() }.into();
        let details = Details { event, ..listing.ticket.offer.details };
        Listing::new(Ticket { offer: Offer { details, ..listing.ticket.offer }, ..listing.ticket })
    };
    let market = [
        in_zone("Kiritimati", Some("Pacific/Kiritimati")),
        in_zone("Pago Pago", Some("Pacific/Pago_Pago")),
        // As releases without zones kept it.
        unzoned(in_zone("Somewhere", Some("UTC"))),
        listing(OfferInput { title: "Voucher", ..OfferInput::default() }, 100),
    ];
    bench.commit(inserting(&market)).await;
    let local = |text: &str| text.parse::<LocalTime>().expect("a local time");
    let days = |from: &str, to: &str| TicketQuery {
        from: Some(Moment::AtPlace(local(from))),
        to: Some(Moment::AtPlace(local(to))),
        ..TicketQuery::all(NOW, 10)
    };
    for (query, expected) in [
        (days("2030-06-15T00:00", "2030-06-16T00:00"), &["Somewhere", "Pago Pago"][..]),
        (days("2030-06-16T00:00", "2030-06-17T00:00"), &["Kiritimati"]),
        (days("2030-06-16T02:00", "2030-06-16T02:01"), &["Kiritimati"]),
        (days("2030-06-14T00:00", "2030-06-15T01:00"), &[]),
        (
            TicketQuery { from: Some(Moment::At(noon)), ..TicketQuery::all(NOW, 10) },
            &["Somewhere", "Pago Pago", "Kiritimati"],
        ),
    ] {
        let found = search(&bench, &query).await;
        let titles: Vec<_> = found.iter().map(|listing| &*listing.ticket.offer.details.event.title).collect();
        assert_eq!(titles, expected, "{query:?}");
    }
    Outcome::Kept
}

fn time_of(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// Words, cities and categories are found in any case and composition, whichever of them they are stored in.
pub async fn whatever_is_spelled_in_two_ways_is_found(fixture: &dyn StoreFixture<Tickets>) -> Outcome {
    const SPELLINGS: [&str; 4] = ["Zürich", "ZÜRICH", "Zu\u{308}rich", "ZU\u{308}RICH"];
    const GREEK: [&str; 3] = ["Άσσος", "ΆΣΣΟΣ", "Α\u{301}ΣΣΟΣ"];
    let bench = Bench::new(fixture);
    // As an earlier release may have kept them, which composed nothing.
    let stored = SPELLINGS.iter().chain(&GREEK).map(|name| {
        let plain = listing(OfferInput { title: "Opera", ..OfferInput::default() }, 100);
        let name = || Some((*name).into());
        let event = EventFacts { title: "Opera".into(), city: name(), ..EventFacts::default() }.into();
        let details = Details { event, description: name(), category: name(), ..plain.ticket.offer.details };
        Listing::new(Ticket { offer: Offer { details, ..plain.ticket.offer }, ..plain.ticket })
    });
    bench.commit(inserting(&stored.collect::<Vec<_>>())).await;

    for (name, count) in SPELLINGS.iter().map(|name| (name, 4)).chain(GREEK.iter().map(|name| (name, 3))) {
        let (all, name) = (TicketQuery::all(NOW, 100), || Some((*name).to_owned()));
        for query in [
            TicketQuery { city: name(), ..all.clone() },
            TicketQuery { category: name(), ..all.clone() },
            TicketQuery { text: name(), ..all },
        ] {
            assert_eq!(search(&bench, &query).await.len(), count, "{query:?}");
        }
    }
    Outcome::Kept
}

/// Pages in any order join without a gap or a repetition.
pub async fn search_pages_join_without_gaps(fixture: &dyn StoreFixture<Tickets>) -> Outcome {
    let bench = Bench::new(fixture);
    let listings: Vec<Listing> = (0..57).map(alike).collect();
    bench.commit(inserting(&listings)).await;

    for sort in [TicketSort::Newest, TicketSort::Soonest, TicketSort::Cheapest, TicketSort::Dearest] {
        let mut expected: Vec<_> = listings.iter().map(|listing| sort.cursor(listing)).collect();
        expected.sort_by(|a, b| a.rank.cmp(&b.rank).then(b.id.cmp(&a.id)));
        for size in [1, 7, 57, 100] {
            let by_price = matches!(sort, TicketSort::Cheapest | TicketSort::Dearest);
            let currency = by_price.then(|| currency("EUR"));
            let mut query = TicketQuery { sort, currency, ..TicketQuery::all(NOW, size) };
            let mut read = Vec::new();
            loop {
                let page = search(&bench, &query).await;
                assert!(page.len() <= size, "a page of {size} has {} entries", page.len());
                let Some(last) = page.last() else { break };
                query.page.after = Some(sort.cursor(last));
                read.extend(page.iter().map(|listing| sort.cursor(listing)));
                assert!(read.len() <= expected.len(), "pages of {size}, {sort:?}, repeat an entry");
            }
            assert_eq!(read, expected, "pages of {size}, {sort:?}, do not join");
        }
    }
    Outcome::Kept
}

/// Many have the same price and time, and some have no time, so that pages end between equals.
fn alike(n: u64) -> Listing {
    let starts_at = (!n.is_multiple_of(5)).then(|| at(1 + n % 3));
    let details = OfferInput { title: "Opera", starts_at, time_zone: Some("UTC"), ..OfferInput::default() };
    let listing = listing(details, 1000 + n % 4);
    let id = TicketId::new(sample::uuid());
    Listing { ticket: Ticket { id, ..listing.ticket }, ..listing }
}

async fn search(bench: &Bench<Tickets>, query: &TicketQuery) -> Vec<Listing> {
    soon("a search is answered", bench.store.search(query)).await.expect("a search succeeds")
}
