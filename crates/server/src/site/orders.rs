//! `/orders`: what a buyer ordered.

use axum::response::Html;

use ticketing_web::{OrdersPage, orders_page};

use crate::http::extract::Lenient;

use super::refusal::Refusal;
use super::view::{Listed, Order, Place};
use super::visit::Member;

pub(super) async fn orders(
    Member { visit, .. }: Member,
    Lenient(place): Lenient<Place>,
) -> Result<Html<String>, Refusal> {
    let found: Listed<Order> = visit.read(&place.of_list("/api/orders")).await?;
    Ok(Html(orders_page(OrdersPage {
        shell: visit.shell(),
        orders: found.items.into_iter().map(Into::into).collect(),
        next_cursor: found.next_cursor,
    })))
}
