//! The catalogue: tickets on sale, with search and filters.

mod filters;

use leptos::either::Either;
use leptos::prelude::*;

use crate::assets::search_script_path;
use crate::base::Base;
use crate::components::form::{Form, form_alert};
use crate::components::pagination::{Turning, numbered_as, turning_links};
use crate::components::ticket_card::{TicketCard, ticket_card};
use crate::format::with_query;
use crate::head::About;
use crate::shell::Content;

pub use filters::sorts;

/// The sort order of somebody who looks for no words and chose none.
const SOONEST: &str = "soonest";

/// The catalogue at `/`, which looks the same to everybody but for the shell.
#[derive(Clone, Debug, Default)]
pub struct CatalogPage {
    /// Where the site is mounted.
    pub base: Base,
    /// The filters as typed.
    pub filters: Form<CatalogFilters>,
    /// What narrows the search.
    pub choices: CatalogChoices,
    /// The currencies to choose from where nothing is found.
    pub currencies: Vec<String>,
    /// The tickets, in order.
    pub tickets: Vec<TicketCard>,
    /// How many there are on all pages; absent where nothing was looked for.
    pub count: Option<u64>,
    /// What was looked for instead of the words that were typed.
    pub instead: Option<String>,
    /// Whether people can be told of new ones, by a form that is sent to `/account/alerts`.
    pub has_alerts: bool,
    /// Which page of the list this is.
    pub turning: Turning,
}

/// What narrows a search, most frequent first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogChoices {
    /// Categories.
    pub categories: Vec<Counted>,
    /// Cities.
    pub cities: Vec<Counted>,
    /// Countries.
    pub countries: Vec<Counted>,
    /// Codes of currencies.
    pub currencies: Vec<Counted>,
}

/// A value to choose, and how many tickets have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The value.
    pub value: String,
    /// How many have it.
    pub count: u64,
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
    /// Only this country.
    pub country: String,
    /// Only events on or after this day: `2026-12-01`.
    pub from: String,
    /// Only events up to this day: `2026-12-31`.
    pub to: String,
    /// Only on these days: `weekends`.
    pub days: String,
    /// Only tickets in this currency; required when comparing prices.
    pub currency: String,
    /// The lowest price, a decimal in major units; sent as `minPrice`.
    pub min_price: String,
    /// The highest price, a decimal in major units; sent as `maxPrice`.
    pub max_price: String,
    /// How many places somebody wants.
    pub places: String,
    /// Whether they are to be side by side: `true`.
    pub together: String,
    /// Whether something must be left: `true`.
    pub left: String,
    /// One of [`sorts`].
    pub sort: String,
}

impl CatalogFilters {
    /// The pairs of a query that asks for the same.
    pub(crate) fn pairs(&self) -> [(&str, &str); 14] {
        [
            ("q", &self.q),
            ("category", &self.category),
            ("city", &self.city),
            ("country", &self.country),
            ("sort", &self.sort),
            ("from", &self.from),
            ("to", &self.to),
            ("days", &self.days),
            ("currency", &self.currency),
            ("minPrice", &self.min_price),
            ("maxPrice", &self.max_price),
            ("places", &self.places),
            ("together", &self.together),
            ("left", &self.left),
        ]
    }

    /// Whether it names something by which new tickets can be known.
    fn names_something(&self) -> bool {
        [&self.q, &self.category, &self.city, &self.country].iter().any(|text| !text.trim().is_empty())
    }

    /// Whether anything but words is looked for.
    fn is_narrowed(&self) -> bool {
        let [_, others @ ..] = self.pairs();
        let is_plain = |(name, value): &(&str, &str)| value.is_empty() || (*name, *value) == ("sort", SOONEST);
        !others.iter().all(is_plain)
    }
}

/// Only the whole catalogue: of its searches there is no end.
fn about() -> About {
    let description = "Tickets for concerts, theatre, sport and more, offered by their sellers.".to_owned();
    About { description, path: "/".to_owned(), data: None }
}

/// What is looked for, in the tab of a browser.
fn title(filters: &CatalogFilters) -> String {
    let texts = [&filters.q, &filters.category, &filters.city, &filters.country].map(|text| text.trim());
    let given: Vec<_> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    if given.is_empty() { "Tickets".to_owned() } else { format!("Tickets: {}", given.join(", ")) }
}

/// Renders the catalogue, to be shown in the shell of each viewer.
#[must_use]
pub fn catalog_page(page: CatalogPage) -> Content {
    let number = page.turning.number();
    let title = page.filters.title(&numbered_as(&title(&page.filters.values), number));
    let is_whole = number == 1 && page.filters.values == CatalogFilters::default();
    let about = is_whole.then(about);
    let links = turning_links(&page.turning, &page.base, "/", &page.filters.values.pairs());
    let form = filters::filter_form(&page);
    let summary = summary(&page);
    let alert = (page.has_alerts && page.filters.values.names_something()).then(|| alert_form(&page));
    let script = page.base.at(search_script_path());
    let html = view! {
        <h1 class="title">"Tickets"</h1>
        {form_alert(&page.filters)}
        {form}
        {summary}
        {results(page.tickets, &page.base)}
        {links}
        {alert}
        <script type="module" src=script></script>
    };
    Content { title, about, html: html.to_html() }
}

/// Has its sender told of tickets that begin to answer the search. It looks the same to everybody.
fn alert_form(page: &CatalogPage) -> AnyView {
    view! {
        <form class="actions" method="post" action=page.base.at("/account/alerts")>
            {kept_fields(&page.filters.values)}
            <button class="button" type="submit">"Tell me of new ones"</button>
        </form>
    }
    .into_any()
}

/// The search as hidden fields; how it is sorted makes no difference to what is new.
pub(crate) fn kept_fields(filters: &CatalogFilters) -> AnyView {
    let given = filters.pairs().into_iter().filter(|(name, value)| !value.is_empty() && *name != "sort");
    given
        .map(|(name, value)| view! { <input type="hidden" name=name.to_owned() value=value.to_owned()/> })
        .collect_view()
        .into_any()
}

/// How many there are, and whether something else was looked for.
fn summary(page: &CatalogPage) -> Option<AnyView> {
    let count = page.count.filter(|count| *count > 0)?;
    let count = if count == 1 { "1 ticket".to_owned() } else { format!("{count} tickets") };
    Some(match &page.instead {
        None => view! { <p class="found">{count}</p> }.into_any(),
        Some(instead) => {
            let filters = CatalogFilters { q: instead.clone(), ..page.filters.values.clone() };
            let address = page.base.at(&with_query("/", &filters.pairs()));
            view! {
                <p class="found">
                    "Nothing has “" <span dir="auto">{page.filters.values.q.clone()}</span> "”. Did you mean "
                    <a class="link" href=address dir="auto">{instead.clone()}</a> "? " {count}
                </p>
            }
            .into_any()
        }
    })
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
