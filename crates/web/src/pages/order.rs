//! An order and its state.

use leptos::prelude::*;

use crate::components::badge::{OrderStatus, RefundCause, order_badge};
use crate::components::money::money;
use crate::components::new_event::{NewEvent, new_event};
use crate::components::order_facts::{OrderSummary, order_facts};
use crate::components::passes::{PassView, passes};
use crate::components::time::moment;
use crate::format::{Money, give_back_address, order_address, ticket_address};
use crate::shell::{Shell, document};

/// An order at `/orders/{id}` that needs no further action from its buyer.
///
/// An order that awaits payment has a separate page: `CheckoutPage`. Shown here,
/// it says that the payment is being confirmed.
#[derive(Clone, Debug, Default)]
pub struct OrderPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// What was ordered.
    pub order: OrderSummary,
    /// The state of the order.
    pub status: OrderStatus,
    /// What the event is now, if that is not what was ordered.
    pub new_event: Option<NewEvent>,
    /// What became of money that was paid for an order that is over.
    pub refund: Refund,
    /// The passes of a paid order; none while they are being issued.
    pub passes: Vec<PassView>,
    /// Whether passes should have been here before now: then the page does not say that they will appear.
    pub passes_are_late: bool,
}

/// What becomes of money that was paid for an order that is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Refund {
    /// It is not known whether any was paid.
    #[default]
    Unknown,
    /// None was paid.
    None,
    /// This much is on its way back.
    UnderWay(Money),
    /// It went back.
    Done {
        /// How much.
        amount: Money,
        /// When, as far as that is known: RFC 3339 in UTC.
        at: Option<String>,
    },
}

/// Renders an order.
#[must_use]
pub fn order_page(page: OrderPage) -> String {
    let base = &page.shell.base;
    let again = base.at(&ticket_address(&page.order.ticket_id));
    let here = base.at(&order_address(&page.order.id));
    let give_back = base.at(&give_back_address(&page.order.id));
    let title = format!("{}: {}", heading(page.status), page.order.ticket_title);
    let calendar = page.order.starts_at.is_some() && page.status == OrderStatus::Completed;
    let calendar = calendar.then(|| calendar_link(base.at(&format!("{}/calendar.ics", order_address(&page.order.id)))));
    let issued = issued(page.status, page.passes, page.passes_are_late);
    let content = view! {
        <div class="narrow">
            <div class="title-row"><h1 class="title">"Order"</h1> {order_badge(page.status)}</div>
            <section class="panel" aria-label="Order">
                <p class="lead">{outcome(page.status)} {refund(page.status, page.refund)}</p>
                {page.new_event.map(|event| rescheduled(event, give_back))}
                {order_facts(page.order, base)}
                <div class="actions">
                    {next_step(page.status, here, again)}
                    <a class="button" href=base.at("/orders")>"My tickets"</a>
                </div>
            </section>
            {calendar}
            {issued}
        </div>
    };
    document(page.shell, &title, content)
}

fn calendar_link(address: String) -> impl IntoView {
    view! { <p><a class="link" href=address download="">"Add to your calendar"</a></p> }
}

fn issued(status: OrderStatus, issued: Vec<PassView>, are_late: bool) -> Option<AnyView> {
    let notice = |text: &'static str| view! { <p class="message" data-kind="notice">{text}</p> }.into_any();
    match (status, are_late) {
        _ if !issued.is_empty() => Some(passes(issued)),
        (OrderStatus::Completed, false) => Some(notice("Your tickets are being issued. They appear on this page.")),
        (OrderStatus::Completed, true) => Some(notice(
            "Your tickets are paid for, but cannot be shown right now. Open this page again in a few minutes.",
        )),
        _ => None,
    }
}

const fn heading(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::AwaitingPayment => "Payment under way",
        OrderStatus::Completed => "Paid",
        OrderStatus::Cancelled => "Cancelled",
        OrderStatus::Expired => "The time to pay is over",
        OrderStatus::CalledOff => "Called off",
        OrderStatus::Refunded(_) => "Refunded",
    }
}

fn rescheduled(event: NewEvent, give_back: String) -> AnyView {
    let offer = event.may_give_back.then(|| {
        view! {
            <p>"You may keep your tickets, or give them back for a full refund until the event begins."</p>
            <p><a class="button" href=give_back>"Give back for a refund"</a></p>
        }
        .into_any()
    });
    new_event(event, offer)
}

const fn outcome(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::AwaitingPayment => {
            "Your payment is under way, and you are charged once at most. This page looks again by itself."
        }
        OrderStatus::Completed => "Paid. The tickets are yours.",
        OrderStatus::Cancelled => "You cancelled this order.",
        OrderStatus::Expired => "It was not paid in time, so its places are no longer held for you.",
        OrderStatus::CalledOff => "The event was called off before you paid.",
        OrderStatus::Refunded(RefundCause::CalledOff) => {
            "The event was called off, so this order was refunded: its tickets let nobody in."
        }
        OrderStatus::Refunded(RefundCause::ByBuyer) => "You gave these tickets back.",
        OrderStatus::Refunded(RefundCause::BySeller) => {
            "The seller refunded this order: the tickets are no longer yours."
        }
        OrderStatus::Refunded(RefundCause::Unknown) => "This order was refunded: the tickets are no longer yours.",
    }
}

fn refund(status: OrderStatus, refund: Refund) -> Option<AnyView> {
    let text = |text: &'static str| Some(text.into_any());
    match (status, refund) {
        (OrderStatus::AwaitingPayment | OrderStatus::Completed, _) => None,
        (OrderStatus::Refunded(_), Refund::Unknown | Refund::None) => text(" Your money is on its way back."),
        (_, Refund::None) => text(" Nothing was charged."),
        (_, Refund::Unknown) => text(" A payment made for it is given back."),
        (_, Refund::UnderWay(amount)) => Some(view! { " " {money(amount)} " is on its way back to you." }.into_any()),
        (_, Refund::Done { amount, at }) => {
            let at = at.map(|at| view! { " on " {moment(at)} });
            Some(view! { " " {money(amount)} " went back to you" {at} "." }.into_any())
        }
    }
}

fn next_step(status: OrderStatus, here: String, again: String) -> Option<AnyView> {
    match status {
        OrderStatus::Completed => None,
        OrderStatus::AwaitingPayment => {
            Some(view! { <a class="button button-primary" href=here>"Check again"</a> }.into_any())
        }
        // Nobody can order what does not take place.
        OrderStatus::CalledOff | OrderStatus::Refunded(RefundCause::CalledOff) => None,
        OrderStatus::Cancelled | OrderStatus::Expired | OrderStatus::Refunded(_) => {
            Some(view! { <a class="button button-primary" href=again>"Order again"</a> }.into_any())
        }
    }
}
