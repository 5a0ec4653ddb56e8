//! An order and its state.

use leptos::prelude::*;

use crate::components::badge::{OrderStatus, order_badge};
use crate::components::order_facts::order_facts;
use crate::format::{Money, order_address, ticket_address};
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
}

/// The facts of an order.
#[derive(Clone, Debug, Default)]
pub struct OrderSummary {
    /// Its id, part of its address: `/orders/{id}`.
    pub id: String,
    /// The ticket's id, part of its address: `/tickets/{id}`.
    pub ticket_id: String,
    /// The title of the ticket.
    pub ticket_title: String,
    /// The number of places.
    pub quantity: u32,
    /// The price of one place.
    pub price: Money,
    /// The total price.
    pub total: Money,
    /// When it was ordered: RFC 3339 in UTC.
    pub placed_at: String,
}

/// Renders an order.
#[must_use]
pub fn order_page(page: OrderPage) -> String {
    let base = &page.shell.base;
    let again = base.at(&ticket_address(&page.order.ticket_id));
    let here = base.at(&order_address(&page.order.id));
    let content = view! {
        <div class="narrow">
            <div class="title-row"><h1 class="title">"Order"</h1> {order_badge(page.status)}</div>
            <section class="panel" aria-label="Order">
                <p class="lead">{outcome(page.status)}</p>
                {order_facts(page.order, base)}
                <div class="actions">
                    {next_step(page.status, here, again)}
                    <a class="button" href=base.at("/orders")>"My orders"</a>
                </div>
            </section>
        </div>
    };
    document(page.shell, "Order", content)
}

const fn outcome(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::AwaitingPayment => "Your payment is being confirmed. You are charged once at most.",
        OrderStatus::Completed => "Paid. The tickets are yours.",
        OrderStatus::Cancelled => "You cancelled this order. A payment made for it is given back.",
        OrderStatus::Expired => "It was not paid in time. A payment made for it is given back.",
    }
}

fn next_step(status: OrderStatus, here: String, again: String) -> Option<AnyView> {
    match status {
        OrderStatus::Completed => None,
        OrderStatus::AwaitingPayment => {
            Some(view! { <a class="button button-primary" href=here>"Check again"</a> }.into_any())
        }
        OrderStatus::Cancelled | OrderStatus::Expired => {
            Some(view! { <a class="button button-primary" href=again>"See the ticket"</a> }.into_any())
        }
    }
}
