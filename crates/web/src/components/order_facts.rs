//! The facts of an order: ticket, quantity and price.

use leptos::prelude::*;

use super::event_time::event_time;
use super::money::money;
use super::time::moment;
use crate::base::Base;
use crate::format::ticket_address;
use crate::pages::order::OrderSummary;

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
