//! What the API answers → what pages show.

use serde::Deserialize;

use ticketing_api::accounts::SessionBody;
use ticketing_api::admissions::{PassBody, PassStatusBody};
use ticketing_api::orders::{CancelReasonBody, OrderBody, OrderStatusBody, RefundReasonBody};
use ticketing_api::tickets::{TicketBody, TicketStatusBody};
use ticketing_core::domain::money::Money as Amount;
use ticketing_core::domain::time::Timestamp;
use ticketing_web::{
    EventTime, Money, MyTicket, OrderRow, OrderStatus, OrderSummary, Paging, PassState, PassView, RefundCause, Session,
    TicketCard, TicketStatus,
};

/// Which page of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Place {
    cursor: String,
    /// The cursors of the pages before.
    trail: String,
}

impl Place {
    /// Where the API has this page of the list at `path`.
    pub(super) fn of_list(&self, path: &str) -> String {
        let query = serde_urlencoded::to_string([("cursor", &self.cursor)]).expect("texts can be encoded");
        format!("{path}?{query}")
    }

    /// The same for a page of the site.
    pub(super) fn paging(self, next: Option<String>) -> Paging {
        Paging::of(self.cursor, &self.trail, next)
    }
}

pub(super) fn money(Amount { amount, currency }: Amount) -> Money {
    Money { amount, currency: currency.code(), exponent: currency.exponent() }
}

pub(super) fn time(time: Option<Timestamp>) -> Option<String> {
    time.map(|time| time.to_string())
}

/// A time on the clocks of the event's place.
pub(super) fn event_time(at: Option<Timestamp>, zone: Option<&str>) -> Option<EventTime> {
    at.map(|at| EventTime::new(at, zone))
}

/// Venue and city in one line.
pub(super) fn place(venue: Option<&str>, city: Option<&str>) -> Option<String> {
    line([venue, city].into_iter().flatten())
}

/// Section, row and seats in one line.
pub(super) fn seats(section: Option<&str>, row: Option<&str>, seats: Option<&str>, together: bool) -> Option<String> {
    let row = row.map(|row| format!("row {row}"));
    let together = together.then_some("side by side");
    line([section, row.as_deref(), seats, together].into_iter().flatten())
}

fn line<'a>(parts: impl Iterator<Item = &'a str>) -> Option<String> {
    let parts: Vec<_> = parts.collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

pub(super) const fn ticket_status(status: TicketStatusBody) -> TicketStatus {
    match status {
        TicketStatusBody::OnSale => TicketStatus::OnSale,
        TicketStatusBody::SoldOut => TicketStatus::SoldOut,
        TicketStatusBody::SalesEnded => TicketStatus::SalesEnded,
        TicketStatusBody::Withdrawn => TicketStatus::Withdrawn,
        TicketStatusBody::CalledOff => TicketStatus::CalledOff,
    }
}

pub(super) fn ticket_card(ticket: TicketBody) -> TicketCard {
    TicketCard {
        id: ticket.id.to_string(),
        title: ticket.title.to_string(),
        venue: ticket.venue.map(|text| text.to_string()),
        city: ticket.city.map(|text| text.to_string()),
        category: ticket.category.map(|text| text.to_string()),
        starts_at: event_time(ticket.starts_at, ticket.time_zone.as_deref()),
        price: money(ticket.price),
        available: ticket.available,
        status: ticket_status(ticket.status),
    }
}

pub(super) fn my_ticket(ticket: &TicketBody) -> MyTicket {
    MyTicket {
        id: ticket.id.to_string(),
        title: ticket.title.to_string(),
        starts_at: event_time(ticket.starts_at, ticket.time_zone.as_deref()),
        price: money(ticket.price),
        offered: ticket.quantity,
        held: ticket.held.unwrap_or_default(),
        sold: ticket.sold.unwrap_or_default(),
        status: ticket_status(ticket.status),
    }
}

pub(super) fn pass(pass: PassBody) -> PassView {
    let state = match pass.status {
        PassStatusBody::Issued => PassState::Good,
        PassStatusBody::Used => PassState::Used(time(pass.used_at).unwrap_or_default()),
        PassStatusBody::Voided => PassState::Void,
    };
    let (code, token) = (pass.code.unwrap_or_default(), pass.token.unwrap_or_default());
    PassView { place: pass.place, code, token, state }
}

pub(super) const fn order_status(order: &OrderBody) -> OrderStatus {
    match (order.status, order.cancel_reason) {
        (OrderStatusBody::AwaitingPayment, _) => OrderStatus::AwaitingPayment,
        (OrderStatusBody::Completed, _) => OrderStatus::Completed,
        (OrderStatusBody::Refunded, _) => OrderStatus::Refunded(refund_cause(order.refund_reason)),
        (OrderStatusBody::Cancelled, Some(CancelReasonBody::Expired)) => OrderStatus::Expired,
        (OrderStatusBody::Cancelled, Some(CancelReasonBody::CalledOff)) => OrderStatus::CalledOff,
        (OrderStatusBody::Cancelled, Some(CancelReasonBody::ByBuyer) | None) => OrderStatus::Cancelled,
    }
}

const fn refund_cause(reason: Option<RefundReasonBody>) -> RefundCause {
    match reason {
        Some(RefundReasonBody::CalledOff) => RefundCause::CalledOff,
        Some(RefundReasonBody::ByBuyer) => RefundCause::ByBuyer,
        Some(RefundReasonBody::BySeller) => RefundCause::BySeller,
        None => RefundCause::Unknown,
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
    let ticket = &order.ticket;
    OrderSummary {
        id: order.id.to_string(),
        ticket_id: order.ticket.id.to_string(),
        ticket_title: order.ticket.title.to_string(),
        starts_at: event_time(ticket.starts_at, ticket.time_zone.as_deref()),
        place: place(ticket.venue.as_deref(), ticket.city.as_deref()),
        seats: seats(ticket.section.as_deref(), ticket.row.as_deref(), ticket.seats.as_deref(), ticket.together),
        seller_name: ticket.seller_name.as_ref().map(ToString::to_string),
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
