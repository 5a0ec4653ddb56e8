//! What the API answers → what pages show.

use serde::Deserialize;

use ticketing_core::domain::invalid::Invalid;
use ticketing_core::domain::money::Money as Amount;
use ticketing_web::{Money, MyTicket, OrderRow, OrderStatus, OrderSummary, Session, TicketCard, TicketStatus};

use crate::api::money::MoneyBody;

/// Some entries of a list, and where to read on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed<T> {
    pub(super) items: Vec<T>,
    pub(super) next_cursor: Option<String>,
}

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

/// A ticket.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ticket {
    pub(super) id: String,
    pub(super) seller_id: String,
    pub(super) title: String,
    pub(super) description: Option<String>,
    pub(super) venue: Option<String>,
    pub(super) city: Option<String>,
    pub(super) category: Option<String>,
    pub(super) starts_at: Option<String>,
    pub(super) price: Price,
    pub(super) quantity: u32,
    pub(super) max_per_buyer: Option<u32>,
    pub(super) available: u32,
    pub(super) status: TicketState,
    held: Option<u32>,
    sold: Option<u32>,
    pub(super) version: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum TicketState {
    OnSale,
    SoldOut,
    Withdrawn,
}

/// An order.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    pub(super) id: String,
    status: OrderState,
    cancel_reason: Option<CancelReason>,
    pub(super) pay_by: Option<String>,
    quantity: u32,
    price: Price,
    total: Price,
    ticket: OrderedTicket,
    placed_at: String,
}

#[derive(Debug, Deserialize)]
struct OrderedTicket {
    id: String,
    title: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum OrderState {
    AwaitingPayment,
    Completed,
    Cancelled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum CancelReason {
    ByBuyer,
    Expired,
}

/// A place where an account is signed in.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignedIn {
    id: String,
    device: String,
    created_at: String,
    refreshed_at: String,
    current: bool,
}

/// An amount of a currency that exists.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "MoneyBody<'static>")]
pub(super) struct Price(pub(super) Money);

impl TryFrom<MoneyBody<'static>> for Price {
    type Error = Invalid;

    fn try_from(body: MoneyBody<'static>) -> Result<Self, Invalid> {
        let Amount { amount, currency } = body.try_into()?;
        Ok(Self(Money { amount, currency: currency.code(), exponent: currency.exponent() }))
    }
}

impl From<TicketState> for TicketStatus {
    fn from(state: TicketState) -> Self {
        match state {
            TicketState::OnSale => Self::OnSale,
            TicketState::SoldOut => Self::SoldOut,
            TicketState::Withdrawn => Self::Withdrawn,
        }
    }
}

impl From<Ticket> for TicketCard {
    fn from(ticket: Ticket) -> Self {
        Self {
            id: ticket.id,
            title: ticket.title,
            venue: ticket.venue,
            city: ticket.city,
            category: ticket.category,
            starts_at: ticket.starts_at,
            price: ticket.price.0,
            available: ticket.available,
            status: ticket.status.into(),
        }
    }
}

impl From<Ticket> for MyTicket {
    fn from(ticket: Ticket) -> Self {
        Self {
            id: ticket.id,
            title: ticket.title,
            starts_at: ticket.starts_at,
            price: ticket.price.0,
            offered: ticket.quantity,
            held: ticket.held.unwrap_or_default(),
            sold: ticket.sold.unwrap_or_default(),
            status: ticket.status.into(),
        }
    }
}

impl Order {
    pub(super) fn status(&self) -> OrderStatus {
        match (self.status, self.cancel_reason) {
            (OrderState::AwaitingPayment, _) => OrderStatus::AwaitingPayment,
            (OrderState::Completed, _) => OrderStatus::Completed,
            (OrderState::Cancelled, Some(CancelReason::Expired)) => OrderStatus::Expired,
            (OrderState::Cancelled, Some(CancelReason::ByBuyer) | None) => OrderStatus::Cancelled,
        }
    }
}

impl From<Order> for OrderRow {
    fn from(order: Order) -> Self {
        let status = order.status();
        Self {
            id: order.id,
            ticket_title: order.ticket.title,
            quantity: order.quantity,
            total: order.total.0,
            placed_at: order.placed_at,
            status,
        }
    }
}

impl From<Order> for OrderSummary {
    fn from(order: Order) -> Self {
        Self {
            id: order.id,
            ticket_id: order.ticket.id,
            ticket_title: order.ticket.title,
            quantity: order.quantity,
            price: order.price.0,
            total: order.total.0,
            placed_at: order.placed_at,
        }
    }
}

impl From<SignedIn> for Session {
    fn from(session: SignedIn) -> Self {
        let SignedIn { id, device, created_at, refreshed_at, current } = session;
        Self { id, device, created_at, refreshed_at, current }
    }
}
