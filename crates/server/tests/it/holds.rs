//! One buyer holds only so much.

use std::time::Duration;

use serde_json::{Value, json};
use ticketing_core::domain::hold_limits::HoldLimits;

use crate::app::{Reply, TestApp, User, id, offer};

async fn limited() -> TestApp {
    TestApp::start_with(|config| config.hold_limits = HoldLimits::default()).await
}

async fn order(app: &TestApp, buyer: &User, ticket: &Value, quantity: u32) -> Reply {
    let body = json!({"ticketId": id(ticket), "quantity": quantity});
    let reply = app.post("/api/orders").by(buyer).json(&body).send().await;
    app.settle().await;
    reply
}

#[tokio::test]
async fn one_account_cannot_empty_the_market() {
    let app = limited().await;
    let (sally, mallory, ben) = (app.sign_up("sally").await, app.sign_up("mallory").await, app.sign_up("ben").await);
    let mut held = 0;
    for _ in 0..8 {
        let ticket = app.sell(&sally, 30).await;
        for quantity in [30, 10, 1] {
            let reply = order(&app, &mallory, &ticket, quantity).await;
            held += if reply.status == 201 { quantity } else { 0 };
        }
        let of_ben = order(&app, &ben, &ticket, 1).await;
        assert_eq!(of_ben.status, 201, "others still find places");
        app.pay(&ben, &of_ben.body).await;
    }

    assert_eq!(held, 20, "as many as one account may hold, whatever it asks for");
}

#[tokio::test]
async fn a_refusal_says_how_many_are_allowed() {
    let app = limited().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 30).await;

    let refused = order(&app, &ben, &ticket, 11).await;

    assert_eq!((refused.problem(), refused.wrong_fields()), ((409, "too_many_places"), vec!["quantity"]));
    assert!(refused.is_documented_problem(), "{refused:?}");
    assert_eq!(order(&app, &ben, &ticket, 10).await.status, 201);
}

#[tokio::test]
async fn a_seller_limits_what_one_buyer_may_have() {
    let app = limited().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let mut body = offer("Opera", 1200, 30);
    body["maxPerBuyer"] = json!(2);
    let ticket = app.sell_as(&sally, &body).await;
    assert_eq!(app.ticket(&ticket).await["maxPerBuyer"], 2);

    assert_eq!(order(&app, &ben, &ticket, 3).await.problem(), (409, "too_many_places"));
    let bought = order(&app, &ben, &ticket, 2).await;
    app.pay(&ben, &bought.body).await;
    assert_eq!(order(&app, &ben, &ticket, 1).await.problem(), (409, "too_many_places"));
    for wrong in [0, 1001] {
        body["maxPerBuyer"] = json!(wrong);
        let reply = app.post("/api/tickets").by(&sally).json(&body).send().await;
        assert_eq!((reply.problem(), reply.wrong_fields()), ((422, "invalid"), vec!["maxPerBuyer"]), "{wrong}");
    }
}

#[tokio::test]
async fn holds_that_are_never_paid_make_the_next_one_wait() {
    let app = limited().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 30).await;
    for _ in 0..3 {
        let held = order(&app, &ben, &ticket, 1).await;
        assert_eq!(app.delete(&format!("/api/orders/{}", id(&held.body))).by(&ben).send().await.status, 204);
    }

    let refused = order(&app, &ben, &ticket, 1).await;

    assert_eq!((refused.problem(), refused.header("retry-after")), ((429, "hold_paused"), "60"));
    assert!(refused.is_documented_problem(), "{refused:?}");
    app.pass(Duration::from_secs(60)).await;
    assert_eq!(order(&app, &ben, &ticket, 1).await.status, 201);
}
