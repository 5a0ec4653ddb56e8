//! Selling: the form that offers a new ticket.

use leptos::prelude::*;

use crate::components::form::{Form, form_alert};
use crate::components::opened_by::opened_by;
use crate::components::ticket_fields::{TicketChoices, ticket_fields};
use crate::shell::{Shell, document};

/// The form at `/sell` that offers a new ticket, sent to the same path.
///
/// Beside what describes the ticket it carries `idempotency_key` and `for`, hidden.
#[derive(Clone, Debug, Default)]
pub struct SellPage {
    /// What every page knows.
    pub shell: Shell,
    /// The ticket to offer.
    pub form: Form<TicketValues>,
    /// The codes of the currencies to choose from.
    pub currencies: Vec<String>,
    /// The categories that are proposed; any other may be typed.
    pub categories: Vec<String>,
    /// Makes sending the form twice offer one ticket.
    pub idempotency_key: String,
}

/// What describes a ticket, as it is typed; an empty text means none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TicketValues {
    /// What it is for.
    pub title: String,
    /// More about it.
    pub description: String,
    /// Where it takes place: the house.
    pub venue: String,
    /// Where it takes place: the town.
    pub city: String,
    /// What kind of event it is.
    pub category: String,
    /// When it begins, in UTC unless it says otherwise: `2026-12-01T19:30`; sent as `startsAt`.
    pub starts_at: String,
    /// What one costs, a decimal of major units: `12.50`.
    pub price: String,
    /// The code of the price's currency.
    pub currency: String,
    /// How many are offered.
    pub quantity: String,
    /// The most that one buyer may have; empty leaves it to the marketplace.
    pub max_per_buyer: String,
}

/// Renders the form that offers a new ticket.
#[must_use]
pub fn sell_page(page: SellPage) -> String {
    let title = page.form.title("Sell a ticket");
    let choices = TicketChoices { currencies: page.currencies, categories: page.categories };
    let content = view! {
        <div class="narrow">
            <h1 class="title">"Sell a ticket"</h1>
            {form_alert(&page.form)}
            <form class="form panel" method="post" action="/sell">
                <input type="hidden" name="idempotency_key" value=page.idempotency_key/>
                {opened_by(page.shell.account())}
                {ticket_fields(&page.form, choices)}
                <button class="button button-primary" type="submit">"Offer ticket"</button>
            </form>
        </div>
    };
    document(page.shell, &title, content)
}
