//! Requests through the API of a market whose time a test decides.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::request::Parts;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use ticketing::{AccountId, Error, Market, SandboxGateway, TicketId};
use tower::ServiceExt;

use crate::{BUYER, SELLER, opera};

async fn by_token(request: &Parts) -> Result<Option<AccountId>, Error> {
    let token = request.headers.get("authorization").and_then(|token| token.to_str().ok());
    Ok(token.and_then(|token| token.strip_prefix("Bearer ")?.parse().ok()))
}

fn api(market: &Market) -> Router {
    market.api().identify(by_token).router()
}

async fn send(api: &Router, method: &str, path: &str, user: AccountId, body: Value) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("content-type", "application/json").header("authorization", format!("Bearer {user}"));
    let request =
        request.body(Body::from(if body.is_null() { String::new() } else { body.to_string() })).expect("a request");
    let response = api.clone().oneshot(request).await.expect("a router never fails");
    let (status, body) =
        (response.status().as_u16(), response.into_body().collect().await.expect("a whole body").to_bytes());
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn each_request_finds_what_came_of_those_before() {
    let market = Market::test().await.unwrap();
    let api = api(&market);

    let offer = json!({"title": "Opera", "quantity": 1, "price": {"amount": 4500, "currency": "EUR"}});
    let (_, ticket) = send(&api, "POST", "/api/tickets", SELLER, offer).await;
    let (_, order) = send(&api, "POST", "/api/orders", BUYER, json!({"ticketId": ticket["id"]})).await;
    let pay = json!({"orderId": order["id"], "token": SandboxGateway::VISA});
    let (paid, _) = send(&api, "POST", "/api/payments", BUYER, pay).await;
    let path = format!("/api/orders/{}", order["id"].as_str().unwrap_or_default());
    let (_, order) = send(&api, "GET", &path, BUYER, Value::Null).await;

    assert_eq!((paid, &order["status"]), (201, &json!("completed")));
}

#[tokio::test]
async fn a_request_that_would_wait_without_end_lets_time_pass() {
    let market = Market::test().await.unwrap();
    let before = market.env().now();
    let young = TicketId::new(market.env().uuid(before));

    let (status, _) = send(&api(&market), "POST", "/api/orders", BUYER, json!({"ticketId": young.to_string()})).await;

    assert_eq!(status, 404);
    assert!(market.env().now() > before);
}

#[tokio::test]
async fn a_router_of_a_dead_process_reaches_nothing() {
    let market = Market::test().await.unwrap();
    let ticket = opera(&market).await;
    let dead = api(&market);
    let market = market.crash().await.unwrap();
    let order = json!({"ticketId": ticket.id.to_string()});

    let refused = send(&dead, "POST", "/api/orders", BUYER, order.clone()).await;
    let placed = send(&api(&market), "POST", "/api/orders", BUYER, order).await;

    assert_eq!((refused.0, placed.0), (503, 201));
    assert_eq!(market.ticket(ticket.id).await.unwrap().sales.held, 1);
}
