//! The catalogue: tickets on sale, with search and filters.

use leptos::either::Either;
use leptos::prelude::*;

use crate::base::Base;
use crate::components::field::{Choice, Field, Kind, input_field, proposing_field, select_field};
use crate::components::form::{Form, form_alert};
use crate::components::pagination::next_link;
use crate::components::ticket_card::{TicketCard, ticket_card};
use crate::format::with_query;
use crate::shell::Content;

/// The sort orders of the catalogue: value and label.
pub const SORTS: [(&str, &str); 4] = [
    ("newest", "Newest first"),
    ("soonest", "Soonest first"),
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
    /// The cursor of the next page, if there is one.
    pub next_cursor: Option<String>,
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

/// Renders the catalogue, to be shown in the shell of each viewer.
#[must_use]
pub fn catalog_page(page: CatalogPage) -> Content {
    let title = page.filters.title("Tickets");
    let base = &page.base;
    let next = page.next_cursor.map(|cursor| base.at(&next_address(&page.filters.values, &cursor)));
    let html = view! {
        <h1 class="title">"Tickets"</h1>
        {form_alert(&page.filters)}
        {filter_form(&page.filters, page.categories, page.currencies, base)}
        {results(page.tickets, base)}
        {next_link(next)}
    };
    Content { title, html: html.to_html() }
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
    let detailed = [&values.from, &values.to, &values.currency, &values.min_price, &values.max_price];
    let open = detailed.iter().any(|value| !value.is_empty());
    let category = filter(filters, "category", "Category", &values.category);
    view! {
        <form class="filters" method="get" action=base.at("/") role="search">
            <div class="filter-row">
                {input_field(Kind::Search, filter(filters, "q", "Search", &values.q))}
                {proposing_field(category, categories)}
                {input_field(Kind::Text, filter(filters, "city", "City", &values.city))}
                {select_field(filter(filters, "sort", "Sort by", &values.sort), sorts())}
                <button class="button button-primary" type="submit">"Search"</button>
            </div>
            <details class="filter-more" open=open>
                <summary>"Dates and prices"</summary>
                {detailed_filters(filters, currencies)}
            </details>
        </form>
    }
    .into_any()
}

fn detailed_filters(filters: &Form<CatalogFilters>, currencies: Vec<String>) -> AnyView {
    let values = &filters.values;
    let any = Choice { value: String::new(), label: "Any".to_owned() };
    let currencies = std::iter::once(any)
        .chain(currencies.into_iter().map(|code| Choice { value: code.clone(), label: code }))
        .collect();
    view! {
        <div class="filter-row filter-row-even">
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

fn next_address(filters: &CatalogFilters, cursor: &str) -> String {
    let pairs = [
        ("q", filters.q.as_str()),
        ("category", &filters.category),
        ("city", &filters.city),
        ("from", &filters.from),
        ("to", &filters.to),
        ("currency", &filters.currency),
        ("minPrice", &filters.min_price),
        ("maxPrice", &filters.max_price),
        ("sort", &filters.sort),
        ("cursor", cursor),
    ];
    with_query("/", &pairs)
}
