//! A seller's tickets, with held and sold places.

use leptos::prelude::*;

use crate::base::Base;
use crate::components::badge::{TicketStatus, ticket_badge};
use crate::components::event_time::event_time;
use crate::components::money::money;
use crate::components::pagination::{Paging, numbered, page_links};
use crate::format::{EventTime, Money, sales_address, ticket_address};
use crate::shell::{Shell, document};

/// A seller's tickets at `/my/tickets`.
#[derive(Clone, Debug, Default)]
pub struct MyTicketsPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// The tickets, in order.
    pub tickets: Vec<MyTicket>,
    /// Which page of the list this is.
    pub paging: Paging,
}

/// A ticket as its seller sees it.
#[derive(Clone, Debug, Default)]
pub struct MyTicket {
    /// Its id, part of its address.
    pub id: String,
    /// The title.
    pub title: String,
    /// When the event starts.
    pub starts_at: Option<EventTime>,
    /// The price of one place.
    pub price: Money,
    /// How many places are offered.
    pub offered: u32,
    /// How many places are held by buyers who have not paid yet.
    pub held: u32,
    /// How many places are sold.
    pub sold: u32,
    /// Whether it can be ordered.
    pub status: TicketStatus,
}

/// Renders a seller's tickets.
#[must_use]
pub fn my_tickets_page(page: MyTicketsPage) -> String {
    let base = &page.shell.base;
    let (title, links) = (numbered("Selling", &page.paging), page_links(&page.paging, base, "/my/tickets", &[]));
    let content = view! {
        <div class="title-row">
            <h1 class="title">"Selling"</h1>
            <a class="button button-primary" href=base.at("/sell")>"Sell a ticket"</a>
        </div>
        {tickets(page.tickets, base)}
        {links}
    };
    document(page.shell, &title, content)
}

fn tickets(tickets: Vec<MyTicket>, base: &Base) -> AnyView {
    if tickets.is_empty() {
        return view! { <div class="empty"><p>"You are not selling any tickets yet."</p></div> }.into_any();
    }
    let rows = tickets.into_iter().map(|ticket| row(ticket, base)).collect_view();
    view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Ticket"</th>
                    <th scope="col">"Status"</th>
                    <th scope="col" class="number">"Price"</th>
                    <th scope="col" class="number">"Offered"</th>
                    <th scope="col" class="number">"Held"</th>
                    <th scope="col" class="number">"Sold"</th>
                    <th scope="col"><span class="sr-only">"Actions"</span></th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row(ticket: MyTicket, base: &Base) -> impl IntoView + use<> {
    let edit = (ticket.status != TicketStatus::Withdrawn).then(|| edit_link(&ticket, base));
    let sales = base.at(&sales_address(&ticket.id));
    let sales_label = format!("Sales of {}: {} sold", ticket.title, ticket.sold);
    view! {
        <tr>
            <th scope="row">
                <a class="link" href=base.at(&ticket_address(&ticket.id)) dir="auto">{ticket.title}</a>
                {ticket.starts_at.map(|at| view! { <span class="row-note">{event_time(at)}</span> })}
            </th>
            <td>{ticket_badge(ticket.status)}</td>
            <td class="number" data-label="Price">{money(ticket.price)}</td>
            <td class="number" data-label="Offered">{ticket.offered}</td>
            <td class="number" data-label="Held">{ticket.held}</td>
            <td class="number" data-label="Sold">
                <a class="link" href=sales aria-label=sales_label>{ticket.sold}</a>
            </td>
            <td class="row-action">{edit}</td>
        </tr>
    }
}

fn edit_link(ticket: &MyTicket, base: &Base) -> impl IntoView + use<> {
    let address = base.at(&format!("/tickets/{}/edit", ticket.id));
    let label = format!("Edit {}", ticket.title);
    view! { <a class="button button-small" href=address aria-label=label>"Edit"</a> }
}
