//! The fields that describe a ticket, for selling and for editing.

use leptos::prelude::*;

use super::field::{Choice, Field, Kind, area_field, input_field, proposing_field, select_field};
use super::form::Form;
use crate::pages::sell::TicketValues;

/// The choices of a seller.
#[derive(Debug)]
pub(crate) struct TicketChoices {
    pub(crate) currencies: Vec<String>,
    pub(crate) categories: Vec<String>,
}

pub(crate) fn ticket_fields(form: &Form<TicketValues>, choices: TicketChoices) -> AnyView {
    let about = about(form);
    let event = event(form, choices.categories);
    let offer = offer(form, choices.currencies);
    view! { {about} {event} {offer} }.into_any()
}

fn about(form: &Form<TicketValues>) -> AnyView {
    let title = Field {
        name: "title",
        label: "Title",
        value: form.values.title.clone(),
        error: form.message("title"),
        required: true,
        maxlength: Some("120"),
        ..Field::default()
    };
    let description = Field {
        name: "description",
        label: "Description (optional)",
        value: form.values.description.clone(),
        error: form.message("description"),
        maxlength: Some("4000"),
        ..Field::default()
    };
    view! { {input_field(Kind::Text, title)} {area_field(description)} }.into_any()
}

fn event(form: &Form<TicketValues>, categories: Vec<String>) -> AnyView {
    let optional = |name, label, value: &str| Field {
        name,
        label,
        value: value.to_owned(),
        error: form.message(name),
        maxlength: max_length(name),
        ..Field::default()
    };
    let starts_at = optional("startsAt", "Starts, in UTC (optional)", &form.values.starts_at);
    let venue = optional("venue", "Venue (optional)", &form.values.venue);
    let city = optional("city", "City (optional)", &form.values.city);
    let category = optional("category", "Category (optional)", &form.values.category);
    view! {
        <div class="field-row">{input_field(Kind::Text, venue)} {input_field(Kind::Text, city)}</div>
        <div class="field-row">
            {proposing_field(category, categories)}
            {input_field(Kind::DateTime, starts_at)}
        </div>
    }
    .into_any()
}

fn offer(form: &Form<TicketValues>, currencies: Vec<String>) -> AnyView {
    let required = |name, label, value: &str| Field {
        name,
        label,
        value: value.to_owned(),
        error: form.message(name),
        required: true,
        ..Field::default()
    };
    let price = Field { hint: Some("For one, such as 12.50."), ..required("price", "Price", &form.values.price) };
    let currency = Field { hint: Some("ISO 4217 code."), ..required("currency", "Currency", &form.values.currency) };
    let quantity =
        Field { hint: Some("Between 1 and 1000."), ..required("quantity", "Quantity", &form.values.quantity) };
    let max_per_buyer = Field {
        hint: Some("The most that one buyer may have, if you want a limit of your own."),
        required: false,
        ..required("maxPerBuyer", "Places per buyer (optional)", &form.values.max_per_buyer)
    };
    let currencies = currencies.into_iter().map(|code| Choice { value: code.clone(), label: code }).collect();
    view! {
        <div class="field-row field-row-3">
            {input_field(Kind::Decimal, price)}
            {select_field(currency, currencies)}
            {input_field(Kind::Count(1000), quantity)}
        </div>
        {input_field(Kind::Count(1000), max_per_buyer)}
    }
    .into_any()
}

fn max_length(name: &str) -> Option<&'static str> {
    match name {
        "venue" => Some("120"),
        "city" => Some("80"),
        "category" => Some("40"),
        _ => None,
    }
}
