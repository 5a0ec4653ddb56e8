//! `/api/payments*`: paying an order, and the notices of the gateway.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use ticketing_api::payments::{PayOrderBody, PaymentBody, PaymentList, PaymentQuery};
use ticketing_core::domain::ids::OrderId;
use ticketing_core::ports::gateway::{CardToken, UnverifiedNotice};
use ticketing_core::usecase::payments::PayOrder;

use crate::http::auth::actor::Change;
use crate::http::extract::{Json, Query, RequestKey, read_body};
use crate::http::limits::Payer;
use crate::http::problem::{FieldError, Problem};
use crate::http::trace::RequestTrace;
use crate::state::{Actor, App};

/// The longest token of a card, in bytes.
const LONGEST_TOKEN: usize = 200;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(payments, pay_order, give_up_payment)).routes(routes!(receive_notice))
}

/// Takes money for an order, once.
///
/// The same request under the same `Idempotency-Key` gets the first answer again. While a payment awaits its buyer, any
/// request for its order is answered with that one, and the card is not tried.
#[utoipa::path(post, path = "/api/payments", tag = "payments", request_body = PayOrderBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 200 visible characters: asking twice pays once")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 201, body = PaymentBody, description = "The payment; if it has an `action`, the buyer must do that first"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 402, description = "`card_declined`"),
    (status = 404, description = "`order_not_found`"),
    (status = 409, description = "`already_paid`, `order_cancelled`, `order_overdue`, `payment_in_progress`, `too_many_declines`"),
    (status = 422, description = "`invalid`, `idempotency_key_reused`"),
    (status = 429, description = "`rate_limited`"),
))]
async fn pay_order(
    State(app): State<App>,
    Payer(Change { actor, origin }): Payer,
    RequestKey(key): RequestKey,
    Json(body): Json<PayOrderBody>,
) -> Result<Response, Problem> {
    let command = PayOrder::new(actor.account, OrderId::new(body.order_id), card(&body.token)?).key(key);
    let payment = app.metrics.use_case("pay_order", app.payments()?.pay_order(command, origin)).await?;
    Ok((StatusCode::CREATED, Json(PaymentBody::from(payment))).into_response())
}

/// Shows the payment of an order to its buyer.
#[utoipa::path(get, path = "/api/payments", tag = "payments", params(PaymentQuery),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 200, body = PaymentList, description = "The payment in progress or the one that took the money, if any"),
    (status = 400, description = "`malformed`"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 404, description = "`order_not_found`: there is none, or it is somebody else's"),
))]
async fn payments(
    State(app): State<App>,
    actor: Actor,
    Query(PaymentQuery { order_id }): Query<PaymentQuery>,
) -> Result<Json<PaymentList>, Problem> {
    Ok(Json(
        app.metrics
            .use_case("payment_of", app.payments()?.payment_of(OrderId::new(order_id), actor.account))
            .await?
            .into(),
    ))
}

/// Gives up a payment that awaits the buyer, so that another card can be used.
///
/// The payment is returned as it is then: failed, unless the buyer had already done what was needed, or the gateway
/// cannot end it. Any other payment stays as it is.
#[utoipa::path(delete, path = "/api/payments", tag = "payments", params(PaymentQuery),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 200, body = PaymentList, description = "The payment as it is then"),
    (status = 400, description = "`malformed`"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 404, description = "`order_not_found`"),
))]
async fn give_up_payment(
    State(app): State<App>,
    Change { actor, origin }: Change,
    Query(PaymentQuery { order_id }): Query<PaymentQuery>,
) -> Result<Json<PaymentList>, Problem> {
    Ok(Json(
        app.metrics
            .use_case("give_up_payment", app.payments()?.give_up_payment(OrderId::new(order_id), actor.account, origin))
            .await?
            .into(),
    ))
}

fn card(token: &str) -> Result<CardToken, Problem> {
    if (1..=LONGEST_TOKEN).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(CardToken::new(token));
    }
    let message = format!("must be 1 to {LONGEST_TOKEN} visible ASCII characters");
    Err(Problem::invalid(vec![FieldError::new("token", message)]))
}

/// Hears from the payment gateway how a payment ended.
///
/// Which headers prove that the gateway wrote the body is the gateway's business; the sandbox signs in
/// `X-Gateway-Signature`, Stripe in `Stripe-Signature`.
#[utoipa::path(post, path = "/api/payments/notices", tag = "payments",
    request_body(content = String, description = "As the gateway wrote it", content_type = "application/json"),
    responses(
        (status = 204, description = "It is committed, or genuine and of no payment"),
        (status = 400, description = "`bad_notice`: it is forged, too old or about nothing of ours"),
    ))]
async fn receive_notice(State(app): State<App>, trace: RequestTrace, request: Request) -> Result<StatusCode, Problem> {
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), Bytes::copy_from_slice(value.as_bytes()))).collect();
    let body = read_body(request, app.http.body_limit).await?;
    match app
        .metrics
        .use_case("receive_notice", app.payments()?.receive_notice(&UnverifiedNotice { headers, body }, trace.origin()))
        .await?
    {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::bad_notice()),
    }
}
