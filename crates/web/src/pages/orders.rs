//! A buyer's orders.

use leptos::prelude::*;

use crate::base::Base;
use crate::components::badge::{OrderStatus, order_badge};
use crate::components::money::money;
use crate::components::pagination::{Paging, numbered, page_links};
use crate::components::time::moment;
use crate::format::{Money, order_address};
use crate::shell::{Shell, document};

/// A buyer's orders at `/orders`.
#[derive(Clone, Debug, Default)]
pub struct OrdersPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// The orders, in order.
    pub orders: Vec<OrderRow>,
    /// Which page of the list this is.
    pub paging: Paging,
}

/// An order in the list.
#[derive(Clone, Debug, Default)]
pub struct OrderRow {
    /// Its id, part of its address: `/orders/{id}`.
    pub id: String,
    /// The title of the ticket.
    pub ticket_title: String,
    /// The number of places.
    pub quantity: u32,
    /// The total price.
    pub total: Money,
    /// When it was ordered: RFC 3339 in UTC.
    pub placed_at: String,
    /// The state of the order.
    pub status: OrderStatus,
}

/// Renders a buyer's orders.
#[must_use]
pub fn orders_page(page: OrdersPage) -> String {
    let base = &page.shell.base;
    let (title, links) = (numbered("My tickets", &page.paging), page_links(&page.paging, base, "/orders", &[]));
    let content = view! {
        <h1 class="title">"My tickets"</h1>
        {orders(page.orders, base)}
        {links}
    };
    document(page.shell, &title, content)
}

fn orders(orders: Vec<OrderRow>, base: &Base) -> AnyView {
    if orders.is_empty() {
        return view! {
            <div class="empty">
                <p>"You have no tickets yet."</p>
                <p><a class="link" href=base.at("/")>"Browse tickets"</a></p>
            </div>
        }
        .into_any();
    }
    let rows = orders.into_iter().map(|order| row(order, base)).collect_view();
    view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Ticket"</th>
                    <th scope="col">"Status"</th>
                    <th scope="col" class="number">"Quantity"</th>
                    <th scope="col" class="number">"Total"</th>
                    <th scope="col"><span class="sr-only">"Actions"</span></th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row(order: OrderRow, base: &Base) -> impl IntoView + use<> {
    let address = base.at(&order_address(&order.id));
    let pay_label = format!("Pay for {}", order.ticket_title);
    let pay = (order.status == OrderStatus::AwaitingPayment).then(|| {
        let address = address.clone();
        view! { <a class="button button-small button-primary" href=address aria-label=pay_label>"Pay"</a> }
    });
    view! {
        <tr>
            <th scope="row">
                <a class="link" href=address dir="auto">{order.ticket_title}</a>
                <span class="row-note">{moment(order.placed_at)}</span>
            </th>
            <td>{order_badge(order.status)}</td>
            <td class="number" data-label="Quantity">{order.quantity}</td>
            <td class="number" data-label="Total">{money(order.total)}</td>
            <td class="row-action">{pay}</td>
        </tr>
    }
}
