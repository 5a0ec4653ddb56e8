//! What is told, to whom and how often.

use std::time::Duration;

use super::*;
use crate::domain::ids::TicketId;
use crate::domain::money::Currency;
use crate::domain::search::{Filters, Moment, Places, PriceRange, SearchChange};
use crate::domain::ticket::{Offer, OfferInput, Sales, Ticket};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const SELLER: AccountId = AccountId::from_u128(9);

const OPERA: OfferInput<'_> = OfferInput {
    title: "Così fan tutte",
    description: Some("Mozart at his best, 東京文化会館 as a guest"),
    venue: Some("Staatsoper"),
    city: Some("Zürich"),
    category: Some("Opera"),
    starts_at: None,
    time_zone: None,
    section: None,
    row: None,
    seats: None,
    together: true,
    sales_end_at: None,
    amount: 4500,
    currency: "EUR",
    quantity: 4,
    max_per_buyer: None,
    attributes: None,
};

fn ticket(input: OfferInput<'_>) -> Ticket {
    Ticket::create(TicketId::from_u128(1), SELLER, Offer::parse(input).unwrap(), NOW).unwrap().0
}

fn entry(input: OfferInput<'_>, sold: u32) -> SearchEntry {
    let mut entry = SearchEntry::new(TicketId::from_u128(1));
    entry.follow(&SearchChange::Facts(Box::new(ticket(input))));
    entry.sales = Sales { held: 0, sold, version: 1 };
    entry
}

fn question(text: &str, filters: Filters) -> KeptQuestion {
    KeptQuestion::parse(text, filters, NOW).unwrap()
}

fn about(text: &str) -> KeptQuestion {
    question(text, Filters::default())
}

fn alert(number: u128, question: KeptQuestion) -> Alert {
    Alert { id: AlertId::from_u128(number), question, key: AlertKey::drawn([7; 32]), created_at: NOW }
}

fn alerts(questions: impl IntoIterator<Item = KeptQuestion>) -> Alerts {
    let alerts = (1..).zip(questions).map(|(number, question)| alert(number, question));
    alerts.fold(Alerts::none(AccountId::from_u128(1)), |all, alert| all.keep(alert, NOW).unwrap())
}

fn begun(question: KeptQuestion, before: Option<&SearchEntry>, after: &SearchEntry) -> bool {
    TicketNews::of(before, after).is_some_and(|news| alerts([question]).begun(&news, NOW).is_some())
}

#[test]
fn a_ticket_begins_to_answer_when_it_comes_and_when_it_has_places_again() {
    let (new, sold_out) = (entry(OPERA, 0), entry(OPERA, 4));

    assert!(begun(about("mozart"), None, &new));
    assert!(begun(about("mozart"), Some(&sold_out), &entry(OPERA, 3)));
    assert!(!begun(about("mozart"), Some(&new), &entry(OPERA, 3)), "it did before");
    assert!(!begun(about("mozart"), Some(&new), &sold_out));
    assert!(!begun(about("mozart"), None, &sold_out));
    assert!(!begun(about("wagner"), None, &new));
}

#[test]
fn a_ticket_begins_to_answer_when_its_price_or_its_places_come_to_fit() {
    let price = |most| Some(PriceRange { currency: "EUR".parse::<Currency>().unwrap(), least: None, most: Some(most) });
    let cheap = || question("opera", Filters { price: price(3000), ..Filters::default() });
    let two = || question("opera", Filters { places: Places::Together(2), ..Filters::default() });
    let dear = entry(OPERA, 0);

    assert!(!begun(cheap(), None, &dear));
    assert!(begun(cheap(), Some(&dear), &entry(OfferInput { amount: 2900, ..OPERA }, 0)));
    assert!(!begun(two(), None, &entry(OPERA, 3)));
    assert!(begun(two(), Some(&entry(OPERA, 3)), &entry(OPERA, 2)));
}

#[test]
fn words_of_an_alert_are_whole_words() {
    let new = entry(OPERA, 0);

    assert!(begun(about("cosi FAN"), None, &new));
    assert!(!begun(about("cosi fa"), None, &new), "nobody is still typing");
    assert!(!begun(about("mosart"), None, &new), "no error is corrected");
}

#[test]
fn a_seller_is_not_told_of_their_own_ticket() {
    let new = entry(OPERA, 0);
    let news = TicketNews::of(None, &new).unwrap();
    let own = Alerts { account: SELLER, ..alerts([about("mozart")]) };

    assert_eq!(own.begun(&news, NOW), None);
}

#[test]
fn whatever_answers_a_question_has_one_of_its_handles() {
    let named = |category: Option<&str>, city: Option<&str>| Filters {
        category: category.map(str::to_owned),
        city: city.map(str::to_owned),
        ..Filters::default()
    };
    let new = entry(OPERA, 0);
    let event = crate::domain::search::event_to_find(&new.facts.as_ref().unwrap().offer.details.event);
    assert_eq!(event, None, "it has no time");
    let handles = TicketNews::of(None, &new).unwrap().handles();
    for text in ["", "mozart", "così fan tutte", "Staats oper", "東京", "zuerich", "his best mozart"] {
        for filters in [named(None, None), named(None, Some("ZÜRICH")), named(Some("opera"), Some("Zürich"))] {
            let Ok(question) = KeptQuestion::parse(text, filters.clone(), NOW) else { continue };
            assert!(question.is_answered_by(&new, NOW), "{question:?}");
            assert!(!handles.is_disjoint(&question.handles()), "{question:?}");
        }
    }
    for question in [about("wagner"), question("mozart", named(None, Some("Wien")))] {
        assert!(handles.is_disjoint(&question.handles()), "{question:?}");
    }
}

#[test]
fn a_question_that_names_nothing_is_refused_and_so_is_one_that_is_over() {
    let at = |time: &str| Some(Moment::AtPlace(time.parse().unwrap()));
    let refused = |text: &str, filters| KeptQuestion::parse(text, filters, NOW).unwrap_err().0.remove(0).field;
    let price = Some(PriceRange { currency: "EUR".parse().unwrap(), least: None, most: Some(1) });

    assert_eq!(refused("", Filters::default()), "q");
    assert_eq!(refused(" ", Filters { price, ..Filters::default() }), "q");
    assert_eq!(refused("opera", Filters { to: at("2000-01-01T00:00"), ..Filters::default() }), "to");
    assert_eq!(refused("a\nb", Filters::default()), "q");
    assert_eq!(refused(&"a ".repeat(101), Filters::default()), "q");
    assert_eq!(refused("", Filters { city: Some("x".repeat(121)), ..Filters::default() }), "city");
    assert_eq!(refused("", Filters { event: Some("tosca".to_owned()), ..Filters::default() }), "event");
}

#[test]
fn an_account_has_a_bounded_number_of_alerts_and_each_question_once() {
    let full = alerts((0..Alerts::MOST).map(|number| about(&format!("opera{number}"))));
    assert_eq!(full.clone().keep(alert(99, about("tosca")), NOW), Err(AlertRefusal::TooMany));
    assert_eq!(full.clone().keep(alert(99, about("opera3")), NOW), Ok(full.clone()), "it is kept");

    let left = full.without(AlertId::from_u128(4)).unwrap();
    assert_eq!(left.clone().without(AlertId::from_u128(4)), None);
    assert!(left.keep(alert(99, about("tosca")), NOW).is_ok());
}

#[test]
fn what_is_over_is_forgotten_when_another_is_kept() {
    let to = Some(Moment::At(NOW.after(Duration::from_secs(60))));
    let soon = alerts([question("opera", Filters { to, ..Filters::default() })]);
    let later = NOW.after(Duration::from_secs(60));

    assert_eq!(soon.alive(later).count(), 0);
    let kept = soon.keep(alert(2, about("tosca")), later).unwrap();
    assert_eq!(kept.alerts, [alert(2, about("tosca"))]);
}

#[test]
fn nothing_is_kept_for_an_account_that_is_gone() {
    let gone = alerts([about("opera")]).closed();

    assert_eq!((gone.alerts.len(), gone.filed().len()), (0, 0));
    assert_eq!(gone.keep(alert(1, about("opera")), NOW), Err(AlertRefusal::Closed));
}

#[test]
fn a_person_is_told_five_times_a_day_and_hears_how_many_were_left_out() {
    let tell = |alerts: Alerts, times: usize, now| {
        (0..times).fold((alerts, Vec::new()), |(alerts, mut told), _| {
            let (alerts, telling) = alerts.tell(now);
            told.push(telling);
            (alerts, told)
        })
    };
    let letter = |left_out| Telling::Letter { left_out };
    let (today, told) = tell(alerts([]), 7, NOW);
    assert_eq!(told, [[letter(0); 5].as_slice(), &[Telling::LeftOut; 2]].concat());

    let tomorrow = NOW.after(Duration::from_hours(24));
    let (next, told) = tell(today.clone(), 2, tomorrow);
    assert_eq!(told, [letter(2), letter(0)]);
    let (_, told) = tell(next, 1, NOW);
    assert_eq!(told, [letter(0)], "a clock that is set back begins no day");
    let (_, told) = tell(today, 1, NOW.before(Duration::from_hours(24)));
    assert_eq!(told, [Telling::LeftOut]);
}

#[test]
fn a_link_is_read_as_it_was_written() {
    let key = AlertKey::drawn([255; 32]);
    let link = AlertLink { account: SELLER, alert: AlertId::from_u128(u128::MAX), key };

    assert_eq!(link.expose().parse(), Ok(link));
    assert!(key.is(link.key) && !key.is(AlertKey::drawn([254; 32])));
    for wrong in ["", "a.b.c", &format!("{}.", link.expose()), &link.expose()[1..]] {
        assert_eq!(wrong.parse::<AlertLink>(), Err(InvalidId));
    }
    assert_eq!(format!("{key:?}"), "AlertKey(…)");
}
