//! What is held for the viewer until they pay, told on every page.
//!
//! A cookie says that something may be held in this browser; only then are the viewer's orders read. So pages cost nothing
//! more for a viewer who holds nothing, and what a page tells is what the orders service says.

use std::time::Duration;

use axum::response::Response;
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};
use tokio::time::timeout;

use ticketing_api::orders::{OrderBody, OrderPage, OrderStatusBody};
use ticketing_api::paths;
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::time::Timestamp;
use ticketing_web::HeldOrder;

use crate::http::auth::cookies::{CookieName, cookies};

use super::client::ApiClient;

/// The cookie that says so.
const HELD: CookieName = CookieName::new("held", "__Host-held");
/// Among how many of the newest orders is looked for those that await payment.
const NEWEST: usize = 10;
/// How long a page waits for the orders: it is complete without them.
const PATIENCE: Duration = Duration::from_millis(500);

/// The orders of the viewer that await payment, as far as is known.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    orders: Vec<OrderBody>,
    /// Whether the cookie says that there may be some.
    is_flagged: bool,
    /// Whether there are none although the cookie says so.
    is_over: bool,
}

impl Held {
    /// Reads what is held for the viewer who asks through `api`, if the cookie says that something may be.
    pub(super) async fn find(api: &ApiClient, headers: &HeaderMap, is_signed_in: bool) -> Self {
        let is_flagged = !cookies(headers, HELD, api.client().https).is_empty();
        if !is_flagged || !is_signed_in {
            return Self { is_flagged, ..Self::default() };
        }
        let Some(found) = newest_orders(api).await else { return Self { is_flagged, ..Self::default() } };
        let awaits = |order: &OrderBody| order.status == OrderStatusBody::AwaitingPayment;
        let mut orders: Vec<_> = found.items.into_iter().filter(awaits).collect();
        orders.sort_by_key(|order| order.pay_by);
        Self { is_over: orders.is_empty(), orders, is_flagged }
    }

    /// The one whose time ends first.
    pub(super) fn first(&self, now: Timestamp) -> Option<HeldOrder> {
        self.awaiting(now).next().map(|order| held_order(order, now))
    }

    /// The one that holds places of a ticket.
    pub(super) fn of_ticket(&self, ticket: TicketId, now: Timestamp) -> Option<HeldOrder> {
        self.awaiting(now).find(|order| order.ticket.id == ticket).map(|order| held_order(order, now))
    }

    /// Without those whose time is over, which nobody has cancelled yet.
    fn awaiting(&self, now: Timestamp) -> impl Iterator<Item = &OrderBody> {
        self.orders.iter().filter(move |order| order.pay_by.is_some_and(|pay_by| pay_by > now))
    }

    /// The cookie that says that an order is held, unless the browser has it.
    pub(super) fn flag(&self, order: &OrderBody, now: Timestamp, https: bool) -> Option<HeaderValue> {
        if self.is_flagged && !self.is_over {
            return None;
        }
        flag(order, now, https)
    }

    /// Takes the cookie away once nothing is held, unless the answer says that something is.
    pub(super) fn forget(&self, https: bool, response: &mut Response) {
        let is_set = response.headers().get_all(SET_COOKIE).iter().any(|cookie| HELD.set_by(cookie).is_some());
        if self.is_over && !is_set {
            response.headers_mut().append(SET_COOKIE, HELD.remove(https));
        }
    }
}

/// The cookie that says that an order is held, for as long as it is.
pub(super) fn flag(order: &OrderBody, now: Timestamp, https: bool) -> Option<HeaderValue> {
    let pay_by = order.pay_by.filter(|_| order.status == OrderStatusBody::AwaitingPayment)?;
    Some(HELD.set("1", pay_by.since(now), https))
}

async fn newest_orders(api: &ApiClient) -> Option<OrderPage> {
    let address = format!("{}?limit={NEWEST}", paths::ORDERS);
    let mut answer = timeout(PATIENCE, api.get(&address)).await.ok()?;
    answer.value().ok().filter(|_| answer.status.is_success())
}

fn held_order(order: &OrderBody, now: Timestamp) -> HeldOrder {
    HeldOrder {
        id: order.id.to_string(),
        ticket_id: order.ticket.id.to_string(),
        ticket_title: order.ticket.title.to_string(),
        quantity: order.quantity,
        pay_by: order.pay_by.map(|time| time.to_string()).unwrap_or_default(),
        now: now.to_string(),
    }
}
