//! From a sign-up to a paid order, in JSON alone.

use serde_json::json;

use crate::app::{TestApp, id};

#[tokio::test]
async fn a_ticket_is_sold() {
    let app = TestApp::start().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 3).await;

    let order = app.buy(&ben, &ticket).await;
    assert_eq!((&order["status"], &order["total"]["amount"]), (&json!("awaitingPayment"), &json!(1200)));
    let payment = app.pay(&ben, &order).await;

    assert_eq!((payment.status.as_u16(), &payment.body["status"]), (201, &json!("captured")));
    assert_eq!(payment.body["orderId"], order["id"]);
    assert_eq!(app.order(&ben, &order).await["status"], "completed");
    assert_eq!(app.ticket(&ticket).await["available"], 2);
    assert_eq!(app.memory.gateway.total_captured(), 1200);
}

#[tokio::test]
async fn the_last_place_is_sold_once() {
    let app = TestApp::start().await;
    let (sally, ben, eve) = (app.sign_up("sally").await, app.sign_up("ben").await, app.sign_up("eve").await);
    let ticket = app.sell(&sally, 1).await;
    app.buy(&ben, &ticket).await;

    assert_eq!(app.try_to_buy(&eve, &ticket).await.problem(), (409, "sold_out"));
    assert_eq!(app.try_to_buy(&sally, &ticket).await.problem(), (409, "own_ticket"));
    assert_eq!(app.ticket(&ticket).await["status"], "soldOut");
}

#[tokio::test]
async fn a_cancelled_order_gives_its_place_back() {
    let app = TestApp::start().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 1).await;
    let order = app.buy(&ben, &ticket).await;

    for _ in 0..2 {
        let reply = app.delete(&format!("/api/orders/{}", id(&order))).by(&ben).send().await;
        assert_eq!(reply.status, 204);
    }
    app.settle().await;

    let order = app.order(&ben, &order).await;
    assert_eq!((&order["status"], &order["cancelReason"]), (&json!("cancelled"), &json!("byBuyer")));
    assert_eq!(app.ticket(&ticket).await["available"], 1);
}

#[tokio::test]
async fn a_seller_sees_what_is_held_and_sold() {
    let app = TestApp::start().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 5).await;
    let order = app.buy(&ben, &ticket).await;
    app.pay(&ben, &order).await;
    app.buy(&ben, &ticket).await;

    let mine = app.get("/api/tickets/mine").by(&sally).send().await.body;

    let ticket = &mine["items"][0];
    assert_eq!((&ticket["held"], &ticket["sold"], &ticket["available"]), (&json!(1), &json!(1), &json!(3)));
    assert!(app.ticket(ticket).await["held"].is_null());
}

#[tokio::test]
async fn a_buyer_is_told_of_another_price() {
    let app = TestApp::start().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 1).await;
    let seen = json!({"ticketId": id(&ticket), "price": {"amount": 1100, "currency": "EUR"}});

    let reply = app.post("/api/orders").by(&ben).json(&seen).send().await;

    assert_eq!(reply.problem(), (409, "price_changed"));
}
