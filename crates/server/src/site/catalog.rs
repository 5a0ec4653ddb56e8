//! `/`: what is for sale.

use std::collections::BTreeMap;

use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;

use ticketing_api::paths;
use ticketing_api::tickets::{TicketBody, TicketPage};
use ticketing_core::domain::invalid::Invalid;
use ticketing_core::domain::money::Money;
use ticketing_web::{Base, CatalogFilters, CatalogPage, Content, Form, Paging, catalog_page};

use crate::http::extract::Lenient;

use super::choices::{EURO, categories, currencies};
use super::context::PageContext;
use super::onward::Onward;
use super::refusal::Refusal;
use super::view::ticket_card;

/// How tickets are ordered if nobody chooses: who buys looks for what is on next.
const SOONEST: &str = "soonest";

/// How many tickets a page shows: full rows, whether of two, three or four.
const PAGE: &str = "48";

/// What the reader looks for, as it was typed.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Search {
    q: String,
    category: String,
    city: String,
    from: String,
    to: String,
    currency: String,
    min_price: String,
    max_price: String,
    sort: String,
    cursor: String,
    /// The cursors of the pages before.
    trail: String,
}

impl Search {
    /// Where the API has the answer.
    fn address(&self) -> String {
        // An amount that is none is sent as it is, for the API to refuse with all else that is wrong.
        let currency = self.compared_currency();
        let [min_price, max_price] =
            [&self.min_price, &self.max_price].map(|text| amount(text, currency).unwrap_or(text.clone()));
        let currency = currency.to_owned();
        let sort = if self.sort.is_empty() { SOONEST.to_owned() } else { self.sort.clone() };
        let parameters = [
            ("q", &self.q),
            ("category", &self.category),
            ("city", &self.city),
            ("from", &self.from),
            ("to", &self.to),
            ("currency", &currency),
            ("minPrice", &min_price),
            ("maxPrice", &max_price),
            ("sort", &sort),
            ("cursor", &self.cursor),
            ("limit", &PAGE.to_owned()),
        ];
        let query = serde_urlencoded::to_string(parameters).expect("texts can be encoded");
        format!("{}?{query}", paths::TICKETS)
    }

    /// The currency that was chosen, or the first one to choose where prices are compared.
    fn compared_currency(&self) -> &str {
        let compares = [&self.min_price, &self.max_price].iter().any(|bound| !bound.trim().is_empty());
        let by_price = matches!(&*self.sort, "cheapest" | "dearest");
        if self.currency.is_empty() && (compares || by_price) { EURO } else { &self.currency }
    }

    /// Says better than the API what is wrong with an amount: it knows minor units alone.
    fn explained(form: Form<CatalogFilters>) -> Form<CatalogFilters> {
        let CatalogFilters { min_price, max_price, currency, .. } = &form.values;
        let prices = [("minPrice", min_price), ("maxPrice", max_price)];
        let better = prices.map(|(field, text)| (field, typed(text, currency).err()));
        better.into_iter().fold(form, |mut form, (field, message)| {
            let wrong = form.errors.iter_mut().find(|error| error.field == field);
            if let Some((wrong, message)) = wrong.zip(message) {
                wrong.message = message;
            }
            form
        })
    }

    fn form(self) -> Form<CatalogFilters> {
        let currency = self.compared_currency().to_owned();
        let Self { q, category, city, from, to, min_price, max_price, sort, .. } = self;
        Form::new(CatalogFilters { q, category, city, from, to, currency, min_price, max_price, sort })
    }

    /// The form with what is wrong with its ranges: one that ends before it begins finds nothing.
    fn reversed(form: Form<CatalogFilters>) -> Form<CatalogFilters> {
        let CatalogFilters { from, to, min_price, max_price, currency, .. } = &form.values;
        // A time or a day compares as text with another of its kind.
        let days = from.len() == to.len() && from > to;
        let amounts = [min_price, max_price].map(|text| typed(text, currency).ok());
        let prices = matches!(amounts, [Some(low), Some(high)] if low > high);
        let form = if days { form.refuse("to", "must not be before “From day”") } else { form };
        if prices { form.refuse("maxPrice", "must not be below “Lowest price”") } else { form }
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

pub(super) async fn catalog(context: PageContext, Lenient(search): Lenient<Search>) -> Result<Response, Refusal> {
    if let Some(shorter) = without_defaults(&context.path) {
        return Ok(Onward::to(shorter).into_response());
    }
    let found = context.read::<TicketPage>(&search.address()).await;
    let (cursor, trail) = (search.cursor.clone(), search.trail.clone());
    let (form, base) = (Search::reversed(search.form()), &context.base);
    match found {
        Ok(_) if !form.errors.is_empty() => {
            let page = content(base, form.refused("invalid"), Vec::new(), Paging::default());
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.within(context.shell()))).into_response())
        }
        Ok(found) => {
            let page = context.rendered.page(&base.at(&context.path), found, |found| {
                content(base, form, found.items, Paging::of(cursor, &trail, found.next_cursor))
            });
            Ok(Html(page.content.within(context.shell())).into_response())
        }
        Err(refusal) if refusal.is_about_fields() => {
            let form = Search::explained(refusal.reason().onto(form));
            Ok(refusal.page(content(base, form, Vec::new(), Paging::default()).within(context.shell())))
        }
        Err(refusal) => Err(refusal),
    }
}

/// The shorter address of a search as its form sends it: with every field, most of them empty.
fn without_defaults(path: &str) -> Option<String> {
    let (page, query) = path.split_once('?')?;
    let pairs: BTreeMap<String, String> = serde_urlencoded::from_str(query).ok()?;
    // Of a name that comes twice the last value counts, so such a query is left alone.
    let is_sent_by_form = pairs.contains_key("sort") && query.matches('&').count() + 1 == pairs.len();
    let says = |(name, value): &(&String, &String)| !value.is_empty() && (*name != "sort" || *value != SOONEST);
    let given: Vec<_> = pairs.iter().filter(says).collect();
    if !is_sent_by_form || given.len() == pairs.len() {
        return None;
    }
    let query = serde_urlencoded::to_string(&given).ok()?;
    Some(if query.is_empty() { page.to_owned() } else { format!("{page}?{query}") })
}

fn content(base: &Base, filters: Form<CatalogFilters>, tickets: Vec<TicketBody>, paging: Paging) -> Content {
    catalog_page(CatalogPage {
        base: base.clone(),
        currencies: currencies(&filters.values.currency),
        filters,
        categories: categories(),
        tickets: tickets.into_iter().map(ticket_card).collect(),
        paging,
    })
}
