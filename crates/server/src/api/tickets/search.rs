//! What a visitor looks for, out of a query string.

use std::collections::BTreeMap;

use serde_json::Value;
use ticketing_api::tickets::TicketSearch;
use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::event_facts::EventFacts;
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::invalid::{Invalid, WrongFields};
use ticketing_core::domain::money::Currency;
use ticketing_core::domain::ticket::Details;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::domain::time_zone::LocalTime;
use ticketing_core::ports::store::Page;
use ticketing_core::ports::ticket_store::{Moment, TicketCursor, TicketQuery, TicketSort};

use crate::api::list::{ListId, given, limit};
use crate::http::problem::{FieldError, Problem};

/// The longest text to look for, in characters.
const LONGEST_TEXT: usize = 200;

/// Which list this is a page of.
pub(super) fn list(search: &TicketSearch) -> ListId {
    let filters = [&search.q, &search.category, &search.city, &search.from, &search.to, &search.currency];
    let others = [&search.min_price, &search.max_price, &search.sort, &search.attributes];
    let parts: Vec<_> = filters.into_iter().chain(others).map(|filter| given(filter.as_deref())).collect();
    ListId::new("tickets", &parts)
}

pub(super) fn query(search: &TicketSearch, list: ListId, now: Timestamp) -> Result<TicketQuery, Problem> {
    let mut wrong = Vec::new();
    let query = TicketQuery {
        text: keep(text("q", search.q.as_deref(), LONGEST_TEXT), &mut wrong),
        category: keep(text("category", search.category.as_deref(), Details::LONGEST_CATEGORY), &mut wrong),
        city: keep(text("city", search.city.as_deref(), EventFacts::LONGEST_CITY), &mut wrong),
        from: keep(moment("from", search.from.as_deref(), |day| day), &mut wrong),
        to: keep(moment("to", search.to.as_deref(), LocalTime::next_day), &mut wrong),
        currency: keep(currency(search.currency.as_deref()), &mut wrong),
        min_price: keep(amount("minPrice", search.min_price.as_deref()), &mut wrong),
        max_price: keep(amount("maxPrice", search.max_price.as_deref()), &mut wrong),
        attributes: keep(attributes(search.attributes.as_deref()), &mut wrong).unwrap_or_default(),
        event: None,
        sort: keep(sort(search.sort.as_deref()).map(Some), &mut wrong).unwrap_or_default(),
        now,
        page: Page::first(keep(limit(search.limit.as_deref()).map(Some), &mut wrong).unwrap_or_default()),
    };
    if !wrong.is_empty() {
        return Err(Problem::invalid(wrong));
    }
    let place = given(search.cursor.as_deref()).map(|cursor| list.place(cursor)).transpose()?;
    let after = place.map(|(rank, id)| TicketCursor { rank, id: TicketId::new(id) });
    Ok(TicketQuery { page: Page { after, ..query.page }, ..query })
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

fn currency(code: Option<&str>) -> Result<Option<Currency>, FieldError> {
    given(code).map(|code| code.parse().map_err(|invalid: Invalid| invalid.into())).transpose()
}

fn amount(field: &'static str, text: Option<&str>) -> Result<Option<u64>, FieldError> {
    let Some(text) = given(text) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| FieldError::new(field, "must be an amount in minor units"))
}

fn attributes(json: Option<&str>) -> Result<Option<Attributes>, FieldError> {
    const FIELD: &str = "attributes";
    let Some(json) = given(json) else { return Ok(None) };
    let given: BTreeMap<String, Value> = serde_json::from_str(json)
        .map_err(|_| FieldError::new(FIELD, r#"must be an object in JSON, such as {"seatRow":"F"}"#))?;
    let sentence = |WrongFields(wrong)| wrong.into_iter().map(|invalid| invalid.message).collect::<Vec<_>>().join("; ");
    Attributes::parse(given).map(Some).map_err(|wrong| FieldError::new(FIELD, sentence(wrong)))
}

fn sort(text: Option<&str>) -> Result<TicketSort, FieldError> {
    match given(text) {
        None | Some("newest") => Ok(TicketSort::Newest),
        Some("soonest") => Ok(TicketSort::Soonest),
        Some("cheapest") => Ok(TicketSort::Cheapest),
        Some("dearest") => Ok(TicketSort::Dearest),
        Some(_) => Err(FieldError::new("sort", "must be newest, soonest, cheapest or dearest")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    #[test]
    fn every_wrong_parameter_is_named_at_once() {
        let text = |text: &str| Some(text.to_owned());
        let search = TicketSearch {
            from: text("soon"),
            min_price: text("-1"),
            attributes: text("[1]"),
            sort: text("random"),
            limit: text("0"),
            ..TicketSearch::default()
        };

        assert_eq!(query(&search, list(&search), NOW).unwrap_err().status(), 422);
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
