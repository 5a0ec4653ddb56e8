//! The marketplace below `/shop` of an application that has its own users and routes.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use axum::Router;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Request, StatusCode, header};
use axum::routing::get;
use http_body_util::BodyExt;
use ticketing::{AccountId, Error, Market};
use tower::ServiceExt;

/// Who somebody is, the application knows by its own means: here a token that is the user's id.
async fn my_session(request: &Parts) -> Result<Option<AccountId>, Error> {
    let token = request.headers.get(header::AUTHORIZATION).and_then(|token| token.to_str().ok());
    Ok(token.and_then(|token| token.strip_prefix("Bearer ")?.parse().ok()))
}

fn app(market: &Market) -> Router {
    let shop = market.api().identify(my_session).router();
    Router::new().nest("/shop", shop).route("/", get(async || "my front page"))
}

/// One request, as a user sends it.
async fn post(
    app: &Router,
    user: Option<AccountId>,
    path: &str,
    body: String,
) -> Result<StatusCode, Box<dyn std::error::Error>> {
    let mut request =
        Request::post(path).header(header::HOST, "localhost").header(header::CONTENT_TYPE, "application/json");
    if let Some(user) = user {
        request = request.header(header::AUTHORIZATION, format!("Bearer {user}"));
    }
    let response = app.clone().oneshot(request.body(Body::from(body))?).await?;
    let (status, location) = (response.status(), response.headers().get(header::LOCATION).cloned());
    println!("{path}: {status} {location:?} {:?}", response.into_body().collect().await?.to_bytes());
    Ok(status)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let market = Market::builder().open().await?;
    let app = app(&market);
    let [seller, ada, ben] = [1, 2, 3].map(AccountId::from_u128);
    let ticket = market.sell(seller, "Così fan tutte").price(4500, "EUR").await?;

    let order = format!("{{\"ticketId\":\"{}\"}}", ticket.id);
    assert_eq!(post(&app, None, "/shop/api/orders", order.clone()).await?, StatusCode::UNAUTHORIZED);
    assert_eq!(post(&app, Some(ada), "/shop/api/orders", order.clone()).await?, StatusCode::CREATED);
    assert_eq!(post(&app, Some(ben), "/shop/api/orders", order).await?, StatusCode::CONFLICT);

    market.close().await?;
    Ok(())
}
