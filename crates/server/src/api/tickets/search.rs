//! What a visitor looks for, out of a query string.

use std::collections::BTreeMap;

use serde_json::Value;
use ticketing_api::tickets::{TicketSearch, TypedText};
use ticketing_core::domain::alert::KeptQuestion;
use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::event_facts::EventFacts;
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::invalid::{Invalid, WrongFields};
use ticketing_core::domain::money::Currency;
use ticketing_core::domain::search::{
    Days, Filters, Moment, Places, PriceRange, Question, SearchCursor, SearchPage, SearchSort,
};
use ticketing_core::domain::ticket::Details;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::domain::time_zone::LocalTime;

use crate::api::list::{ListId, given, limit};
use crate::http::problem::{FieldError, Problem};

/// The longest name of a country, in characters.
const LONGEST_COUNTRY: usize = 80;

/// What is asked for: one page of the answers to a question.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) question: Question,
    pub(super) page: SearchPage,
    /// Whether the choices are wanted too.
    pub(super) facets: bool,
}

/// Which list this is a page of.
pub(super) fn list(search: &TicketSearch) -> ListId {
    let filters = [&search.q, &search.category, &search.city, &search.from, &search.to, &search.currency];
    let others = [&search.min_price, &search.max_price, &search.sort, &search.attributes];
    let parts = filters.into_iter().chain(others).map(|filter| given(filter.as_deref()).map(str::to_owned));
    // Named, and only where they are given: a cursor that knows none of them stays one.
    let newer = [
        ("country", &search.country),
        ("days", &search.days),
        ("places", &search.places),
        ("together", &search.together),
    ];
    let newer =
        newer.into_iter().filter_map(|(name, value)| Some(Some(format!("{name}={}", given(value.as_deref())?))));
    let parts: Vec<Option<String>> = parts.chain(newer).collect();
    ListId::new("tickets", &parts.iter().map(Option::as_deref).collect::<Vec<_>>())
}

/// The question of a query string.
pub(super) fn asked(search: &TicketSearch, list: ListId, now: Timestamp) -> Result<Asked, Problem> {
    let mut wrong = Vec::new();
    let filters = filters(search, &mut wrong);
    let sort = sort(search.sort.as_deref(), filters.price, &mut wrong);
    let limit = keep(limit(search.limit.as_deref()).map(Some), &mut wrong).unwrap_or_default();
    let facets = keep(switch("facets", search.facets.as_deref()), &mut wrong).unwrap_or_default();
    let question = Question::parse(given(search.q.as_deref()).unwrap_or_default(), filters, sort, now);
    let question = all_right(question, wrong)?;
    Ok(Asked { question, page: page(search, list, limit)?, facets })
}

/// The question of a search that somebody keeps; how it is sorted and turned makes no difference.
pub(in crate::api) fn kept(search: &TicketSearch, now: Timestamp) -> Result<KeptQuestion, Problem> {
    let mut wrong = Vec::new();
    let filters = filters(search, &mut wrong);
    all_right(KeptQuestion::parse(given(search.q.as_deref()).unwrap_or_default(), filters, now), wrong)
}

/// A question, if nothing else is wrong.
fn all_right<T>(question: Result<T, WrongFields>, mut wrong: Vec<FieldError>) -> Result<T, Problem> {
    match question {
        Ok(question) if wrong.is_empty() => Ok(question),
        Ok(_) => Err(Problem::invalid(wrong)),
        Err(WrongFields(invalid)) => {
            wrong.extend(invalid.into_iter().map(FieldError::from));
            Err(Problem::invalid(wrong))
        }
    }
}

fn filters(search: &TicketSearch, wrong: &mut Vec<FieldError>) -> Filters {
    Filters {
        category: keep(text("category", search.category.as_deref(), Details::LONGEST_CATEGORY), wrong),
        city: keep(text("city", search.city.as_deref(), EventFacts::LONGEST_CITY), wrong),
        country: keep(text("country", search.country.as_deref(), LONGEST_COUNTRY), wrong),
        from: keep(moment("from", search.from.as_deref(), |day| day), wrong),
        to: keep(moment("to", search.to.as_deref(), LocalTime::next_day), wrong),
        days: keep(days(search.days.as_deref()), wrong).unwrap_or_default(),
        price: prices(search, wrong),
        places: keep(places(search), wrong).unwrap_or_default(),
        attributes: keep(attributes(search.attributes.as_deref()), wrong).unwrap_or_default(),
        event: None,
    }
}

/// What somebody has typed so far.
pub(super) fn typed(typed: &TypedText) -> Result<String, Problem> {
    let text = text("text", typed.text.as_deref(), Question::LONGEST);
    text.map(Option::unwrap_or_default).map_err(|wrong| Problem::invalid(vec![wrong]))
}

fn page(search: &TicketSearch, list: ListId, limit: usize) -> Result<SearchPage, Problem> {
    let place = |cursor: &Option<String>| given(cursor.as_deref()).map(|cursor| list.place(cursor)).transpose();
    let cursor = |(rank, id)| SearchCursor { rank, ticket: TicketId::new(id) };
    match (place(&search.cursor)?, place(&search.before)?) {
        (None, None) => Ok(SearchPage::First { limit }),
        (Some(place), None) => Ok(SearchPage::After { cursor: cursor(place), limit }),
        (None, Some(place)) => Ok(SearchPage::Before { cursor: cursor(place), limit }),
        (Some(_), Some(_)) => {
            Err(Problem::invalid(vec![FieldError::new("before", "cannot be given together with cursor")]))
        }
    }
}

fn keep<T>(parsed: Result<Option<T>, FieldError>, wrong: &mut Vec<FieldError>) -> Option<T> {
    parsed.unwrap_or_else(|error| {
        wrong.push(error);
        None
    })
}

fn text(field: &'static str, text: Option<&str>, longest: usize) -> Result<Option<String>, FieldError> {
    match given(text) {
        Some(text) if text.chars().count() > longest => {
            Err(FieldError::new(field, format!("must be at most {longest} characters long")))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

/// A time, or a day at the place of the event; `bound` says where in the day the bound is.
fn moment(
    field: &'static str,
    text: Option<&str>,
    bound: impl Fn(LocalTime) -> LocalTime,
) -> Result<Option<Moment>, FieldError> {
    let Some(text) = given(text) else { return Ok(None) };
    let day = format!("{text}T00:00").parse().map(|day| Moment::AtPlace(bound(day)));
    let time = text.parse().map(Moment::At).or(day);
    time.map(Some).map_err(|_| FieldError::new(field, "must be a day such as 2030-06-01, or a time in RFC 3339"))
}

fn days(text: Option<&str>) -> Result<Option<Days>, FieldError> {
    match given(text) {
        None => Ok(None),
        Some("weekends") => Ok(Some(Days::Weekends)),
        Some(_) => Err(FieldError::new("days", "must be weekends")),
    }
}

/// A currency, with the bounds of prices in it.
fn prices(search: &TicketSearch, wrong: &mut Vec<FieldError>) -> Option<PriceRange> {
    let [least, most] = [("minPrice", &search.min_price), ("maxPrice", &search.max_price)]
        .map(|(field, text)| keep(amount(field, text.as_deref()), wrong));
    let is_named = given(search.currency.as_deref()).is_some();
    let compares = least.or(most).is_some() || matches!(given(search.sort.as_deref()), Some("cheapest" | "dearest"));
    if compares && !is_named {
        wrong.push(FieldError::new("currency", "is needed to compare prices"));
    }
    let currency = keep(currency(search.currency.as_deref()), wrong)?;
    Some(PriceRange { currency, least, most })
}

fn currency(code: Option<&str>) -> Result<Option<Currency>, FieldError> {
    given(code).map(|code| code.parse().map_err(|invalid: Invalid| invalid.into())).transpose()
}

fn amount(field: &'static str, text: Option<&str>) -> Result<Option<u64>, FieldError> {
    let Some(text) = given(text) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| FieldError::new(field, "must be an amount in minor units"))
}

fn places(search: &TicketSearch) -> Result<Option<Places>, FieldError> {
    let together = switch("together", search.together.as_deref())?.unwrap_or_default();
    match given(search.places.as_deref()) {
        None if together => Err(FieldError::new("places", "is needed with together")),
        None => Ok(None),
        Some(text) => {
            // More than a question may ask for is refused with the rest of it.
            let places = text.parse().ok().filter(|places| *places > 0);
            let places =
                places.ok_or_else(|| FieldError::new("places", format!("must be between 1 and {}", Places::MOST)))?;
            Ok(Some(if together { Places::Together(places) } else { Places::Left(places) }))
        }
    }
}

fn switch(field: &'static str, text: Option<&str>) -> Result<Option<bool>, FieldError> {
    match given(text) {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => Err(FieldError::new(field, "must be true or false")),
    }
}

fn attributes(json: Option<&str>) -> Result<Option<Attributes>, FieldError> {
    const FIELD: &str = "attributes";
    let Some(json) = given(json) else { return Ok(None) };
    let given: BTreeMap<String, Value> = serde_json::from_str(json)
        .map_err(|_| FieldError::new(FIELD, r#"must be an object in JSON, such as {"seatRow":"F"}"#))?;
    let sentence = |WrongFields(wrong)| wrong.into_iter().map(|invalid| invalid.message).collect::<Vec<_>>().join("; ");
    Attributes::parse(given).map(Some).map_err(|wrong| FieldError::new(FIELD, sentence(wrong)))
}

/// A sort by price is one in the currency of the prices; without one, that is wrong already.
fn sort(text: Option<&str>, price: Option<PriceRange>, wrong: &mut Vec<FieldError>) -> SearchSort {
    let by_price = |sort: fn(Currency) -> SearchSort| price.map_or(SearchSort::Newest, |price| sort(price.currency));
    match given(text) {
        None | Some("newest") => SearchSort::Newest,
        Some("best") => SearchSort::BestMatch,
        Some("soonest") => SearchSort::Soonest,
        Some("cheapest") => by_price(SearchSort::Cheapest),
        Some("dearest") => by_price(SearchSort::Dearest),
        Some(_) => {
            wrong.push(FieldError::new("sort", "must be best, newest, soonest, cheapest or dearest"));
            SearchSort::Newest
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn every_wrong_parameter_is_named_at_once() {
        let search = TicketSearch {
            from: some("soon"),
            min_price: some("-1"),
            attributes: some("[1]"),
            sort: some("random"),
            limit: some("0"),
            days: some("mondays"),
            together: some("true"),
            facets: some("yes"),
            ..TicketSearch::default()
        };

        assert_eq!(asked(&search, list(&search), NOW).unwrap_err().status(), 422);
    }

    #[test]
    fn a_cursor_of_a_search_without_the_newer_filters_stays_one() {
        let search = TicketSearch { q: some("opera"), ..TicketSearch::default() };
        let other = TicketSearch { places: some("2"), ..search.clone() };

        assert_eq!(list(&search), list(&TicketSearch { country: some(" "), ..search.clone() }));
        assert_ne!(list(&search), list(&other));
        assert_ne!(list(&other), list(&TicketSearch { country: some("2"), ..search }));
    }

    #[test]
    fn a_day_is_a_whole_day_at_the_place() {
        let day = |text: &str| Ok(Some(Moment::AtPlace(text.parse().unwrap())));

        assert_eq!(moment("from", Some("2030-06-01"), |day| day), day("2030-06-01T00:00"));
        assert_eq!(moment("to", Some("2030-06-01"), LocalTime::next_day), day("2030-06-02T00:00"));
        assert_eq!(
            moment("to", Some("2030-06-01T18:00:00+02:00"), LocalTime::next_day),
            Ok(Some(Moment::At("2030-06-01T16:00:00Z".parse().unwrap())))
        );
    }
}
