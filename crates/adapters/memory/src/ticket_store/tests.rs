//! Searches find what matches, through whichever index.

use std::collections::BTreeMap;

use futures::FutureExt;
use serde_json::Value;
use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::ticket::{Offer, OfferInput, Ticket, TicketStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::store::Write;
use ticketing_core::ports::ticket_store::{Moment, TicketSort};
use uuid::Uuid;

use super::*;
use crate::clock::ManualClock;

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn listing(id: u128, amount: u64, input: OfferInput<'_>) -> Listing {
    let offer = Offer::parse(OfferInput { amount, currency: "EUR", quantity: 1, ..input }).expect("an offer");
    let (id, seller) = (TicketId::new(Uuid::from_u128(id)), AccountId::new(Uuid::from_u128(1)));
    let (status, created_at) = (TicketStatus::OnSale, NOW);
    Listing::new(Ticket { id, seller, seller_name: None, offer, status, created_at, version: 1 })
}

fn titled(id: u128, title: &str) -> Listing {
    listing(id, 100, OfferInput { title, ..OfferInput::default() })
}

fn store(listings: impl IntoIterator<Item = Listing>) -> MemoryTicketStore {
    let store = MemoryTicketStore::new(Arc::new(ManualClock::default()));
    let writes = listings.into_iter().map(Write::insert).collect();
    let commit = store.commit(UnitOfWork { writes, events: Vec::new() }).now_or_never();
    commit.expect("memory does not wait").expect("the store is empty");
    store
}

fn found(store: &MemoryTicketStore, query: &TicketQuery) -> Vec<u128> {
    let found = store.search(query).now_or_never().expect("memory does not wait").expect("nothing fails");
    found.iter().map(|listing| listing.ticket.id.uuid().as_u128()).collect()
}

fn text(text: &str) -> TicketQuery {
    TicketQuery { text: Some(text.to_owned()), ..TicketQuery::all(NOW, 10) }
}

#[test]
fn text_finds_the_beginnings_of_words_in_any_case_and_order() {
    let store =
        store([titled(1, "Opera Night"), titled(2, "Night of the OPERAS"), titled(3, "Soap opera"), titled(4, "Ope")]);

    assert_eq!(found(&store, &text("opera")), [3, 2, 1]);
    assert_eq!(found(&store, &text("NIGHT oper")), [2, 1]);
    assert_eq!(found(&store, &text("pera")), [0_u128; 0]);
    assert_eq!(found(&store, &TicketQuery { sort: TicketSort::Cheapest, ..text("o") }), [4, 3, 2, 1]);
}

#[test]
fn a_ticket_is_found_by_its_new_words_and_no_longer_by_its_old() {
    let store = store([titled(1, "Opera")]);
    let old = store.listings(&[TicketId::new(Uuid::from_u128(1))]).now_or_never().unwrap().unwrap().remove(0);
    let work = UnitOfWork::default().with(old.replace(titled(1, "Ballet")));
    store.commit(work).now_or_never().unwrap().unwrap();

    assert_eq!(found(&store, &text("ballet")), [1]);
    assert_eq!(found(&store, &text("opera")), [0_u128; 0]);
}

/// Many tickets, every filter and order, against a scan of them all.
#[test]
fn every_way_to_search_finds_what_a_scan_finds() {
    let listings: Vec<_> = (0..3000).map(mixed).collect();
    let store = store(listings.clone());
    for query in queries() {
        let mut expected: Vec<_> = listings.iter().filter(|listing| scanned(&query, listing)).collect();
        expected.sort_by_key(|listing| catalog::place(query.sort, listing));
        let expected: Vec<_> = expected.iter().map(|listing| listing.ticket.id.uuid().as_u128()).collect();

        assert_eq!(in_pages(&store, query.clone()), expected, "{query:?}");
    }
}

fn mixed(n: u64) -> Listing {
    let city = ["Graz", "Wien", "Linz"][usize::try_from(n % 3).expect("it is below 3")];
    let title =
        format!("{} {}", ["Opera", "Operette", "Rock"][usize::try_from(n % 7 % 3).expect("it is below 3")], n % 100);
    let starts_at = (!n.is_multiple_of(4))
        .then(|| Timestamp::from_millis(i64::try_from(n * 997 % 2_000_000).expect("it is small")));
    let input = OfferInput {
        title: &title,
        city: Some(city),
        category: n.is_multiple_of(2).then_some("Concert"),
        starts_at,
        time_zone: Some("UTC"),
        attributes: Some(BTreeMap::from([
            ("row".to_owned(), (n % 5).into()),
            ("vip".to_owned(), n.is_multiple_of(3).into()),
        ])),
        ..OfferInput::default()
    };
    listing(u128::from(n * 7919 % 3000 + 1), n * 31 % 500 + 1, input)
}

fn queries() -> Vec<TicketQuery> {
    let mut queries = Vec::new();
    for sort in [TicketSort::Newest, TicketSort::Soonest, TicketSort::Cheapest, TicketSort::Dearest] {
        let all = TicketQuery { sort, ..TicketQuery::all(NOW, 7) };
        let time = |millis| Some(Moment::At(Timestamp::from_millis(millis)));
        queries.extend([
            TicketQuery { text: Some("oper".to_owned()), ..all.clone() },
            TicketQuery { text: Some("1".to_owned()), ..all.clone() },
            TicketQuery { text: Some("42 o".to_owned()), city: Some("GRAZ".to_owned()), ..all.clone() },
            TicketQuery { category: Some("concert".to_owned()), city: Some("linz".to_owned()), ..all.clone() },
            TicketQuery { min_price: Some(100), max_price: Some(110), ..all.clone() },
            TicketQuery { max_price: Some(400), city: Some("wien".to_owned()), ..all.clone() },
            TicketQuery { from: time(1_500_000), to: time(1_600_000), ..all.clone() },
            TicketQuery { to: time(1_100_000), min_price: Some(250), ..all.clone() },
            TicketQuery { from: time(5), category: Some("Concert".to_owned()), ..all.clone() },
            TicketQuery { min_price: Some(200), max_price: Some(100), ..all.clone() },
            TicketQuery { attributes: attributes([("row", 3.into())]), ..all.clone() },
            TicketQuery { attributes: attributes([("row", 3.into()), ("vip", true.into())]), ..all.clone() },
            TicketQuery { attributes: attributes([("row", "3".into())]), ..all.clone() },
            all,
        ]);
    }
    queries
}

fn attributes<const N: usize>(given: [(&str, Value); N]) -> Attributes {
    Attributes::parse(given).expect("attributes")
}

fn scanned(query: &TicketQuery, listing: &Listing) -> bool {
    let Offer { details, price, .. } = &listing.ticket.offer;
    let text = format!(" {} {}", details.event.title, details.event.city.as_deref().unwrap_or_default()).to_lowercase();
    let is = |wanted: &Option<String>, name: &Option<Arc<str>>| {
        wanted.as_ref().is_none_or(|wanted| name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(wanted)))
    };
    let begins = |is: &dyn Fn(Timestamp) -> bool| details.event.starts_at.is_some_and(is);
    query.text.iter().flat_map(|words| words.split(' ')).all(|word| text.contains(&format!(" {word}")))
        && is(&query.city, &details.event.city)
        && is(&query.category, &details.category)
        && query.min_price.is_none_or(|least| price.money().amount >= least)
        && query.max_price.is_none_or(|most| price.money().amount <= most)
        && query.from.is_none_or(|from| begins(&|at| Moment::At(at) == from || !from.is_after_start(&details.event)))
        && query.to.is_none_or(|to| begins(&|_| to.is_after_start(&details.event)))
        && details.event.starts_at.is_none_or(|at| at >= query.now)
        && query.attributes.iter().all(|(key, value)| details.attributes.get(key) == Some(value))
}

fn in_pages(store: &MemoryTicketStore, mut query: TicketQuery) -> Vec<u128> {
    let mut all = Vec::new();
    loop {
        let page = store.search(&query).now_or_never().expect("memory does not wait").expect("nothing fails");
        let Some(last) = page.last() else { return all };
        query.page.after = Some(query.sort.cursor(last));
        all.extend(page.iter().map(|listing| listing.ticket.id.uuid().as_u128()));
    }
}
