//! Asking before something that cannot be undone.

use leptos::prelude::*;

use crate::components::opened_by::opened_by;
use crate::components::order_facts::{OrderSummary, order_facts};
use crate::format::{cancel_address, device_name, give_back_address, order_address, ticket_address};
use crate::shell::{Shell, document};

/// A page that asks before something that cannot be undone, at the address that its form is sent to.
///
/// Its form carries hidden `for`, and `version` where a ticket is withdrawn.
#[derive(Clone, Debug)]
pub struct AskPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// What is asked.
    pub question: Question,
}

/// What is asked before it is done.
#[derive(Clone, Debug)]
pub enum Question {
    /// Whether to cancel an order, at `/orders/{id}/cancel`.
    CancelOrder(Box<OrderSummary>),
    /// Whether to give a paid order back, at `/orders/{id}/give-back`.
    GiveBack(Box<OrderSummary>),
    /// Whether to withdraw a ticket, at `/tickets/{id}/withdraw`.
    WithdrawTicket {
        /// Its id, part of its address.
        id: String,
        /// Its title.
        title: String,
        /// The version that is shown.
        version: u64,
        /// How many places are held or sold.
        taken: u32,
    },
    /// Whether to call an event off, at `/tickets/{id}/call-off`.
    CallOff {
        /// The ticket's id, part of its address.
        id: String,
        /// The version that the seller saw.
        version: u64,
        /// The title of the ticket.
        title: String,
    },
    /// Whether to end a session, at `/account/sessions/{id}/revoke`.
    RevokeSession {
        /// Its id, part of its address.
        id: String,
        /// The `User-Agent` of its browser.
        device: String,
    },
    /// Whether to end every session but this one, at `/account/sessions/revoke`.
    RevokeOtherSessions {
        /// How many there are.
        count: usize,
    },
}

/// A question in words.
struct Words {
    title: &'static str,
    consequence: String,
    /// The address of its form.
    action: String,
    yes: &'static str,
    no: &'static str,
    /// Where a reader who says no goes back to.
    back: String,
}

/// Renders a page that asks.
#[must_use]
pub fn ask_page(page: AskPage) -> String {
    let Words { title, consequence, action, yes, no, back } = words(&page.question);
    let base = &page.shell.base;
    let version = match page.question {
        Question::WithdrawTicket { version, .. } | Question::CallOff { version, .. } => Some(version),
        _ => None,
    };
    let order = match page.question {
        Question::CancelOrder(order) | Question::GiveBack(order) => Some(order_facts(*order, base)),
        _ => None,
    };
    let content = view! {
        <div class="narrow">
            <h1 class="title">{title}</h1>
            <section class="panel" aria-label="Question">
                <p class="lead" dir="auto">{consequence}</p>
                {order}
                <form class="actions" method="post" action=base.at(&action)>
                    {version.map(|version| view! { <input type="hidden" name="version" value=version/> })}
                    {opened_by(page.shell.account())}
                    <button class="button button-danger" type="submit">{yes}</button>
                    <a class="button" href=base.at(&back)>{no}</a>
                </form>
            </section>
        </div>
    };
    document(page.shell, title, content)
}

fn words(question: &Question) -> Words {
    match question {
        Question::CancelOrder(order) => Words {
            title: "Cancel this order?",
            consequence: "Its places go back on sale at once, and you may not get them again.".to_owned(),
            action: cancel_address(&order.id),
            yes: "Cancel order",
            no: "Keep order",
            back: order_address(&order.id),
        },
        Question::GiveBack(order) => Words {
            title: "Give these tickets back?",
            consequence: "They let nobody in from then on, their places go back on sale, and the whole price is refunded. This cannot be undone."
                .to_owned(),
            action: give_back_address(&order.id),
            yes: "Give back for a refund",
            no: "Keep tickets",
            back: order_address(&order.id),
        },
        Question::CallOff { id, title, .. } => Words {
            title: "Call off this event?",
            consequence: format!(
                "Nobody can order “{title}” any more, open orders end, and every paid order is refunded in full. This cannot be undone."
            ),
            action: format!("/tickets/{id}/call-off"),
            yes: "Call it off",
            no: "Keep it",
            back: ticket_address(id),
        },
        Question::WithdrawTicket { id, title, taken, .. } => Words {
            title: "Withdraw this ticket?",
            consequence: format!("Nobody can order “{title}” any more, and this cannot be undone. {}", kept(*taken)),
            action: format!("/tickets/{id}/withdraw"),
            yes: "Withdraw ticket",
            no: "Keep on sale",
            back: format!("/tickets/{id}/edit"),
        },
        Question::RevokeSession { id, device } => Words {
            title: "Sign out this device?",
            consequence: format!("{} has to sign in again.", device_name(device)),
            action: format!("/account/sessions/{id}/revoke"),
            yes: "Sign out",
            no: "Stay signed in",
            back: "/account".to_owned(),
        },
        Question::RevokeOtherSessions { count } => revoke_others(*count),
    }
}

fn revoke_others(count: usize) -> Words {
    Words {
        title: "Sign out everywhere else?",
        consequence: format!("This device stays signed in. {}", others(count)),
        action: "/account/sessions/revoke".to_owned(),
        yes: "Sign out everywhere else",
        no: "Stay signed in",
        back: "/account".to_owned(),
    }
}

fn kept(taken: u32) -> String {
    match taken {
        0 => "None is held or sold.".to_owned(),
        1 => "The order already placed goes on.".to_owned(),
        _ => "Orders already placed go on.".to_owned(),
    }
}

fn others(count: usize) -> String {
    match count {
        1 => "One other device has to sign in again.".to_owned(),
        _ => format!("{count} other devices have to sign in again."),
    }
}
