//! A ticket in the catalogue. Rendered dozens of times per page: keep it small.

use leptos::either::Either;
use leptos::prelude::*;

use super::badge::{TicketStatus, ticket_badge};
use super::event_time::event_time;
use super::money::money;
use crate::base::Base;
use crate::format::{EventTime, Money, ticket_address};

/// A ticket in the catalogue.
#[derive(Clone, Debug, Default)]
pub struct TicketCard {
    /// Its id, part of its address: `/tickets/{id}`.
    pub id: String,
    /// The title.
    pub title: String,
    /// The venue.
    pub venue: Option<String>,
    /// The city.
    pub city: Option<String>,
    /// The kind of event.
    pub category: Option<String>,
    /// When the event starts.
    pub starts_at: Option<EventTime>,
    /// The price of one place.
    pub price: Money,
    /// How many places can be ordered now.
    pub available: u32,
    /// Whether it can be ordered.
    pub status: TicketStatus,
}

// Styled by its position in the list: a class on each element would take as
// long to render as everything else.
pub(crate) fn ticket_card(ticket: TicketCard, base: &Base) -> impl IntoView + use<> {
    view! {
        <li>
            {ticket.category.map(|category| view! { <em dir="auto">{category}</em> })}
            <h2 dir="auto">
                <a href=base.at(&ticket_address(&ticket.id))>{ticket.title}</a>
            </h2>
            {ticket.starts_at.map(|at| view! { <p>{event_time(at)}</p> })}
            {place(ticket.venue, ticket.city).map(|place| view! { <p dir="auto">{place}</p> })}
            <div>{money(ticket.price)} {stock(ticket.status, ticket.available)}</div>
        </li>
    }
}

/// Venue and city in one line.
pub(crate) fn place(venue: Option<String>, city: Option<String>) -> Option<String> {
    match (venue, city) {
        (Some(venue), Some(city)) => Some([&venue, ", ", &city].concat()),
        (venue, city) => venue.or(city),
    }
}

fn stock(status: TicketStatus, available: u32) -> impl IntoView {
    match status {
        TicketStatus::OnSale => Either::Left(view! { <span>{available.to_string() + " left"}</span> }),
        TicketStatus::SoldOut | TicketStatus::SalesEnded | TicketStatus::Withdrawn | TicketStatus::CalledOff => {
            Either::Right(ticket_badge(status))
        }
    }
}
