//! The facts of an order: ticket, quantity and price.

use leptos::prelude::*;

use super::event_time::event_time;
use super::money::money;
use super::time::moment;
use crate::base::Base;
use crate::format::{EventTime, Money, ticket_address};

/// The facts of an order.
#[derive(Clone, Debug, Default)]
pub struct OrderSummary {
    /// Its id, part of its address: `/orders/{id}`.
    pub id: String,
    /// The ticket's id, part of its address: `/tickets/{id}`.
    pub ticket_id: String,
    /// The title of the ticket.
    pub ticket_title: String,
    /// When the event starts.
    pub starts_at: Option<EventTime>,
    /// Venue and city.
    pub place: Option<String>,
    /// Section, row and seats in one line.
    pub seats: Option<String>,
    /// What its seller was called then, if that was known.
    pub seller_name: Option<String>,
    /// The number of places.
    pub quantity: u32,
    /// The price of one place.
    pub price: Money,
    /// The total price.
    pub total: Money,
    /// When it was ordered: RFC 3339 in UTC.
    pub placed_at: String,
}

pub(crate) fn order_facts(order: OrderSummary, base: &Base) -> AnyView {
    let ticket = base.at(&ticket_address(&order.ticket_id));
    let text = |name: &'static str, text: Option<String>| {
        text.map(|text| view! { <div class="fact"><dt>{name}</dt><dd dir="auto">{text}</dd></div> })
    };
    let starts_at =
        order.starts_at.map(|at| view! { <div class="fact"><dt>"Starts"</dt><dd>{event_time(at)}</dd></div> });
    view! {
        <dl class="facts">
            <div class="fact">
                <dt>"Ticket"</dt>
                <dd dir="auto"><a class="link" href=ticket>{order.ticket_title}</a></dd>
            </div>
            {starts_at}
            {text("Place", order.place)}
            {text("Seats", order.seats)}
            {text("Sold by", order.seller_name)}
            <div class="fact"><dt>"Quantity"</dt><dd>{order.quantity}</dd></div>
            <div class="fact"><dt>"Price each"</dt><dd>{money(order.price)}</dd></div>
            <div class="fact"><dt>"Ordered"</dt><dd>{moment(order.placed_at)}</dd></div>
            <div class="fact"><dt>"Order"</dt><dd class="code">{order.id}</dd></div>
            <div class="fact fact-total"><dt>"Total"</dt><dd>{money(order.total)}</dd></div>
        </dl>
    }
    .into_any()
}
