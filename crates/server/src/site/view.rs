//! What the API answers → what pages show.

use serde::Deserialize;

use ticketing_api::accounts::SessionBody;
use ticketing_api::orders::{CancelReasonBody, OrderBody, OrderStatusBody};
use ticketing_api::tickets::{TicketBody, TicketStatusBody};
use ticketing_core::domain::money::Money as Amount;
use ticketing_core::domain::time::Timestamp;
use ticketing_web::{Money, MyTicket, OrderRow, OrderStatus, OrderSummary, Session, TicketCard, TicketStatus};

/// Which page of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Place {
    cursor: String,
}

impl Place {
    /// Where the API has this page of the list at `path`.
    pub(super) fn of_list(&self, path: &str) -> String {
        let query = serde_urlencoded::to_string([("cursor", &self.cursor)]).expect("texts can be encoded");
        format!("{path}?{query}")
    }
}

pub(super) fn money(Amount { amount, currency }: Amount) -> Money {
    Money { amount, currency: currency.code(), exponent: currency.exponent() }
}

pub(super) fn time(time: Option<Timestamp>) -> Option<String> {
    time.map(|time| time.to_string())
}

pub(super) const fn ticket_status(status: TicketStatusBody) -> TicketStatus {
    match status {
        TicketStatusBody::OnSale => TicketStatus::OnSale,
        TicketStatusBody::SoldOut => TicketStatus::SoldOut,
        TicketStatusBody::Withdrawn => TicketStatus::Withdrawn,
    }
}

pub(super) fn ticket_card(ticket: TicketBody) -> TicketCard {
    TicketCard {
        id: ticket.id.to_string(),
        title: ticket.title.to_string(),
        venue: ticket.venue,
        city: ticket.city,
        category: ticket.category,
        starts_at: time(ticket.starts_at),
        price: money(ticket.price),
        available: ticket.available,
        status: ticket_status(ticket.status),
    }
}

pub(super) fn my_ticket(ticket: &TicketBody) -> MyTicket {
    MyTicket {
        id: ticket.id.to_string(),
        title: ticket.title.to_string(),
        starts_at: time(ticket.starts_at),
        price: money(ticket.price),
        offered: ticket.quantity,
        held: ticket.held.unwrap_or_default(),
        sold: ticket.sold.unwrap_or_default(),
        status: ticket_status(ticket.status),
    }
}

pub(super) const fn order_status(order: &OrderBody) -> OrderStatus {
    match (order.status, order.cancel_reason) {
        (OrderStatusBody::AwaitingPayment, _) => OrderStatus::AwaitingPayment,
        (OrderStatusBody::Completed, _) => OrderStatus::Completed,
        (OrderStatusBody::Cancelled, Some(CancelReasonBody::Expired)) => OrderStatus::Expired,
        (OrderStatusBody::Cancelled, Some(CancelReasonBody::ByBuyer) | None) => OrderStatus::Cancelled,
    }
}

pub(super) fn order_row(order: &OrderBody) -> OrderRow {
    OrderRow {
        id: order.id.to_string(),
        status: order_status(order),
        ticket_title: order.ticket.title.to_string(),
        quantity: order.quantity,
        total: money(order.total),
        placed_at: order.placed_at.to_string(),
    }
}

pub(super) fn order_summary(order: &OrderBody) -> OrderSummary {
    OrderSummary {
        id: order.id.to_string(),
        ticket_id: order.ticket.id.to_string(),
        ticket_title: order.ticket.title.to_string(),
        quantity: order.quantity,
        price: money(order.price),
        total: money(order.total),
        placed_at: order.placed_at.to_string(),
    }
}

pub(super) fn session(session: SessionBody) -> Session {
    let SessionBody { id, device, created_at, refreshed_at, current, .. } = session;
    Session {
        id: id.to_string(),
        device,
        created_at: created_at.to_string(),
        refreshed_at: refreshed_at.to_string(),
        current,
    }
}
