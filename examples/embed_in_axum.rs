//! The orders service inside an application that has an HTTP server and accounts of its own.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use http_body_util::BodyExt;
use ticketing_core::assembly::Settings;
use ticketing_core::domain::ids::AccountId;
use ticketing_core::domain::money::Quantity;
use ticketing_core::domain::ticket::{Offer, OfferInput};
use ticketing_core::messaging::shutdown::shutdown;
use ticketing_core::usecase::error::ErrorKind;
use ticketing_core::usecase::orders::{Orders, PlaceOrder};
use ticketing_core::usecase::tickets::CreateTicket;
use ticketing_core::wire::Origin;
use ticketing_memory::MemoryEngines;
use tower::ServiceExt;
use uuid::Uuid;

/// The application's own route: who somebody is, it knows by its own means.
async fn buy(
    State(orders): State<Orders>,
    headers: HeaderMap,
    Path(ticket): Path<Uuid>,
) -> Result<Json<String>, (StatusCode, String)> {
    let buyer = signed_in(&headers).ok_or((StatusCode::UNAUTHORIZED, "who are you?".to_owned()))?;
    let ticket = ticketing_core::domain::ids::TicketId::new(ticket);
    let command = PlaceOrder { buyer, ticket, quantity: Quantity::ONE, price_seen: None, key: None };
    match orders.place_order(command, Origin::new(Uuid::nil())).await {
        Ok(order) => Ok(Json(order.id.to_string())),
        Err(error) => Err((status(error.kind()), error.code().to_owned())),
    }
}

fn signed_in(headers: &HeaderMap) -> Option<AccountId> {
    headers.get("x-user")?.to_str().ok()?.parse().ok()
}

/// No wildcard: a new kind of error does not compile until this door has decided what to say.
const fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::NotSignedIn => StatusCode::UNAUTHORIZED,
        ErrorKind::CardDeclined => StatusCode::PAYMENT_REQUIRED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Refused => StatusCode::CONFLICT,
        ErrorKind::Stale => StatusCode::PRECONDITION_FAILED,
        ErrorKind::Paused => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Broken => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn opera() -> Result<Offer, Box<dyn Error>> {
    let opera =
        OfferInput { title: "Così fan tutte", amount: 4500, currency: "EUR", quantity: 1, ..OfferInput::default() };
    Ok(Offer::parse(opera)?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let engines = MemoryEngines::default();
    let market = engines.service_context(Settings::default());
    let (tickets, ticket_loops) = market.tickets(engines.ticket_ports())?;
    let (orders, order_loops) = market.orders(engines.order_ports())?;
    let ((stop, stopped), env) = (shutdown(), engines.env.clone());
    let loops = ticket_loops.and(order_loops).and(market.expiration(engines.expiration_ports())?);
    let running = tokio::spawn(async move { loops.run(env, stopped, &|task| drop(tokio::spawn(task))).await });
    let app = Router::new().route("/buy/{ticket}", post(buy)).with_state(orders);

    let seller = AccountId::new(Uuid::from_u128(1));
    let ticket = tickets
        .create_ticket(CreateTicket { seller, offer: opera()?, key: None }, Origin::new(Uuid::nil()))
        .await?
        .ticket;
    for user in [2, 3] {
        let request = Request::post(format!("/buy/{}", ticket.id)).header("x-user", Uuid::from_u128(user).to_string());
        let response = app.clone().oneshot(request.body(Body::empty())?).await?;
        let status = response.status();
        println!("user {user}: {status} {:?}", response.into_body().collect().await?.to_bytes());
    }

    stop.request();
    Ok(running.await??)
}
