//! What a ticket sold: money, places and orders.

use leptos::prelude::*;

use crate::components::badge::{OrderStatus, order_badge};
use crate::components::money::money;
use crate::components::pagination::{Paging, numbered, page_links};
use crate::components::time::moment;
use crate::format::{Money, door_address, sales_address, ticket_address};
use crate::shell::{Shell, document};

/// The sales of a ticket at `/tickets/{id}/sales`, for its seller.
#[derive(Clone, Debug, Default)]
pub struct SalesPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// The ticket's id, part of the address.
    pub id: String,
    /// The title of the ticket.
    pub title: String,
    /// What all orders come to, one for each currency.
    pub totals: Vec<SalesTotal>,
    /// The orders, in order.
    pub orders: Vec<SaleRow>,
    /// Which page of the list this is.
    pub paging: Paging,
}

/// What the orders of a ticket come to in one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SalesTotal {
    /// Places of buyers who have not paid yet.
    pub held: u64,
    /// Places that are paid.
    pub sold: u64,
    /// Places that were paid and given back.
    pub refunded: u64,
    /// All that was paid.
    pub taken: Money,
    /// What was paid back of it.
    pub paid_back: Money,
    /// What is left for the seller.
    pub due: Money,
}

/// An order as the seller sees it.
#[derive(Clone, Debug, Default)]
pub struct SaleRow {
    /// Its id.
    pub id: String,
    /// The end of the buyer's id.
    pub buyer: String,
    /// The state of the order.
    pub status: OrderStatus,
    /// The number of places.
    pub quantity: u32,
    /// The total price.
    pub total: Money,
    /// When it was ordered: RFC 3339 in UTC.
    pub placed_at: String,
    /// When it was paid or ended: RFC 3339 in UTC.
    pub settled_at: Option<String>,
}

/// Renders the sales of a ticket.
#[must_use]
pub fn sales_page(page: SalesPage) -> String {
    let base = &page.shell.base;
    let here = sales_address(&page.id);
    let title = numbered(&format!("Sales: {}", page.title), &page.paging);
    let links = page_links(&page.paging, base, &here, &[]);
    let [ticket, door] = [ticket_address(&page.id), door_address(&page.id)].map(|address| base.at(&address));
    let content = view! {
        <div class="title-row">
            <h1 class="title" dir="auto">{page.title}</h1>
            <a class="button" href=base.at(&format!("{here}.csv")) download="">"Download CSV"</a>
        </div>
        {page.totals.into_iter().map(total).collect_view()}
        {orders(page.orders)}
        {links}
        <p class="mt-6"><a class="link" href=ticket>"View ticket"</a> " · " <a class="link" href=door>"Check tickets at the door"</a></p>
    };
    document(page.shell, &title, content)
}

fn total(total: SalesTotal) -> impl IntoView {
    view! {
        <section class="panel" aria-label=format!("Totals in {}", total.due.currency)>
            <dl class="facts">
                {fact("Places sold", total.sold.into_any())}
                {fact("Places held", total.held.into_any())}
                {fact("Places refunded", total.refunded.into_any())}
                {fact("Taken", money(total.taken).into_any())}
                {fact("Refunded", money(total.paid_back).into_any())}
                {fact("Due to you", money(total.due).into_any())}
            </dl>
        </section>
    }
}

fn fact(name: &'static str, value: AnyView) -> impl IntoView {
    view! { <div class="fact"><dt>{name}</dt><dd>{value}</dd></div> }
}

fn orders(orders: Vec<SaleRow>) -> AnyView {
    if orders.is_empty() {
        return view! { <div class="empty"><p>"Nobody has ordered this ticket yet."</p></div> }.into_any();
    }
    let rows = orders.into_iter().map(row).collect_view();
    view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Order"</th>
                    <th scope="col">"Status"</th>
                    <th scope="col">"Buyer"</th>
                    <th scope="col" class="number">"Places"</th>
                    <th scope="col" class="number">"Total"</th>
                    <th scope="col">"Paid or ended"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row(order: SaleRow) -> impl IntoView {
    let label = order.settled_at.is_some().then_some("Paid or ended");
    let id = order.id.get(order.id.len().saturating_sub(8)..).unwrap_or(&order.id).to_owned();
    view! {
        <tr>
            <th scope="row">
                <span title=order.id.clone()>"…" {id}</span>
                <span class="row-note">{moment(order.placed_at)}</span>
            </th>
            <td>{order_badge(order.status)}</td>
            <td data-label="Buyer">"…" {order.buyer}</td>
            <td class="number" data-label="Places">{order.quantity}</td>
            <td class="number" data-label="Total">{money(order.total)}</td>
            <td data-label=label>{order.settled_at.map(moment)}</td>
        </tr>
    }
}
