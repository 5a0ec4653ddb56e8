//! The facts of events and orders, as lines of a letter.

use ticketing_core::domain::event_facts::{EventFacts, Seating};
use ticketing_core::domain::ids::{OrderId, TicketId};
use ticketing_core::domain::money::Money as Amount;
use ticketing_core::domain::order::{Order, OrderedTicket};
use ticketing_core::domain::ticket::Ticket;

use crate::components::ticket_card::place;
use crate::format::{EventTime, Money};

use super::name;
use super::value::Fact;

/// What, when and where. What is not known is left out.
pub(super) fn event(facts: &EventFacts) -> Vec<Fact> {
    let zone = facts.time_zone.as_ref().map(|zone| zone.name());
    let starts = facts.starts_at.map(|at| EventTime::new(at, zone).text);
    let [venue, city] = [&facts.venue, &facts.city].map(|text| text.as_deref().map(str::to_owned));
    let lines = [
        ("Event", Some(facts.title.to_string())),
        ("Starts", starts),
        ("Place", place(venue, city)),
        ("Seats", seats(&facts.seating)),
    ];
    lines.into_iter().filter_map(|(name, text)| text.map(|text| Fact { name, text })).collect()
}

/// What, when and where as it was ordered, and who sold it.
pub(super) fn ordered(ticket: &OrderedTicket) -> Vec<Fact> {
    let seller = ticket.seller_name.as_ref().and_then(|seller| name::plain(seller.as_str()));
    let sold_by = seller.map(|seller| Fact { name: "Sold by", text: seller.to_owned() });
    event(&ticket.event).into_iter().chain(sold_by).collect()
}

/// What was ordered, and for how much; the id alone of an order of which nothing else is known.
pub(super) fn order(id: OrderId, order: Option<&Order>) -> Vec<Fact> {
    let id = Fact { name: "Order", text: id.to_string() };
    let Some(order) = order else { return vec![id] };
    let mut lines = ordered(&order.ticket);
    lines.extend([
        Fact { name: "Quantity", text: order.quantity.get().to_string() },
        Fact { name: "Price each", text: amount(order.ticket.price.money()) },
        Fact { name: "Total", text: amount(order.total()) },
        id,
    ]);
    lines
}

/// What is on offer; the id alone of a ticket of which nothing else is known.
pub(super) fn ticket(id: TicketId, ticket: Option<&Ticket>) -> Vec<Fact> {
    ticket.map_or_else(
        || vec![Fact { name: "Ticket", text: id.to_string() }],
        |ticket| event(&ticket.offer.details.event),
    )
}

/// An amount of money: `12.50 EUR`.
pub(super) fn amount(money: Amount) -> String {
    let currency = money.currency.code();
    let money = Money { amount: money.amount, currency, exponent: money.currency.exponent() };
    [&money.decimal(), " ", currency].concat()
}

/// Section, row and seats in one line.
pub(super) fn seats(seating: &Seating) -> Option<String> {
    let row = seating.row.as_ref().map(|row| format!("row {row}"));
    let together = seating.together.then_some("side by side");
    let parts = [seating.section.as_deref(), row.as_deref(), seating.seats.as_deref(), together];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
