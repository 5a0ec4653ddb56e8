//! `/api/orders*`: holding places, and what became of them.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use ticketing_core::domain::ids::{OrderId, TicketId};
use ticketing_core::domain::money::{Money, Quantity};
use ticketing_core::domain::order::{CancelReason, Order, OrderStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::usecase::orders::PlaceOrder;

use crate::http::auth::current_user::{Author, CurrentUser};
use crate::http::extract::{Json, Named, Query, RequestKey};
use crate::http::problem::Problem;
use crate::state::App;

use super::list::ListId;
use super::money::MoneyBody;
use super::tickets::PageQuery;
use super::{optional_text, text};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(orders, place_order)).routes(routes!(order, cancel_order))
}

/// What a buyer asks for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlaceOrderBody {
    /// Of which ticket.
    #[schema(value_type = String, format = "uuid")]
    ticket_id: Uuid,
    /// How many places; one if nobody says.
    #[schema(minimum = 1, maximum = 1000)]
    quantity: Option<u32>,
    /// The price of one place that the buyer saw. If it is another by now, nothing is ordered.
    price: Option<MoneyBody<'static>>,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum OrderStatusBody {
    /// The places are held until `payBy`.
    AwaitingPayment,
    /// The places are the buyer's.
    Completed,
    /// The places were given back.
    Cancelled,
}

/// Why an order was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum CancelReasonBody {
    /// Its buyer did not want it any more.
    ByBuyer,
    /// Nobody paid in time.
    Expired,
}

/// The ticket as it was when it was ordered.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderedTicketBody {
    #[serde(serialize_with = "text")]
    #[schema(value_type = String, format = "uuid")]
    id: TicketId,
    #[schema(value_type = String)]
    title: Arc<str>,
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderBody {
    /// Its name for ever.
    #[serde(serialize_with = "text")]
    #[schema(value_type = String, format = "uuid")]
    id: OrderId,
    status: OrderStatusBody,
    /// Until when it may be paid, while it awaits payment.
    #[serde(serialize_with = "optional_text", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time")]
    pay_by: Option<Timestamp>,
    quantity: u32,
    /// Of one place, as it was when it was ordered.
    price: MoneyBody<'static>,
    /// What the buyer pays.
    total: MoneyBody<'static>,
    ticket: OrderedTicketBody,
    #[serde(serialize_with = "text")]
    #[schema(value_type = String, format = "date-time")]
    placed_at: Timestamp,
    #[serde(serialize_with = "optional_text", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time")]
    completed_at: Option<Timestamp>,
    #[serde(serialize_with = "optional_text", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time")]
    cancelled_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancel_reason: Option<CancelReasonBody>,
    /// Moves with every change.
    version: u64,
}

impl From<Order> for OrderBody {
    fn from(order: Order) -> Self {
        let total = order.total();
        let body = Self {
            id: order.id,
            status: OrderStatusBody::AwaitingPayment,
            pay_by: None,
            quantity: order.quantity.get(),
            price: order.ticket.price.money().into(),
            total: total.into(),
            ticket: OrderedTicketBody { id: order.ticket.id, title: order.ticket.title },
            placed_at: order.placed_at,
            completed_at: None,
            cancelled_at: None,
            cancel_reason: None,
            version: order.version,
        };
        match order.status {
            OrderStatus::AwaitingPayment { pay_by } => Self { pay_by: Some(pay_by), ..body },
            OrderStatus::Completed { at, .. } => {
                Self { status: OrderStatusBody::Completed, completed_at: Some(at), ..body }
            }
            OrderStatus::Cancelled { reason, at } => Self {
                status: OrderStatusBody::Cancelled,
                cancelled_at: Some(at),
                cancel_reason: Some(reason.into()),
                ..body
            },
        }
    }
}

impl From<CancelReason> for CancelReasonBody {
    fn from(reason: CancelReason) -> Self {
        match reason {
            CancelReason::ByBuyer => Self::ByBuyer,
            CancelReason::Expired => Self::Expired,
        }
    }
}

/// Some orders, and where to read on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderPage {
    items: Vec<OrderBody>,
    /// Asks for the next page; null behind the last.
    next_cursor: Option<String>,
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
    (status = 409, description = "`sold_out`, `own_ticket`, `ticket_withdrawn`, `price_changed`, `too_many_places`, `too_many_open_orders`"),
    (status = 422, description = "`invalid`, `idempotency_key_reused`"),
    (status = 429, description = "`hold_paused`: the last orders were not paid"),
))]
async fn place_order(
    State(app): State<App>,
    Author { user, origin }: Author,
    RequestKey(key): RequestKey,
    Json(body): Json<PlaceOrderBody>,
) -> Result<Response, Problem> {
    let command = PlaceOrder {
        buyer: user.account,
        ticket: TicketId::new(body.ticket_id),
        quantity: body.quantity.map_or(Ok(Quantity::ONE), Quantity::new)?,
        price_seen: body.price.map(Money::try_from).transpose()?,
        key,
    };
    let order = app.orders()?.place_order(command, origin).await?;
    let location = [(LOCATION, format!("/api/orders/{}", order.id))];
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
    user: CurrentUser,
    Query(query): Query<PageQuery>,
) -> Result<Json<OrderPage>, Problem> {
    let list = ListId::new("orders of", &[Some(&user.account.to_string())]);
    let found = app.orders()?.orders_of(user.account, query.page(list, OrderId::new)?).await?;
    Ok(Json(OrderPage {
        items: found.items.into_iter().map(OrderBody::from).collect(),
        next_cursor: found.next.map(|id| list.cursor(0, id.uuid())),
    }))
}

/// Shows an order to its buyer.
#[utoipa::path(get, path = "/api/orders/{id}", tag = "orders",
    params(("id" = String, Path, description = "The name of the order", format = "uuid")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 200, body = OrderBody, description = "The order"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 404, description = "`order_not_found`: there is none, or it is somebody else's"),
))]
async fn order(
    State(app): State<App>,
    user: CurrentUser,
    Named(order): Named<OrderId>,
) -> Result<Json<OrderBody>, Problem> {
    Ok(Json(app.orders()?.order(order, user.account).await?.into()))
}

/// Gives the places of an order back. Doing so twice does no harm.
#[utoipa::path(delete, path = "/api/orders/{id}", tag = "orders",
    params(("id" = String, Path, description = "The name of the order", format = "uuid")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 204, description = "The order is cancelled"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 404, description = "`order_not_found`"),
    (status = 409, description = "`order_completed`, `order_cancelled` if it expired"),
))]
async fn cancel_order(
    State(app): State<App>,
    Author { user, origin }: Author,
    Named(order): Named<OrderId>,
) -> Result<StatusCode, Problem> {
    app.orders()?.cancel_order(order, user.account, origin).await?;
    Ok(StatusCode::NO_CONTENT)
}
