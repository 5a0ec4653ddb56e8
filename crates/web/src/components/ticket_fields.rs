//! The fields that describe a ticket, for selling and for editing.

use leptos::prelude::*;

use super::field::{Choice, Field, Kind, area_field, input_field, proposing_field, select_field};
use super::form::Form;

/// The fields of a ticket as typed; an empty text means none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TicketValues {
    /// The title.
    pub title: String,
    /// The description.
    pub description: String,
    /// The venue.
    pub venue: String,
    /// The city.
    pub city: String,
    /// The kind of event.
    pub category: String,
    /// When the event starts, on the clocks of the place: `2026-12-01T19:30`; sent as `startsAt`.
    pub starts_at: String,
    /// The IANA name of the time zone of the place; sent as `timeZone`.
    pub time_zone: String,
    /// When sales end, likewise; sent as `salesEndAt`.
    pub sales_end_at: String,
    /// Where one sits or stands.
    pub section: String,
    /// The row.
    pub row: String,
    /// The seats.
    pub seats: String,
    /// Whether all places are side by side.
    pub together: bool,
    /// The price of one place, a decimal in major units: `12.50`.
    pub price: String,
    /// The currency code of the price.
    pub currency: String,
    /// The number of places.
    pub quantity: String,
    /// The most places per buyer; empty leaves it to the marketplace.
    pub max_per_buyer: String,
}

/// The choices of a seller.
#[derive(Debug)]
pub(crate) struct TicketChoices {
    pub(crate) currencies: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) time_zones: Vec<String>,
}

pub(crate) fn ticket_fields(form: &Form<TicketValues>, choices: TicketChoices) -> AnyView {
    let description = Field {
        name: "description",
        label: "Description (optional)",
        value: form.values.description.clone(),
        error: form.message("description"),
        maxlength: Some("4000"),
        ..Field::default()
    };
    let category = optional(form, "category", "Category (optional)", &form.values.category);
    let schedule = schedule_fields(form, choices.time_zones);
    let offer = offer(form, choices.currencies);
    view! {
        {schedule}
        {proposing_field(category, choices.categories)}
        {area_field(description)}
        {offer}
    }
    .into_any()
}

/// What, where and when.
pub(crate) fn schedule_fields(form: &Form<TicketValues>, time_zones: Vec<String>) -> AnyView {
    let values = &form.values;
    let title = Field { required: true, ..optional(form, "title", "Title", &values.title) };
    let venue = optional(form, "venue", "Venue (optional)", &values.venue);
    let city = optional(form, "city", "City (optional)", &values.city);
    let starts_at = Field {
        hint: Some("On the clocks of the place."),
        ..optional(form, "startsAt", "Starts (optional)", &values.starts_at)
    };
    let zone = Field {
        hint: Some("Of the place, such as Europe/London. Needed with a start."),
        ..optional(form, "timeZone", "Time zone", &values.time_zone)
    };
    let sales_end_at = Field {
        hint: Some("Until the event starts, if you leave it empty."),
        ..optional(form, "salesEndAt", "Sales end (optional)", &values.sales_end_at)
    };
    view! {
        {input_field(Kind::Text, title)}
        <div class="field-row">{input_field(Kind::Text, venue)} {input_field(Kind::Text, city)}</div>
        <div class="field-row">{input_field(Kind::DateTime, starts_at)} {proposing_field(zone, time_zones)}</div>
        {input_field(Kind::DateTime, sales_end_at)}
        {seating_fields(form)}
    }
    .into_any()
}

fn seating_fields(form: &Form<TicketValues>) -> AnyView {
    let values = &form.values;
    let section = optional(form, "section", "Section (optional)", &values.section);
    let row = optional(form, "row", "Row (optional)", &values.row);
    let seats = optional(form, "seats", "Seats (optional)", &values.seats);
    let together = values.together;
    view! {
        <div class="field-row field-row-3">
            {input_field(Kind::Text, section)} {input_field(Kind::Text, row)} {input_field(Kind::Text, seats)}
        </div>
        <label class="choice" for="together">
            <input type="checkbox" id="together" name="together" value="true" checked=together/>
            <span class="choice-label">"All places are side by side"</span>
        </label>
    }
    .into_any()
}

fn optional(form: &Form<TicketValues>, name: &'static str, label: &'static str, value: &str) -> Field {
    let (value, error) = (value.to_owned(), form.message(name));
    Field { name, label, value, error, maxlength: max_length(name), ..Field::default() }
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
    let price = Field { hint: Some("Per place, such as 12.50."), ..required("price", "Price", &form.values.price) };
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
        "title" | "venue" | "seats" => Some("120"),
        "section" => Some("60"),
        "row" => Some("20"),
        "city" => Some("80"),
        "category" => Some("40"),
        _ => None,
    }
}
