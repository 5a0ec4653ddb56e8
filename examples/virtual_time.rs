//! Tests of an application through its own routes: time and faults are what the test says.

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Request, StatusCode, request::Parts};
use axum::routing::post;
use ticketing::memory::{Fault, Operation};
use ticketing::{AccountId, Market, OrderCreated, TestMarket, TicketId};
use tower::ServiceExt;
use uuid::Uuid;

static MAILS: AtomicUsize = AtomicUsize::new(0);

/// A route of the application: a user orders a place of a ticket.
async fn buy(State(market): State<Market>, Path((user, ticket)): Path<(u128, Uuid)>) -> StatusCode {
    let order = market.order(AccountId::from_u128(user), TicketId::new(ticket)).await;
    order.map_or(StatusCode::CONFLICT, |_| StatusCode::CREATED)
}

/// The only user below `/shop`.
async fn ada(_: &Parts) -> Result<Option<AccountId>, ticketing::Error> {
    Ok(Some(AccountId::from_u128(2)))
}

fn app(market: &TestMarket) -> Router {
    let own = Router::new().route("/{user}/buy/{ticket}", post(buy)).with_state(Market::clone(market));
    own.nest("/shop", market.api().identify(ada).router())
}

async fn status(market: &TestMarket, path: &str, body: String) -> Result<u16, Box<dyn Error>> {
    let request = Request::post(path).header("content-type", "application/json").body(Body::from(body))?;
    Ok(app(market).oneshot(request).await?.status().as_u16())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mail = async |_: OrderCreated, _| {
        MAILS.fetch_add(1, Ordering::Relaxed);
        Ok(())
    };
    let market = Market::builder().on("mailer", mail).test().await?;
    let ticket = market.sell(AccountId::from_u128(1), "Così fan tutte").price(4500, "EUR").await?;
    let bens = format!("/3/buy/{}", ticket.id);

    assert_eq!(status(&market, "/shop/api/orders", format!("{{\"ticketId\":\"{}\"}}", ticket.id)).await?, 201);
    market.advance(Duration::from_secs(15 * 60 - 1)).await?;
    assert_eq!(status(&market, &bens, String::new()).await?, 409, "the place is held for a quarter of an hour");
    market.advance(Duration::from_secs(1)).await?;

    // The answer of a commit is lost, the mailer forgets that it sent a mail, the process dies: the place is sold once.
    market.faults().inject(Operation::Commit, Fault::FailAfter);
    market.faults().of_group("app.mailer").inject(Operation::Settle, Fault::LoseSettlement);
    assert_eq!(status(&market, &bens, String::new()).await?, 201);
    market.settle().await?;
    assert_eq!(MAILS.load(Ordering::Relaxed), 3, "Ben got his mail twice: hand its idempotency key on");
    let market = market.crash().await?;
    assert_eq!(status(&market, &bens, String::new()).await?, 409);
    Ok(())
}
