//! What questions are narrowed by.

use std::collections::BTreeMap;

use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::search::{
    Choice, Days, Filters, Moment, Places, PriceRange, Question, SearchChange, SearchSort, event_to_find,
};
use ticketing_core::domain::ticket::{OfferInput, Sales, Ticket};
use ticketing_core::domain::time::Timestamp;

use super::{SearchIndexFixture, apply, apply_all, asked, facts, filtered, found, ids, in_days, question, ticket};
use crate::outcome::Outcome;
use crate::sample::NOW;

fn opera() -> Ticket {
    ticket(OfferInput {
        title: "Opera night",
        category: Some("Opera"),
        city: Some("Zürich"),
        starts_at: Some(in_days(10)),
        time_zone: Some("Europe/Zurich"),
        amount: 4500,
        currency: "CHF",
        quantity: 4,
        together: true,
        attributes: Some(BTreeMap::from([("country".to_owned(), "CH".into()), ("row".to_owned(), 7.into())])),
        ..OfferInput::default()
    })
}

fn circus() -> Ticket {
    ticket(OfferInput {
        title: "Circus night",
        category: Some("Family"),
        city: Some("Wien"),
        starts_at: Some(in_days(20)),
        time_zone: Some("Europe/Vienna"),
        amount: 1200,
        quantity: 9,
        attributes: Some(BTreeMap::from([("country".to_owned(), "AT".into()), ("row".to_owned(), "7".into())])),
        ..OfferInput::default()
    })
}

/// Every filter leaves what it describes, and no more.
pub async fn every_filter_narrows_a_question(fixture: &dyn SearchIndexFixture) -> Outcome {
    let (opera, circus, voucher) = (opera(), circus(), super::titled("Night of vouchers"));
    apply_all(fixture, &[&opera, &circus, &voucher]).await;
    for (filters, left) in filters(&opera) {
        let expected: &[TicketId] = if left { &[opera.id] } else { &[] };
        assert_eq!(found(fixture, &filtered(filters.clone())).await, expected, "of {filters:?}");
        let with_text = asked("night", filters.clone(), SearchSort::BestMatch);
        assert_eq!(found(fixture, &with_text).await, expected, "of `night` and {filters:?}");
    }
    assert_eq!(found(fixture, &Question::all(NOW)).await, ids(&[&voucher, &circus, &opera]), "without any filter");
    Outcome::Kept
}

/// Filters, and whether they leave the opera; none leaves the others.
fn filters(opera: &Ticket) -> Vec<(Filters, bool)> {
    let text = |text: &str| Some(text.to_owned());
    let price = |code: &str, least, most| {
        let currency = code.parse().expect("a currency");
        Filters { price: Some(PriceRange { currency, least, most }), ..Filters::default() }
    };
    let time = |from: Option<Timestamp>, to: Option<Timestamp>| Filters {
        from: from.map(Moment::At),
        to: to.map(Moment::At),
        ..Filters::default()
    };
    let attributes = |key: &str, value: serde_json::Value| Filters {
        attributes: Attributes::parse([(key, value)]).expect("an attribute"),
        ..Filters::default()
    };
    let digest = event_to_find(&opera.offer.details.event);
    vec![
        (Filters { category: text("OPERA"), ..Filters::default() }, true),
        (Filters { category: text("oper"), ..Filters::default() }, false),
        (Filters { city: text("ZU\u{308}RICH"), ..Filters::default() }, true),
        (Filters { city: text("Bern"), ..Filters::default() }, false),
        (Filters { country: text("ch"), ..Filters::default() }, true),
        (Filters { event: digest, ..Filters::default() }, true),
        (Filters { event: text("none"), ..Filters::default() }, false),
        (price("CHF", None, None), true),
        (price("CHF", Some(4500), Some(4500)), true),
        (price("CHF", Some(4501), None), false),
        (price("CHF", None, Some(4499)), false),
        (price("USD", None, None), false),
        (time(None, Some(in_days(11))), true),
        (time(Some(in_days(10)), Some(in_days(20))), true),
        (time(None, Some(in_days(10))), false),
        (Filters { places: Places::Together(4), ..Filters::default() }, true),
        (Filters { places: Places::Together(5), ..Filters::default() }, false),
        (attributes("row", 7.into()), true),
        (attributes("row", 8.into()), false),
    ]
}

/// A day, and a weekend, is that of the place; what has no time is on no day.
pub async fn days_are_those_of_the_place(fixture: &dyn SearchIndexFixture) -> Outcome {
    let at = |title: &'static str, starts: &str, zone: &'static str| {
        let starts_at = Some(starts.parse().expect("a time"));
        ticket(OfferInput { title, starts_at, time_zone: Some(zone), ..OfferInput::default() })
    };
    // Both are at three in the morning of a Saturday in Greenwich: there, and still Friday evening in New York.
    let greenwich = at("Greenwich", "2027-06-05T03:00:00Z", "Europe/London");
    let new_york = at("New York", "2027-06-05T03:00:00Z", "America/New_York");
    apply_all(fixture, &[&greenwich, &new_york, &super::titled("Any time")]).await;
    let day = |from: &str, to: &str| {
        let [from, to] = [from, to].map(|time| Some(Moment::AtPlace(time.parse().expect("a time"))));
        filtered(Filters { from, to, ..Filters::default() })
    };

    let friday = day("2027-06-04T00:00", "2027-06-05T00:00");
    assert_eq!(found(fixture, &friday).await, ids(&[&new_york]), "on Friday");
    let saturday = day("2027-06-05T00:00", "2027-06-06T00:00");
    assert_eq!(found(fixture, &saturday).await, ids(&[&greenwich]), "on Saturday");
    let weekends = filtered(Filters { days: Days::Weekends, ..Filters::default() });
    assert_eq!(found(fixture, &weekends).await, ids(&[&greenwich]), "on a weekend");
    let later =
        Question::parse("", Filters::default(), SearchSort::Newest, "2027-06-05T04:00:00Z".parse().expect("a time"));
    assert_eq!(found(fixture, &later.expect("a question")).await.len(), 1, "after both have begun");
    Outcome::Kept
}

/// Each choice has as many hits as the question would have with it in place of its own facet's filter.
pub async fn facets_count_the_hits(fixture: &dyn SearchIndexFixture) -> Outcome {
    let (opera, circus) = (opera(), circus());
    let shout = ticket(OfferInput { title: "Night", city: Some("WIEN"), ..OfferInput::default() });
    let again = ticket(OfferInput { title: "Night", city: Some("Wien"), ..OfferInput::default() });
    apply_all(fixture, &[&opera, &circus, &shout, &again]).await;
    let sold = SearchChange::Sales { ticket: again.id, sales: Sales { held: 0, sold: 1, version: 1 } };
    apply(fixture, vec![sold, facts(&again)]).await;

    let of = |filters| asked("night", filters, SearchSort::BestMatch);
    let all = facets(fixture, &of(Filters::default())).await;
    assert_eq!(
        all,
        [
            &[("Family", 1), ("Opera", 1)][..],
            &[("Wien", 3), ("Zürich", 1)],
            &[("AT", 1), ("CH", 1)],
            &[("EUR", 3), ("CHF", 1)]
        ]
        .map(choices)
    );

    let wien = facets(fixture, &of(Filters { city: Some("wien".to_owned()), ..Filters::default() })).await;
    assert_eq!(wien, [&[("Family", 1)][..], &[("Wien", 3), ("Zürich", 1)], &[("AT", 1)], &[("EUR", 3)]].map(choices));

    let left = facets(fixture, &of(Filters { places: Places::Left(1), ..Filters::default() })).await;
    assert_eq!(left.get(1), Some(&choices(&[("Wien", 2), ("Zürich", 1)])), "cities of what is left");
    let price = PriceRange { currency: "EUR".parse().expect("a currency"), least: Some(1100), most: None };
    let dear = facets(fixture, &of(Filters { price: Some(price), ..Filters::default() })).await;
    assert_eq!(dear, [&[("Family", 1)][..], &[("Wien", 1)], &[("AT", 1)], &[("EUR", 3), ("CHF", 1)]].map(choices));
    assert_eq!(facets(fixture, &question("nothing at all")).await, [&[][..]; 4].map(choices));
    Outcome::Kept
}

fn choices(counts: &[(&str, u64)]) -> Vec<Choice> {
    counts.iter().map(|(value, count)| Choice { value: (*value).to_owned(), count: *count }).collect()
}

async fn facets(fixture: &dyn SearchIndexFixture, question: &Question) -> [Vec<Choice>; 4] {
    let facets = fixture.index().facets(question).await.expect("the index answers");
    // Of equal spellings the index may show either.
    let mut cities = facets.cities;
    cities.iter_mut().filter(|city| city.value == "WIEN").for_each(|city| "Wien".clone_into(&mut city.value));
    [facets.categories, cities, facets.countries, facets.currencies]
}
