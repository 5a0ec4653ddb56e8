//! Editing: the form for selling with the ticket's values, and withdrawing.

use leptos::prelude::*;

use crate::components::form::{Form, form_alert};
use crate::components::opened_by::opened_by;
use crate::components::ticket_fields::{TicketChoices, TicketValues, ticket_fields};
use crate::format::ticket_address;
use crate::shell::{Shell, document};

/// The form at `/tickets/{id}/edit` that changes a ticket, sent to the same path.
///
/// It carries hidden `version`, the version that the seller saw, and `for`.
/// A link leads to the page that asks before the ticket is withdrawn.
#[derive(Clone, Debug, Default)]
pub struct EditPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// Its id, part of its address.
    pub id: String,
    /// The edited version.
    pub version: u64,
    /// The ticket's current or typed values.
    pub form: Form<TicketValues>,
    /// The codes of the currencies to choose from.
    pub currencies: Vec<String>,
    /// Suggested categories; any other may be typed.
    pub categories: Vec<String>,
    /// Suggested time zones; any other may be typed.
    pub time_zones: Vec<String>,
    /// How many places are held or sold.
    pub taken: u32,
    /// Whether it is already withdrawn, which hides that link.
    pub withdrawn: bool,
}

/// Renders the form that changes a ticket.
#[must_use]
pub fn edit_page(page: EditPage) -> String {
    let title = page.form.title("Edit ticket");
    let withdraw = (!page.withdrawn).then(|| withdraw_link(&page));
    let choices =
        TicketChoices { currencies: page.currencies, categories: page.categories, time_zones: page.time_zones };
    let sold = (page.taken > 0).then(|| sold(&page.shell, &page.id));
    let content = view! {
        <div class="narrow">
            <h1 class="title">"Edit ticket"</h1>
            <p class="muted">{taken(page.taken)}</p>
            {sold}
            {form_alert(&page.form)}
            <form class="form panel" method="post" action=page.shell.base.at(&format!("/tickets/{}/edit", page.id))>
                <input type="hidden" name="version" value=page.version/>
                {opened_by(page.shell.account())}
                {ticket_fields(&page.form, choices)}
                <div class="actions">
                    <button class="button button-primary" type="submit">"Save changes"</button>
                    <a class="button" href=page.shell.base.at(&ticket_address(&page.id))>"View ticket"</a>
                </div>
            </form>
            {withdraw}
        </div>
    };
    document(page.shell, &title, content)
}

/// What, where and when stay as they were sold, but for two ways that tell the buyers.
fn sold(shell: &Shell, id: &str) -> AnyView {
    let address = |way: &str| shell.base.at(&format!("{}/{way}", ticket_address(id)));
    view! {
        <p>
            "What, where and when stay as they were sold. You can "
            <a class="link" href=address("reschedule")>"reschedule the event"</a> " or "
            <a class="link" href=address("call-off")>"call it off"</a> "."
        </p>
    }
    .into_any()
}

fn taken(taken: u32) -> String {
    match taken {
        0 => "None is held or sold yet.".to_owned(),
        1 => "1 is held or sold. The quantity cannot go below 1.".to_owned(),
        _ => format!("{taken} are held or sold. The quantity cannot go below {taken}."),
    }
}

fn withdraw_link(page: &EditPage) -> AnyView {
    let address = page.shell.base.at(&format!("/tickets/{}/withdraw", page.id));
    view! {
        <section class="panel" aria-labelledby="withdraw">
            <h2 class="subtitle" id="withdraw">"Withdraw"</h2>
            <p class="muted">"Nobody can order it any more. Orders already placed go on."</p>
            <a class="button button-danger" href=address>"Withdraw ticket"</a>
        </section>
    }
    .into_any()
}
