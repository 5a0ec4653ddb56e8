//! `/`: what is for sale.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use serde::Deserialize;

use ticketing_api::paths;
use ticketing_api::tickets::{ChoiceBody, FacetsBody, TicketsFound};
use ticketing_core::domain::invalid::Invalid;
use ticketing_core::domain::money::Money;
use ticketing_web::{Base, CatalogChoices, CatalogFilters, CatalogPage, Content, Counted, Form, Turning, catalog_page};

use crate::http::extract::Lenient;

use super::choices::{EURO, currencies};
use super::context::PageContext;
use super::form::Fields;
use super::onward::Onward;
use super::refusal::Refusal;
use super::view::ticket_card;

/// How tickets are ordered if nobody chooses: who buys looks for what is on next.
const SOONEST: &str = "soonest";

/// The same for somebody who looks for words.
const BEST: &str = "best";

/// How many tickets a page shows: full rows, whether of two, three or four.
const PAGE: &str = "48";

/// What the reader looks for, as it was typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Search {
    q: String,
    category: String,
    city: String,
    country: String,
    from: String,
    to: String,
    days: String,
    currency: String,
    min_price: String,
    max_price: String,
    places: String,
    together: String,
    left: String,
    sort: String,
    cursor: String,
    before: String,
    /// The number of this page.
    page: String,
}

impl Fields for Search {
    const KEPT: &'static [&'static str] = &[
        "q", "category", "city", "country", "from", "to", "days", "currency", "minPrice", "maxPrice", "places",
        "together", "left",
    ];
}

impl Search {
    /// Where the API has the answer.
    fn address(&self) -> String {
        let more = [
            ("sort", self.sorted()),
            ("cursor", &self.cursor),
            ("before", &self.before),
            ("facets", "true"),
            ("limit", PAGE),
        ];
        let parameters = self.asked().into_iter().chain(more.map(|(name, value)| (name, value.to_owned())));
        // Most fields are left empty, which asks for nothing.
        let given: Vec<_> = parameters.filter(|(_, value)| !value.is_empty()).collect();
        let query = serde_urlencoded::to_string(given).expect("texts can be encoded");
        format!("{}?{query}", paths::TICKETS)
    }

    /// What is looked for, in whatever order, as the API is asked.
    pub(super) fn asked(&self) -> [(&'static str, String); 12] {
        // An amount that is none is sent as it is, for the API to refuse with all else that is wrong.
        let currency = self.compared_currency();
        let [min_price, max_price] =
            [&self.min_price, &self.max_price].map(|text| amount(text, currency).unwrap_or(text.clone()));
        [
            ("q", &*self.q),
            ("category", &self.category),
            ("city", &self.city),
            ("country", &self.country),
            ("from", &self.from),
            ("to", &self.to),
            ("days", &self.days),
            ("currency", currency),
            ("minPrice", &min_price),
            ("maxPrice", &max_price),
            ("places", self.wanted_places()),
            ("together", &self.together),
        ]
        .map(|(name, value)| (name, value.to_owned()))
    }

    fn sorted(&self) -> &str {
        match (&*self.sort, self.q.trim()) {
            ("", "") => SOONEST,
            ("", _) => BEST,
            (sort, _) => sort,
        }
    }

    /// Side by side are two at least, and what is left is one at least.
    fn wanted_places(&self) -> &str {
        match (self.places.trim(), &*self.together, &*self.left) {
            ("", "", "") => "",
            ("", "", _) => "1",
            ("", _, _) => "2",
            (places, _, _) => places,
        }
    }

    /// The currency that was chosen, or the first one to choose where prices are compared.
    fn compared_currency(&self) -> &str {
        let compares = [&self.min_price, &self.max_price].iter().any(|bound| !bound.trim().is_empty());
        let by_price = matches!(&*self.sort, "cheapest" | "dearest");
        if self.currency.is_empty() && (compares || by_price) { EURO } else { &self.currency }
    }

    /// Says better than the API what is wrong with amounts and ranges: it knows minor units and its own names alone.
    pub(super) fn explained(mut form: Form<CatalogFilters>) -> Form<CatalogFilters> {
        let CatalogFilters { from, to, min_price, max_price, currency, .. } = &form.values;
        let amounts = [min_price, max_price].map(|text| typed(text, currency));
        let is_above = matches!(&amounts, [Ok(low), Ok(high)] if low > high);
        // A day compares as text with another.
        let is_before = from.len() == to.len() && from > to;
        let [low, high] = amounts.map(Result::err);
        let better = [
            ("minPrice", low),
            ("maxPrice", high.or_else(|| is_above.then(|| "must not be below “Lowest price”".to_owned()))),
            ("to", is_before.then(|| "must not be before “From day”".to_owned())),
        ];
        for (field, message) in better {
            let wrong = form.errors.iter_mut().find(|error| error.field == field);
            if let Some((wrong, message)) = wrong.zip(message) {
                wrong.message = message;
            }
        }
        form
    }

    pub(super) fn form(self) -> Form<CatalogFilters> {
        let currency = self.compared_currency().to_owned();
        let Self { q, category, city, country, from, to, days, min_price, max_price, places, together, left, .. } =
            self;
        Form::new(CatalogFilters {
            q,
            category,
            city,
            country,
            from,
            to,
            days,
            currency,
            min_price,
            max_price,
            places,
            together,
            left,
            sort: self.sort,
        })
    }
}

/// An amount in minor units.
fn amount(text: &str, currency: &str) -> Option<String> {
    typed(text, currency).ok().map(|amount| amount.to_string())
}

fn typed(text: &str, currency: &str) -> Result<u64, String> {
    // The API says what is wrong with a currency that is none.
    let currency = currency.parse().or_else(|_| EURO.parse()).map_err(|_: Invalid| String::new())?;
    Money::typed(text, currency).map(|money| money.amount).map_err(|refusal| refusal.to_string())
}

pub(super) async fn catalog(
    context: PageContext,
    headers: HeaderMap,
    Lenient(search): Lenient<Search>,
) -> Result<Response, Refusal> {
    if let Some(shorter) = without_defaults(&context.path) {
        return Ok(Onward::to(shorter).into_response());
    }
    let found = context.read::<TicketsFound>(&search.address()).await;
    let number = search.page.clone();
    let (form, base) = (search.form(), &context.base);
    let has_alerts = context.app.has_alerts();
    match found {
        Ok(found) => {
            let content = |found| CatalogPage { has_alerts, ..found_page(base, form, found, &number) };
            let page = context.rendered.page(&base.at(&context.path), found, |found| catalog_page(content(found)));
            Ok(page.answer(context.shell(), &headers))
        }
        Err(refusal) if refusal.is_about_fields() => {
            let form = Search::explained(refusal.reason().onto(form));
            Ok(refusal.page(refused(base, form).within(context.shell())))
        }
        Err(refusal) => Err(refusal),
    }
}

/// The shorter address of a search as its form sends it: with every field, most of them empty.
fn without_defaults(path: &str) -> Option<String> {
    let (page, query) = path.split_once('?')?;
    let pairs: BTreeMap<String, String> = serde_urlencoded::from_str(query).ok()?;
    // Of a name that comes twice the last value counts, so such a query is left alone.
    // Who looks for words gets the best matches first, and soonest is something to choose.
    let has_words = pairs.get("q").is_some_and(|words| !words.trim().is_empty());
    let is_sent_by_form = pairs.contains_key("sort") && query.matches('&').count() + 1 == pairs.len();
    let says =
        |(name, value): &(&String, &String)| !value.is_empty() && (*name != "sort" || *value != SOONEST || has_words);
    let given: Vec<_> = pairs.iter().filter(says).collect();
    if !is_sent_by_form || given.len() == pairs.len() {
        return None;
    }
    let query = serde_urlencoded::to_string(&given).ok()?;
    Some(if query.is_empty() { page.to_owned() } else { format!("{page}?{query}") })
}

fn found_page(base: &Base, filters: Form<CatalogFilters>, found: TicketsFound, number: &str) -> CatalogPage {
    let TicketsFound { items, next_cursor, previous_cursor, count, instead, facets } = found;
    CatalogPage {
        base: base.clone(),
        choices: choices(facets.unwrap_or_default()),
        tickets: items.into_iter().map(ticket_card).collect(),
        count: Some(count),
        instead,
        turning: Turning::of(number, previous_cursor, next_cursor),
        ..page_of(filters)
    }
}

/// The form alone, with what is wrong with it.
fn refused(base: &Base, filters: Form<CatalogFilters>) -> Content {
    catalog_page(CatalogPage { base: base.clone(), ..page_of(filters) })
}

fn page_of(filters: Form<CatalogFilters>) -> CatalogPage {
    CatalogPage { currencies: currencies(&filters.values.currency), filters, ..CatalogPage::default() }
}

fn choices(FacetsBody { categories, cities, countries, currencies }: FacetsBody) -> CatalogChoices {
    let counted = |choices: Vec<ChoiceBody>| {
        choices.into_iter().map(|ChoiceBody { value, count }| Counted { value, count }).collect()
    };
    CatalogChoices {
        categories: counted(categories),
        cities: counted(cities),
        countries: counted(countries),
        currencies: counted(currencies),
    }
}
