//! Who sells, in the API: tickets follow the name, orders keep it.

use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp, User, id};

async fn rename(app: &TestApp, owner: &User, name: &str) {
    let reply = app.put("/api/users/name").by(owner).json(&json!({ "displayName": name })).send().await;
    assert_eq!(reply.status, 204, "{reply:?}");
    app.settle().await;
}

async fn search(app: &TestApp) -> Value {
    app.get("/api/tickets").send().await.body["items"][0]["sellerName"].clone()
}

#[tokio::test]
async fn a_ticket_follows_the_name_of_its_seller_and_an_order_keeps_it() {
    let app = TestApp::start().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 5).await;
    assert!(ticket.get("sellerName").is_none(), "nobody gave a name: {ticket}");
    rename(&app, &sally, "Sally").await;
    assert_eq!((&app.ticket(&ticket).await["sellerName"], search(&app).await), (&json!("Sally"), json!("Sally")));

    let early = app.buy(&ben, &ticket).await;
    rename(&app, &sally, "Sally & Sons").await;
    let late = app.buy(&ben, &ticket).await;
    app.pay(&ben, &early).await;

    for (order, name) in [(early, "Sally"), (late, "Sally & Sons")] {
        assert_eq!(app.order(&ben, &order).await["ticket"]["sellerName"], name);
    }
    assert_eq!(
        (&app.ticket(&ticket).await["sellerName"], search(&app).await),
        (&json!("Sally & Sons"), json!("Sally & Sons"))
    );
}

#[tokio::test]
async fn an_order_form_that_is_older_than_a_name_is_not_refused() {
    let app = TestApp::start().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 5).await;
    let seen = app.ticket(&ticket).await;
    rename(&app, &sally, "Sally").await;

    let body = json!({"ticketId": id(&ticket), "price": seen["price"], "factsTag": seen["factsTag"]});
    let placed = app.post("/api/orders").by(&ben).json(&body).send().await;

    assert_eq!((placed.status.as_u16(), &placed.body["ticket"]["sellerName"]), (201, &json!("Sally")), "{placed:?}");
    app.settle().await;
}

#[tokio::test]
async fn a_deletion_takes_the_name_off_a_ticket_and_an_order_keeps_it() {
    let app = TestApp::start().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    rename(&app, &sally, "Sally").await;
    let ticket = app.sell(&sally, 5).await;
    assert_eq!(ticket["sellerName"], "Sally");
    let order = app.buy(&ben, &ticket).await;
    app.pay(&ben, &order).await;

    let gone = app.post("/api/users/delete").by(&sally).json(&json!({ "password": PASSWORD })).send().await;
    assert_eq!(gone.status, 204);
    app.settle().await;

    let left = app.ticket(&ticket).await;
    assert_eq!((left.get("sellerName"), &left["status"]), (None, &json!("withdrawn")));
    assert_eq!(app.order(&ben, &order).await["ticket"]["sellerName"], "Sally");
}
