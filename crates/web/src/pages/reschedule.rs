//! Rescheduling an event that is sold.

use leptos::prelude::*;

use crate::components::form::{Form, form_alert};
use crate::components::opened_by::opened_by;
use crate::components::ticket_fields::{TicketValues, schedule_fields};
use crate::format::ticket_address;
use crate::shell::{Shell, document};

/// The form at `/tickets/{id}/reschedule` that changes the facts of an event, sent to the same path.
///
/// It carries hidden `version`, the version that the seller saw, and `for`.
#[derive(Clone, Debug, Default)]
pub struct ReschedulePage {
    /// What all pages have in common.
    pub shell: Shell,
    /// The ticket's id, part of its address.
    pub id: String,
    /// The version that the seller saw.
    pub version: u64,
    /// The facts as they are, or as typed.
    pub form: Form<TicketValues>,
    /// Suggested time zones; any other may be typed.
    pub time_zones: Vec<String>,
}

/// Renders the form that reschedules an event.
#[must_use]
pub fn reschedule_page(page: ReschedulePage) -> String {
    let title = page.form.title("Reschedule event");
    let here = page.shell.base.at(&format!("{}/reschedule", ticket_address(&page.id)));
    let back = page.shell.base.at(&ticket_address(&page.id));
    let content = view! {
        <div class="narrow">
            <h1 class="title">"Reschedule event"</h1>
            <p class="muted">
                "Buyers keep their tickets, are shown what has changed, and may give them back for a full refund until the event begins."
            </p>
            {form_alert(&page.form)}
            <form class="form panel" method="post" action=here>
                <input type="hidden" name="version" value=page.version/>
                {opened_by(page.shell.account())}
                {schedule_fields(&page.form, page.time_zones)}
                <div class="actions">
                    <button class="button button-primary" type="submit">"Reschedule"</button>
                    <a class="button" href=back>"Keep it as it is"</a>
                </div>
            </form>
        </div>
    };
    document(page.shell, &title, content)
}
