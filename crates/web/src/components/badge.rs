//! Badges: the state of a ticket or an order in one or two words.

use leptos::prelude::*;

/// Whether a ticket can be ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TicketStatus {
    /// Some are available.
    #[default]
    OnSale,
    /// All places are sold or held.
    SoldOut,
    /// The event has begun, or its seller ended the sales.
    SalesEnded,
    /// Its seller has withdrawn it.
    Withdrawn,
    /// The event does not take place.
    CalledOff,
}

/// The state of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrderStatus {
    /// Held for the buyer until it is paid or expires.
    #[default]
    AwaitingPayment,
    /// Paid.
    Completed,
    /// Cancelled by the buyer.
    Cancelled,
    /// Not paid in time.
    Expired,
    /// Ended because the event was called off.
    CalledOff,
    /// Paid, and taken back.
    Refunded(RefundCause),
}

/// Why a paid order was taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RefundCause {
    /// It is not known.
    #[default]
    Unknown,
    /// The event was called off.
    CalledOff,
    /// Its buyer gave it back.
    ByBuyer,
    /// The seller took it back.
    BySeller,
}

pub(crate) fn ticket_badge(status: TicketStatus) -> impl IntoView {
    let (name, label) = match status {
        TicketStatus::OnSale => ("onSale", "On sale"),
        TicketStatus::SoldOut => ("soldOut", "Sold out"),
        TicketStatus::SalesEnded => ("salesEnded", "Sales ended"),
        TicketStatus::Withdrawn => ("withdrawn", "Withdrawn"),
        TicketStatus::CalledOff => ("calledOff", "Called off"),
    };
    badge(name, label)
}

pub(crate) fn order_badge(status: OrderStatus) -> impl IntoView {
    let (name, label) = match status {
        OrderStatus::AwaitingPayment => ("awaitingPayment", "Awaiting payment"),
        OrderStatus::Completed => ("completed", "Completed"),
        OrderStatus::Cancelled => ("cancelled", "Cancelled"),
        OrderStatus::Expired => ("expired", "Expired"),
        OrderStatus::CalledOff => ("calledOff", "Called off"),
        OrderStatus::Refunded(_) => ("refunded", "Refunded"),
    };
    badge(name, label)
}

fn badge(name: &'static str, label: &'static str) -> impl IntoView {
    view! { <span class="badge" data-status=name>{label}</span> }
}
