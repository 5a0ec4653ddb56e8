//! `/api/orders*`: holding places, and what became of them.

mod sales;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use ticketing_api::orders::{OrderBody, OrderPage, PlaceOrderBody};
use ticketing_api::page::PageQuery;
use ticketing_api::paths;
use ticketing_core::domain::facts_tag::FactsTag;
use ticketing_core::domain::ids::{OrderId, TicketId};
use ticketing_core::domain::money::{Money, Quantity};
use ticketing_core::usecase::orders::PlaceOrder;

use crate::http::auth::actor::Change;
use crate::http::extract::{Json, Named, Query, RequestKey};
use crate::http::problem::Problem;
use crate::state::{Actor, App};

use super::list::ListId;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(orders, place_order))
        .routes(routes!(order, cancel_order))
        .routes(routes!(give_back_order))
        .routes(routes!(refund_order))
        .merge(sales::routes())
}

/// Holds places of a ticket.
///
/// The same request under the same `Idempotency-Key` is answered with the order it made before, as it is now.
#[utoipa::path(post, path = "/api/orders", tag = "orders", request_body = PlaceOrderBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 200 visible characters: asking twice orders once")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 201, body = OrderBody, description = "The order, to be paid by `payBy`"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 404, description = "`ticket_not_found`"),
    (status = 409, description = "`sold_out`, `own_ticket`, `ticket_withdrawn`, `ticket_called_off`, `sales_ended`, `price_changed`, `event_changed`, `too_many_places`, `too_many_open_orders`"),
    (status = 422, description = "`invalid`, `idempotency_key_reused`"),
    (status = 429, description = "`hold_paused`: the last orders were not paid"),
))]
async fn place_order(
    State(app): State<App>,
    Change { actor, origin }: Change,
    RequestKey(key): RequestKey,
    Json(body): Json<PlaceOrderBody>,
) -> Result<Response, Problem> {
    let command = PlaceOrder::new(actor.account, TicketId::new(body.ticket_id))
        .quantity(body.quantity.map_or(Ok(Quantity::ONE), Quantity::new)?)
        .price_seen(body.price.map(Money::try_from).transpose()?)
        .facts_seen(body.facts_tag.map(|tag| tag.parse::<FactsTag>()).transpose()?)
        .key(key);
    let order = app.metrics.use_case("place_order", app.orders()?.place_order(command, origin)).await?;
    let location = [(LOCATION, paths::order(order.id))];
    Ok((StatusCode::CREATED, location, Json(OrderBody::from(order))).into_response())
}

/// Lists what the buyer ever ordered.
#[utoipa::path(get, path = "/api/orders", tag = "orders", params(PageQuery),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 200, body = OrderPage, description = "Newest first"),
    (status = 400, description = "`bad_cursor`, `malformed`"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 422, description = "`invalid`"),
))]
async fn orders(
    State(app): State<App>,
    actor: Actor,
    Query(query): Query<PageQuery>,
) -> Result<Json<OrderPage>, Problem> {
    let list = ListId::new("orders of", &[Some(&actor.account.to_string())]);
    let found = app
        .metrics
        .use_case("orders_of", app.orders()?.orders_of(actor.account, list.page(&query, OrderId::new)?))
        .await?;
    Ok(Json(OrderPage {
        items: found.items.into_iter().map(OrderBody::from).collect(),
        next_cursor: found.next.map(|id| list.cursor(0, id.uuid())),
    }))
}

/// Shows an order to its buyer.
#[utoipa::path(get, path = "/api/orders/{id}", tag = "orders",
    params(("id" = String, Path, description = "The id of the order", format = "uuid")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 200, body = OrderBody, description = "The order"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 404, description = "`order_not_found`: there is none, or it is somebody else's"),
))]
async fn order(State(app): State<App>, actor: Actor, Named(order): Named<OrderId>) -> Result<Json<OrderBody>, Problem> {
    Ok(Json(app.metrics.use_case("order", app.orders()?.order(order, actor.account)).await?.into()))
}

/// Cancels an order: its places are released. Doing so twice does no harm.
#[utoipa::path(delete, path = "/api/orders/{id}", tag = "orders",
    params(("id" = String, Path, description = "The id of the order", format = "uuid")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 204, description = "The order is cancelled"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 404, description = "`order_not_found`"),
    (status = 409, description = "`order_completed`, `order_refunded`, `order_cancelled` if it expired"),
))]
async fn cancel_order(
    State(app): State<App>,
    Change { actor, origin }: Change,
    Named(order): Named<OrderId>,
) -> Result<StatusCode, Problem> {
    app.metrics.use_case("cancel_order", app.orders()?.cancel_order(order, actor.account, origin)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a paid order back, because its event was rescheduled and has not begun; the money goes back. Doing so twice does no harm.
#[utoipa::path(post, path = "/api/orders/{id}/give-back", tag = "orders",
    params(("id" = String, Path, description = "The id of the order", format = "uuid")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 200, body = OrderBody, description = "The order as it is now"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 404, description = "`order_not_found`"),
    (status = 409, description = "`event_unchanged`, `event_begun`, `order_used`, `order_not_paid`, `order_cancelled`, `order_refunded` for another reason"),
))]
async fn give_back_order(
    State(app): State<App>,
    Change { actor, origin }: Change,
    Named(order): Named<OrderId>,
) -> Result<Json<OrderBody>, Problem> {
    let given_back = app.orders()?.give_back_order(order, actor.account, origin);
    Ok(Json(app.metrics.use_case("give_back_order", given_back).await?.into()))
}

/// Refunds a paid order, for the seller of its ticket; its places are on sale again. Doing so twice does no harm.
#[utoipa::path(post, path = "/api/orders/{id}/refund", tag = "orders",
    params(("id" = String, Path, description = "The id of the order", format = "uuid")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 200, body = OrderBody, description = "The order as it is now"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 404, description = "`order_not_found`: there is none, or somebody else sells its ticket"),
    (status = 409, description = "`order_not_paid`, `order_cancelled`, `order_refunded` for another reason"),
))]
async fn refund_order(
    State(app): State<App>,
    Change { actor, origin }: Change,
    Named(order): Named<OrderId>,
) -> Result<Json<OrderBody>, Problem> {
    let refunded = app.orders()?.refund_order(order, actor.account, origin);
    Ok(Json(app.metrics.use_case("refund_order", refunded).await?.into()))
}
