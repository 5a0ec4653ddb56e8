//! Selling: the form that offers a new ticket.

use leptos::prelude::*;

use crate::components::form::{Form, form_alert};
use crate::components::opened_by::opened_by;
use crate::components::ticket_fields::{TicketChoices, TicketValues, ticket_fields};
use crate::components::unconfirmed::{UNTIL_SOLD, unconfirmed_hint};
use crate::shell::{Shell, document};

/// The form at `/sell` that offers a new ticket, sent to the same path.
///
/// Beside the fields of the ticket it carries hidden `idempotency_key` and `for`.
#[derive(Clone, Debug, Default)]
pub struct SellPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// Whether the seller's address is to be confirmed first.
    pub is_unconfirmed: bool,
    /// The values of the form.
    pub form: Form<TicketValues>,
    /// The codes of the currencies to choose from.
    pub currencies: Vec<String>,
    /// Suggested categories; any other may be typed.
    pub categories: Vec<String>,
    /// Suggested time zones; any other may be typed.
    pub time_zones: Vec<String>,
    /// The idempotency key of the form.
    pub idempotency_key: String,
}

/// Renders the form that offers a new ticket.
#[must_use]
pub fn sell_page(page: SellPage) -> String {
    let title = page.form.title("Sell a ticket");
    let choices =
        TicketChoices { currencies: page.currencies, categories: page.categories, time_zones: page.time_zones };
    let content = view! {
        <div class="narrow">
            <h1 class="title">"Sell a ticket"</h1>
            {page.is_unconfirmed.then(|| unconfirmed_hint(&page.shell, UNTIL_SOLD))}
            {form_alert(&page.form)}
            <form class="form panel" method="post" action=page.shell.base.at("/sell") data-own-zone="">
                <input type="hidden" name="idempotency_key" value=page.idempotency_key/>
                {opened_by(page.shell.account())}
                {ticket_fields(&page.form, choices)}
                <button class="button button-primary" type="submit">"Offer ticket"</button>
            </form>
        </div>
    };
    document(page.shell, &title, content)
}
