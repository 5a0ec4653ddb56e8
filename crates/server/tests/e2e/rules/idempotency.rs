//! Who asks twice under one key gets one thing.

use serde_json::json;

use crate::market::{Market, id};

pub(crate) async fn an_order_under_one_key_is_placed_once(market: &Market) {
    let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
    let ticket = market.sell(&sally, 5).await;
    let place = async |quantity: u32| {
        let body = json!({"ticketId": id(&ticket), "quantity": quantity});
        market.post("/api/orders").by(&ben).header("idempotency-key", "once").json(&body).send().await
    };

    let (first, second) = (place(1).await, place(1).await);

    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201));
    assert_eq!(first.body["id"], second.body["id"]);
    assert_eq!(place(2).await.problem(), (422, "idempotency_key_reused"));
    let orders = market.get("/api/orders").by(&ben).send().await.body;
    assert_eq!(orders["items"].as_array().map(Vec::len), Some(1));
}

pub(crate) async fn a_payment_under_one_key_is_answered_as_before(market: &Market) {
    let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
    let ticket = market.sell(&sally, 1).await;
    let order = market.buy(&ben, &ticket).await;
    let pay = async || {
        let body = json!({"orderId": id(&order), "token": "tok_visa"});
        market.post("/api/payments").by(&ben).header("idempotency-key", "once").json(&body).send().await
    };

    let (first, second) = (pay().await, pay().await);

    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201));
    assert_eq!(first.body["id"], second.body["id"]);
}
