//! Asking twice does something once.

use serde_json::{Value, json};

use crate::app::{Reply, TestApp, User, id, offer};

async fn order(app: &TestApp, buyer: &User, key: &str, body: &Value) -> Reply {
    let reply = app.post("/api/orders").by(buyer).header("idempotency-key", key).json(body).send().await;
    app.settle().await;
    reply
}

#[tokio::test]
async fn the_same_request_orders_once() {
    let app = TestApp::start().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 5).await;
    let body = json!({"ticketId": id(&ticket)});

    let first = order(&app, &ben, "k-1", &body).await;
    let again = order(&app, &ben, "k-1", &body).await;

    assert_eq!((first.status.as_u16(), &first.body), (201, &again.body));
    assert_eq!(app.ticket(&ticket).await["available"], 4);
    assert_eq!(order(&app, &ben, "k-2", &body).await.status, 201);
    let other = json!({"ticketId": id(&ticket), "quantity": 2});
    assert_eq!(order(&app, &ben, "k-1", &other).await.problem(), (422, "idempotency_key_reused"));
}

#[tokio::test]
async fn a_key_is_its_owners_alone() {
    let app = TestApp::start().await;
    let (sally, ben, eve) = (app.sign_up("sally").await, app.sign_up("ben").await, app.sign_up("eve").await);
    let ticket = app.sell(&sally, 5).await;
    let body = json!({"ticketId": id(&ticket)});

    let (of_ben, of_eve) = (order(&app, &ben, "k", &body).await, order(&app, &eve, "k", &body).await);

    assert_ne!(id(&of_ben.body), id(&of_eve.body));
}

#[tokio::test]
async fn the_same_request_pays_once() {
    let app = TestApp::start().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 1).await;
    let order = app.buy(&ben, &ticket).await;
    let body = json!({"orderId": id(&order), "token": "tok_visa"});
    let pay = || app.post("/api/payments").by(&ben).header("idempotency-key", "k").json(&body).send();

    let (first, again) = (pay().await, pay().await);
    app.settle().await;

    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
    assert_eq!(first.body, again.body);
    assert_eq!(app.memory.gateway.charges().len(), 1);
}

#[tokio::test]
async fn what_is_no_key_is_refused() {
    let app = TestApp::start().await;
    let ben = app.sign_up("ben").await;
    let body = json!({"ticketId": uuid::Uuid::nil()});

    for key in ["", "a b", &"x".repeat(201)] {
        let reply = order(&app, &ben, key, &body).await;
        assert_eq!((reply.status.as_u16(), reply.wrong_fields()), (422, vec!["Idempotency-Key"]), "{key:?}");
    }
}

#[tokio::test]
async fn the_same_request_puts_a_ticket_on_sale_once() {
    let app = TestApp::start().await;
    let (sally, sam) = (app.sign_up("sally").await, app.sign_up("sam").await);
    let sell = |seller: &User, places| {
        app.post("/api/tickets").by(seller).header("idempotency-key", "k").json(&offer("Opera", 1200, places)).send()
    };

    let (first, again) = (sell(&sally, 5).await, sell(&sally, 5).await);

    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
    assert_eq!((&first.body, first.header("location")), (&again.body, again.header("location")));
    assert_eq!(sell(&sally, 6).await.problem(), (422, "idempotency_key_reused"));
    assert_ne!(id(&sell(&sam, 5).await.body), id(&first.body), "a key is its owner's alone");
    assert_eq!(app.get("/api/tickets/mine").by(&sally).send().await.body["items"].as_array().map(Vec::len), Some(1));
    app.settle().await;
}
