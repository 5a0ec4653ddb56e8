//! What is held for the viewer until they pay, shown on every page.

use leptos::prelude::*;

use super::time::moment;
use crate::format::order_address;
use crate::shell::Shell;

/// An order that awaits payment: of several, the one whose time ends first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldOrder {
    /// Its id, part of its address: `/orders/{id}`.
    pub id: String,
    /// The id of its ticket.
    pub ticket_id: String,
    /// The title of its ticket.
    pub ticket_title: String,
    /// The number of places.
    pub quantity: u32,
    /// The deadline: RFC 3339 in UTC.
    pub pay_by: String,
    /// The server's time: RFC 3339 in UTC.
    pub now: String,
}

/// Says what is held and for how long, but not on the pages of the order itself.
pub(crate) fn held_bar(shell: &Shell) -> Option<impl IntoView + use<>> {
    let held = shell.held.clone()?;
    let address = order_address(&held.id);
    if shell.path.starts_with(&address) {
        return None;
    }
    let places = format!("{} × ", held.quantity);
    let end = held.pay_by.clone();
    Some(view! {
        <aside class="held" aria-label="Held for you" data-countdown=end data-now=held.now>
            <p class="held-row">
                <a class="link" href=shell.base.at(&address)>{places} <bdi>{held.ticket_title}</bdi></a>
                <span>"held for you until " {moment(held.pay_by)}</span>
                <strong class="countdown-left" data-countdown-left="" role="timer"></strong>
            </p>
            <p class="sr-only" data-countdown-note="" role="status"></p>
        </aside>
    })
}
