//! `/orders`: what a buyer ordered.

use axum::response::Html;

use ticketing_api::orders::OrderPage;
use ticketing_api::paths;
use ticketing_web::{OrdersPage, orders_page};

use crate::http::extract::Lenient;

use super::refusal::Refusal;
use super::view::{Place, order_row};
use super::visit::Member;

pub(super) async fn orders(
    Member { visit, .. }: Member,
    Lenient(place): Lenient<Place>,
) -> Result<Html<String>, Refusal> {
    let found: OrderPage = visit.read(&place.of_list(paths::ORDERS)).await?;
    Ok(Html(orders_page(OrdersPage {
        shell: visit.shell(),
        orders: found.items.into_iter().map(order_row).collect(),
        next_cursor: found.next_cursor,
    })))
}
