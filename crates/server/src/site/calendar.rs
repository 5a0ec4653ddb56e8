//! `/orders/{id}/calendar.ics`: an order for the buyer's calendar.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue};

use ticketing_api::orders::{OrderBody, OrderStatusBody};
use ticketing_api::tickets::{TicketBody, TicketStatusBody};
use ticketing_core::domain::ids::OrderId;
use ticketing_web::{CalendarEntry, calendar};

use crate::http::extract::Named;
use crate::http::problem::Problem;

use super::checkout;
use super::context::{ActorContext, PageContext};
use super::refusal::Refusal;
use super::ticket;
use super::view::{place, seats};

const HEADERS: [(HeaderName, HeaderValue); 2] = [
    (CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8")),
    (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"ticket.ics\"")),
];

pub(super) async fn entry(
    Named(id): Named<OrderId>,
    ActorContext { context, .. }: ActorContext,
) -> Result<Response, Refusal> {
    let order = checkout::load(&context, id).await?;
    // Without the ticket it is not known what the event is now, and an older entry would replace a newer one.
    let ticket = ticket::load(&context, order.ticket.id).await?;
    let entry = entry_of(&context, &order, &ticket);
    let entry = entry.ok_or_else(|| Problem::not_found("route_not_found", "there is nothing for a calendar"))?;
    Ok((HEADERS, calendar(&entry)).into_response())
}

/// A paid order of an event that has a time; `None` of any other.
fn entry_of(context: &PageContext, order: &OrderBody, ticket: &TicketBody) -> Option<CalendarEntry> {
    if order.completed_at.is_none() && order.refunded_at.is_none() {
        return None;
    }
    let row = (ticket.section.as_deref(), ticket.row.as_deref(), ticket.seats.as_deref());
    Some(CalendarEntry {
        id: order.id.to_string(),
        // Each rises by itself, so together they do.
        sequence: ticket.version.saturating_add(order.version),
        is_cancelled: order.status != OrderStatusBody::Completed || ticket.status == TicketStatusBody::CalledOff,
        title: ticket.title.to_string(),
        starts_at: ticket.starts_at.or(order.ticket.starts_at)?,
        place: place(ticket.venue.as_deref(), ticket.city.as_deref()),
        seats: seats(row.0, row.1, row.2, ticket.together),
        quantity: order.quantity,
        address: context
            .origin()
            .map(|origin| format!("{origin}{}", context.base.at(&format!("/orders/{}", order.id)))),
        now: context.app.env.now(),
    })
}
