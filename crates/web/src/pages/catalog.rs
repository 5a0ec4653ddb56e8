//! The catalogue: tickets on sale, with search and filters.

use leptos::either::Either;
use leptos::prelude::*;

use crate::base::Base;
use crate::components::field::{Choice, Field, Kind, input_field, proposing_field, select_field};
use crate::components::form::{Form, form_alert};
use crate::components::pagination::{Paging, numbered, page_links};
use crate::components::ticket_card::{TicketCard, ticket_card};
use crate::head::About;
use crate::shell::Content;

/// The sort order of somebody who chose none.
const SOONEST: &str = "soonest";

/// The sort orders of the catalogue: value and label.
pub const SORTS: [(&str, &str); 4] = [
    (SOONEST, "Soonest first"),
    ("newest", "Newest first"),
    ("cheapest", "Lowest price"),
    ("dearest", "Highest price"),
];

/// The catalogue at `/`, which looks the same to everybody but for the shell.
#[derive(Clone, Debug, Default)]
pub struct CatalogPage {
    /// Where the site is mounted.
    pub base: Base,
    /// The filters as typed.
    pub filters: Form<CatalogFilters>,
    /// Suggested categories; any other may be typed.
    pub categories: Vec<String>,
    /// The currencies to choose from.
    pub currencies: Vec<String>,
    /// The tickets, in order.
    pub tickets: Vec<TicketCard>,
    /// Which page of the list this is.
    pub paging: Paging,
}

/// The search filters; an empty text does not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogFilters {
    /// Words to find.
    pub q: String,
    /// Only this category.
    pub category: String,
    /// Only this city.
    pub city: String,
    /// Only events on or after this day: `2026-12-01`.
    pub from: String,
    /// Only events up to this day: `2026-12-31`.
    pub to: String,
    /// Only tickets in this currency; required when comparing prices.
    pub currency: String,
    /// The lowest price, a decimal in major units; sent as `minPrice`.
    pub min_price: String,
    /// The highest price, a decimal in major units; sent as `maxPrice`.
    pub max_price: String,
    /// One of [`SORTS`].
    pub sort: String,
}

impl CatalogFilters {
    /// The pairs of a query that asks for the same.
    fn pairs(&self) -> [(&str, &str); 9] {
        [
            ("q", &self.q),
            ("category", &self.category),
            ("city", &self.city),
            ("sort", &self.sort),
            ("from", &self.from),
            ("to", &self.to),
            ("currency", &self.currency),
            ("minPrice", &self.min_price),
            ("maxPrice", &self.max_price),
        ]
    }
}

/// Only the whole catalogue: of its searches there is no end.
fn about() -> About {
    let description = "Tickets for concerts, theatre, sport and more, offered by their sellers.".to_owned();
    About { description, path: "/".to_owned(), data: None }
}

/// What is looked for, in the tab of a browser.
fn title(filters: &CatalogFilters) -> String {
    let texts = [&filters.q, &filters.category, &filters.city].map(|text| text.trim());
    let given: Vec<_> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    if given.is_empty() { "Tickets".to_owned() } else { format!("Tickets: {}", given.join(", ")) }
}

/// Renders the catalogue, to be shown in the shell of each viewer.
#[must_use]
pub fn catalog_page(page: CatalogPage) -> Content {
    let base = &page.base;
    let title = page.filters.title(&numbered(&title(&page.filters.values), &page.paging));
    let is_whole = page.paging.number() == 1 && page.filters.values == CatalogFilters::default();
    let about = is_whole.then(about);
    let links = page_links(&page.paging, base, "/", &page.filters.values.pairs());
    let html = view! {
        <h1 class="title">"Tickets"</h1>
        {form_alert(&page.filters)}
        {filter_form(&page.filters, page.categories, page.currencies, base)}
        {results(page.tickets, base)}
        {links}
    };
    Content { title, about, html: html.to_html() }
}

fn results(tickets: Vec<TicketCard>, base: &Base) -> impl IntoView + use<> {
    if tickets.is_empty() {
        return Either::Left(view! {
            <div class="empty">
                <p>"No tickets match."</p>
                <p><a class="link" href=base.at("/")>"Show all tickets"</a></p>
            </div>
        });
    }
    let cards: Vec<_> = tickets.into_iter().map(|ticket| ticket_card(ticket, base)).collect();
    Either::Right(view! { <ul class="cards">{cards}</ul> })
}

fn filter_form(
    filters: &Form<CatalogFilters>,
    categories: Vec<String>,
    currencies: Vec<String>,
    base: &Base,
) -> AnyView {
    let values = &filters.values;
    let [_, detailed @ ..] = values.pairs();
    let open = detailed.iter().any(|(name, value)| !value.is_empty() && (*name, *value) != ("sort", SOONEST));
    view! {
        <form class="filters" method="get" action=base.at("/") role="search">
            <div class="search-row">
                {input_field(Kind::Search, filter(filters, "q", "Search", &values.q))}
                <button class="button button-primary" type="submit">"Search"</button>
            </div>
            <details class="filter-more" open=open>
                <summary>"Filters and order"</summary>
                {detailed_filters(filters, categories, currencies)}
            </details>
        </form>
    }
    .into_any()
}

fn detailed_filters(filters: &Form<CatalogFilters>, categories: Vec<String>, currencies: Vec<String>) -> AnyView {
    let values = &filters.values;
    let any = Choice { value: String::new(), label: "Any".to_owned() };
    let currencies = std::iter::once(any)
        .chain(currencies.into_iter().map(|code| Choice { value: code.clone(), label: code }))
        .collect();
    view! {
        <div class="filter-row">
            {proposing_field(filter(filters, "category", "Category", &values.category), categories)}
            {input_field(Kind::Text, filter(filters, "city", "City", &values.city))}
            {select_field(filter(filters, "sort", "Sort by", &values.sort), sorts())}
            {input_field(Kind::Date, filter(filters, "from", "From day", &values.from))}
            {input_field(Kind::Date, filter(filters, "to", "To day", &values.to))}
            {select_field(filter(filters, "currency", "Currency", &values.currency), currencies)}
            {input_field(Kind::Decimal, filter(filters, "minPrice", "Lowest price", &values.min_price))}
            {input_field(Kind::Decimal, filter(filters, "maxPrice", "Highest price", &values.max_price))}
        </div>
    }
    .into_any()
}

fn filter(filters: &Form<CatalogFilters>, name: &'static str, label: &'static str, value: &str) -> Field {
    Field { name, label, value: value.to_owned(), error: filters.message(name), ..Field::default() }
}

fn sorts() -> Vec<Choice> {
    SORTS.iter().map(|(value, label)| Choice { value: (*value).to_owned(), label: (*label).to_owned() }).collect()
}
