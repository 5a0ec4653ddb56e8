//! Tests of an application through its own routes: time and faults are what the test says.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Request, StatusCode};
use axum::routing::post;
use ticketing::memory::{Fault, Operation};
use ticketing::{AccountId, ErrorKind, Market, TestMarket, TicketId};
use tower::ServiceExt;
use uuid::Uuid;

/// A route of the application: a user orders a place of a ticket.
async fn buy(State(market): State<Market>, Path((user, ticket)): Path<(Uuid, Uuid)>) -> StatusCode {
    match market.order(AccountId::new(user), TicketId::new(ticket)).await {
        Ok(_) => StatusCode::CREATED,
        Err(error) if error.kind() == ErrorKind::Refused => StatusCode::CONFLICT,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn app(market: &TestMarket) -> Router {
    Router::new().route("/{user}/buy/{ticket}", post(buy)).with_state(Market::clone(market))
}

async fn status(market: &TestMarket, user: u128, ticket: TicketId) -> Result<u16, Box<dyn std::error::Error>> {
    let request = Request::post(format!("/{}/buy/{ticket}", Uuid::from_u128(user))).body(Body::empty())?;
    Ok(app(market).oneshot(request).await?.status().as_u16())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let market = Market::test().await?;
    let ticket = market.sell(AccountId::from_u128(1), "Così fan tutte").price(4500, "EUR").await?;

    assert_eq!(status(&market, 2, ticket.id).await?, 201);
    market.advance(Duration::from_secs(15 * 60 - 1)).await?;
    assert_eq!(status(&market, 3, ticket.id).await?, 409, "the place is held for a quarter of an hour");
    market.advance(Duration::from_secs(1)).await?;

    // The order is there although its answer was lost, and the buyer is told so.
    market.faults().inject(Operation::Commit, Fault::FailAfter);
    assert_eq!(status(&market, 3, ticket.id).await?, 201);
    let market = market.crash().await?;
    assert_eq!(status(&market, 2, ticket.id).await?, 409, "a crash loses no order");
    Ok(())
}
