//! The form of a search: what to find, and what narrows it.

use leptos::prelude::*;
use ticketing_core::domain::search::{Facets, Places, name_to_find};

use crate::components::field::{Choice, Field, Kind, input_field, proposing_field, select_field};
use crate::components::form::Form;

use super::{CatalogFilters, CatalogPage, Counted, SOONEST};

/// The sort orders of the catalogue: value and label. The first is that of somebody who chose none.
#[must_use]
pub fn sorts(has_words: bool) -> Vec<(&'static str, &'static str)> {
    let first =
        if has_words { vec![("", "Best match"), (SOONEST, "Soonest first")] } else { vec![("", "Soonest first")] };
    let others = [("newest", "Newest first"), ("cheapest", "Lowest price"), ("dearest", "Highest price")];
    first.into_iter().chain(others).collect()
}

pub(super) fn filter_form(page: &CatalogPage) -> AnyView {
    let (filters, base) = (&page.filters, &page.base);
    let open = filters.values.is_narrowed();
    view! {
        <form class="filters" method="get" action=base.at("/") role="search">
            <div class="search-row">
                {words_field(filters)}
                <button class="button button-primary" type="submit">"Search"</button>
            </div>
            <details class="filter-more" open=open>
                <summary>"Filters and order"</summary>
                {names_and_order(page)}
                {times_and_prices(page)}
                {places(filters)}
            </details>
        </form>
    }
    .into_any()
}

/// A script fills the list while somebody types.
fn words_field(filters: &Form<CatalogFilters>) -> AnyView {
    let list = "q-proposals";
    let field = Field { list: Some(list.to_owned()), ..filter(filters, "q", "Search", &filters.values.q) };
    let field = Field { maxlength: Some("200"), suggests: true, ..field };
    view! { {input_field(Kind::Search, field)} <datalist id=list></datalist> }.into_any()
}

fn names_and_order(page: &CatalogPage) -> AnyView {
    let (filters, choices) = (&page.filters, &page.choices);
    let CatalogFilters { category, city, country, sort, .. } = &filters.values;
    let has_country = !country.is_empty() || !choices.countries.is_empty();
    let country = has_country.then(|| name_field(filter(filters, "country", "Country", country), &choices.countries));
    let has_words = !filters.values.q.trim().is_empty();
    let sort = if has_words || sort != SOONEST { sort } else { "" };
    let sorts = sorts(has_words).into_iter().map(|(value, label)| choice(value, label.to_owned())).collect();
    view! {
        <div class="filter-row">
            {name_field(filter(filters, "category", "Category", category), &choices.categories)}
            {name_field(filter(filters, "city", "City", city), &choices.cities)}
            {country}
            {select_field(filter(filters, "sort", "Sort by", sort), sorts)}
        </div>
    }
    .into_any()
}

fn times_and_prices(page: &CatalogPage) -> AnyView {
    let filters = &page.filters;
    let CatalogFilters { from, to, currency, min_price, max_price, .. } = &filters.values;
    view! {
        <div class="filter-row">
            {input_field(Kind::Date, filter(filters, "from", "From day", from))}
            {input_field(Kind::Date, filter(filters, "to", "To day", to))}
            {select_field(filter(filters, "currency", "Currency", currency), currencies(page))}
            {input_field(Kind::Decimal, filter(filters, "minPrice", "Lowest price", min_price))}
            {input_field(Kind::Decimal, filter(filters, "maxPrice", "Highest price", max_price))}
            {input_field(Kind::Count(Places::MOST), filter(filters, "places", "Places wanted", &filters.values.places))}
        </div>
    }
    .into_any()
}

fn places(filters: &Form<CatalogFilters>) -> AnyView {
    let CatalogFilters { days, together, left, .. } = &filters.values;
    view! {
        <div class="filter-switches">
            {switch("days", "weekends", "Only at weekends", !days.is_empty())}
            {switch("left", "true", "Only with places left", !left.is_empty())}
            {switch("together", "true", "Places side by side", !together.is_empty())}
        </div>
    }
    .into_any()
}

fn switch(name: &'static str, value: &'static str, label: &'static str, is_on: bool) -> AnyView {
    view! {
        <label class="filter-switch" for=name>
            <input type="checkbox" id=name name=name value=value checked=is_on/>
            <span>{label}</span>
        </label>
    }
    .into_any()
}

/// A list to choose from with counts, if it is whole; otherwise a text, for which the most frequent are proposed.
fn name_field(field: Field, choices: &[Counted]) -> AnyView {
    if choices.is_empty() || choices.len() >= Facets::MOST {
        return proposing_field(field, choices.iter().map(|choice| choice.value.clone()).collect());
    }
    let chosen = |counted: &&Counted| name_to_find(&counted.value) == name_to_find(field.value.trim());
    let value = choices.iter().find(chosen).map_or_else(|| field.value.clone(), |counted| counted.value.clone());
    let choices = any_of(choices.iter().map(counted).collect(), &value);
    select_field(Field { value, ..field }, choices)
}

/// What there is to choose, behind "any", and before what was chosen if it is none of these.
fn any_of(known: Vec<Choice>, chosen: &str) -> Vec<Choice> {
    let is_known = chosen.is_empty() || known.iter().any(|choice| choice.value == chosen);
    let chosen = (!is_known).then(|| choice(chosen, chosen.to_owned()));
    std::iter::once(choice("", "Any".to_owned())).chain(known).chain(chosen).collect()
}

fn currencies(page: &CatalogPage) -> Vec<Choice> {
    let counted: Vec<Choice> = page.choices.currencies.iter().map(counted).collect();
    let known = if counted.is_empty() {
        page.currencies.iter().map(|code| choice(code, code.clone())).collect()
    } else {
        counted
    };
    any_of(known, &page.filters.values.currency)
}

fn counted(Counted { value, count }: &Counted) -> Choice {
    choice(value, format!("{value} ({count})"))
}

fn choice(value: &str, label: String) -> Choice {
    Choice { value: value.to_owned(), label }
}

fn filter(filters: &Form<CatalogFilters>, name: &'static str, label: &'static str, value: &str) -> Field {
    Field { name, label, value: value.to_owned(), error: filters.message(name), ..Field::default() }
}
