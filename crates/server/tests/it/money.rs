//! Money is taken once, or given back.

use std::time::Duration;

use futures::{FutureExt, poll};
use serde_json::json;

use ticketing_core::domain::payment::CaptureOutcome;
use ticketing_core::ports::gateway::{GatewayNotice, UnverifiedNotice};

use crate::app::{Reply, TestApp, User, id};

const HOLD: Duration = Duration::from_secs(15 * 60);

async fn ordered() -> (TestApp, User, serde_json::Value) {
    let app = TestApp::start().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 1).await;
    let order = app.buy(&ben, &ticket).await;
    (app, ben, order)
}

impl TestApp {
    /// Sends a notice as a gateway does.
    async fn notify(&self, notice: &UnverifiedNotice) -> Reply {
        let call = notice
            .headers
            .iter()
            .fold(self.post("/api/payments/notices"), |call, (name, value)| call.header_bytes(name, value));
        call.bytes("application/json", notice.body.clone()).send().await
    }
}

#[tokio::test]
async fn money_that_comes_too_late_goes_back_once() {
    let (app, ben, order) = ordered().await;
    app.pass(HOLD - Duration::from_secs(10)).await;
    let ben = app.sign_in(&ben).await;
    let payment = app.pay_with(&ben, &order, "tok_timeout").await;
    assert_eq!((payment.status.as_u16(), &payment.body["status"]), (201, &json!("pending")));

    app.pass(Duration::from_secs(10)).await;
    assert_eq!(app.order(&ben, &order).await["cancelReason"], "expired");
    app.pass(Duration::from_secs(60)).await;

    assert_eq!(app.memory.gateway.charges().len(), 1);
    assert_eq!((app.memory.gateway.total_captured(), app.memory.gateway.total_refunded()), (1200, 1200));
}

#[tokio::test]
async fn money_for_an_order_cancelled_meanwhile_goes_back_once() {
    let (app, ben, order) = ordered().await;
    app.pay_with(&ben, &order, "tok_timeout").await;
    assert_eq!(app.delete(&format!("/api/orders/{}", id(&order))).by(&ben).send().await.status, 204);
    app.settle().await;

    app.pass(Duration::from_secs(60)).await;
    app.pass(Duration::from_secs(60)).await;

    assert_eq!(app.memory.gateway.charges().len(), 1);
    assert_eq!((app.memory.gateway.total_captured(), app.memory.gateway.total_refunded()), (1200, 1200));
}

#[tokio::test]
async fn an_order_that_payments_has_not_heard_of_is_paid_later_and_never_called_not_found() {
    let app = TestApp::start().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 1).await;
    let order = app.post("/api/orders").by(&ben).json(&json!({"ticketId": id(&ticket)})).send().await.body;
    let body = json!({"orderId": id(&order), "token": "tok_visa"});
    let pay = || app.post("/api/payments").by(&ben).header("idempotency-key", "k").json(&body).send();

    app.lag(Duration::from_secs(60));
    let early = pay().await;
    app.settle().await;
    let late = pay().await;
    app.settle().await;

    assert_eq!((early.problem(), early.header("retry-after")), ((503, "unavailable"), "10"));
    assert!(early.is_documented_problem(), "{early:?}");
    assert_eq!((late.status.as_u16(), &late.body["status"]), (201, &json!("captured")));
}

#[tokio::test]
async fn a_payment_waits_for_its_order_as_long_as_the_settings_say() {
    let app = TestApp::start_with(|config| config.replica_wait = Duration::from_secs(60)).await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 1).await;
    let order = app.post("/api/orders").by(&ben).json(&json!({"ticketId": id(&ticket)})).send().await.body;
    let body = json!({"orderId": id(&order), "token": "tok_visa"});

    let mut payment = app.post("/api/payments").by(&ben).json(&body).send().boxed_local();
    assert!(poll!(&mut payment).is_pending());
    app.lag(Duration::from_secs(59));
    assert!(poll!(&mut payment).is_pending());
    app.settle().await;
    app.lag(Duration::from_millis(500));

    assert_eq!(payment.await.status, 201);
    app.settle().await;
}

#[tokio::test]
async fn an_order_that_never_was_is_not_found() {
    let app = TestApp::start().await;
    let ben = app.sign_up("ben").await;

    for never in [uuid::Uuid::nil(), uuid::Uuid::from_u128(7)] {
        assert_eq!(app.pay(&ben, &json!({"id": never})).await.problem(), (404, "order_not_found"));
    }
}

#[tokio::test]
async fn an_order_that_nobody_pays_expires() {
    let (app, ben, order) = ordered().await;

    app.pass(HOLD - Duration::from_secs(1)).await;
    let ben = app.sign_in(&ben).await;
    assert_eq!(app.order(&ben, &order).await["status"], "awaitingPayment");
    app.pass(Duration::from_secs(1)).await;

    assert_eq!(app.order(&ben, &order).await["status"], "cancelled");
    assert_eq!(app.pay(&ben, &order).await.problem(), (409, "order_cancelled"));
}

#[tokio::test]
async fn a_declined_card_changes_nothing() {
    let (app, ben, order) = ordered().await;

    assert_eq!(app.pay_with(&ben, &order, "tok_chargeDeclined").await.problem(), (402, "card_declined"));
    assert_eq!(app.order(&ben, &order).await["status"], "awaitingPayment");
    assert_eq!(app.pay(&ben, &order).await.status, 201);
    assert_eq!(app.pay(&ben, &order).await.problem(), (409, "already_paid"));
    assert_eq!(app.memory.gateway.total_captured(), 1200);
}

#[tokio::test]
async fn a_silent_gateway_is_asked_again() {
    let (app, ben, order) = ordered().await;
    app.pay_with(&ben, &order, "tok_timeout").await;

    assert_eq!(app.pay(&ben, &order).await.problem(), (409, "payment_in_progress"));
    app.pass(Duration::from_secs(60)).await;

    assert_eq!(app.order(&ben, &order).await["status"], "completed");
    assert_eq!(app.memory.gateway.charges().len(), 1);
}

#[tokio::test]
async fn only_the_gateways_own_notice_is_believed() {
    let (app, ben, order) = ordered().await;
    let payment = app.pay_with(&ben, &order, "tok_timeout").await.body;
    let outcome = CaptureOutcome::Captured { reference: "ch_1".into() };
    let notice = GatewayNotice { payment: id(&payment).parse().expect("a name"), outcome };
    let signed = app.memory.gateway.sign_notice(&notice, app.now());

    let forged = UnverifiedNotice { headers: Vec::new(), ..signed.clone() };
    assert_eq!(app.notify(&forged).await.problem(), (400, "bad_notice"));
    assert_eq!(app.notify(&signed).await.status, 204);
    app.settle().await;
    assert_eq!(app.order(&ben, &order).await["status"], "completed");
}

/// An order whose payment awaits its buyer, and that payment.
async fn challenged() -> (TestApp, User, serde_json::Value, serde_json::Value) {
    let (app, ben, order) = ordered().await;
    let payment = app.pay_with(&ben, &order, "tok_threeDSecure").await;
    assert_eq!((payment.status.as_u16(), &payment.body["status"]), (201, &json!("pending")));
    (app, ben, order, payment.body)
}

fn payments_of(order: &serde_json::Value) -> String {
    format!("/api/payments?orderId={}", id(order))
}

#[tokio::test]
async fn what_a_buyer_must_do_is_told_wherever_they_ask() {
    let (app, ben, order, payment) = challenged().await;
    let url = format!("https://sandbox.invalid/act/{}", id(&payment));
    assert_eq!(payment["action"], json!({"kind": "redirect", "url": url}));

    let again = app.pay_with(&ben, &order, "tok_visa").await;
    let seen = app.get(&payments_of(&order)).by(&ben).send().await;
    let page = app.get(&format!("/orders/{}", id(&order))).by(&ben).send().await.text();

    assert_eq!((again.status.as_u16(), &again.body), (201, &payment));
    assert_eq!(seen.body, json!({"items": [payment]}));
    assert!(page.contains(&format!("href=\"/orders/{}/confirm\"", id(&order))), "{page}");
    assert!(!page.contains("/pay\""), "another card may not be tried before: {page}");
    assert_eq!(app.memory.gateway.charges(), []);
}

#[tokio::test]
async fn a_buyer_who_approves_is_charged_once() {
    let (app, ben, order, payment) = challenged().await;
    let told = app.memory.gateway.approve(id(&payment).parse().expect("an id")).expect("it awaits its buyer");

    let notice = app.memory.gateway.sign_notice(&told, app.now());
    for _ in 0..2 {
        assert_eq!(app.notify(&notice).await.status, 204);
    }
    app.settle().await;

    assert_eq!(app.order(&ben, &order).await["status"], "completed");
    let paid = app.get(&payments_of(&order)).by(&ben).send().await.body;
    assert_eq!((&paid["items"][0]["status"], &paid["items"][0]["action"]), (&json!("captured"), &json!(null)));
    assert_eq!(app.memory.gateway.total_captured(), 1200);
}

#[tokio::test]
async fn a_payment_tells_its_money_and_when_it_went_back() {
    let app = TestApp::start().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 1).await;
    let order = app.buy(&ben, &ticket).await;
    app.pay(&ben, &order).await;
    let payment = async || app.get(&payments_of(&order)).by(&ben).send().await.body["items"][0].clone();
    let paid = payment().await;
    assert_eq!((&paid["status"], &paid["amount"]), (&json!("captured"), &json!({"amount": 1200, "currency": "EUR"})));
    assert_eq!(paid["changedAt"], json!(app.now().to_string()));

    app.pass(Duration::from_secs(60)).await;
    app.post(&format!("/api/orders/{}/refund", id(&order))).by(&sally).send().await;
    app.settle().await;
    let refunded = payment().await;
    assert_eq!((&refunded["status"], &refunded["amount"]), (&json!("refunded"), &paid["amount"]));
    assert_eq!((&refunded["startedAt"], &refunded["changedAt"]), (&paid["startedAt"], &json!(app.now().to_string())));
}

#[tokio::test]
async fn a_payment_is_given_up_for_another_card() {
    let (app, ben, order, _) = challenged().await;

    let given_up = app.delete(&payments_of(&order)).by(&ben).send().await;
    assert_eq!((given_up.status.as_u16(), &given_up.body["items"][0]["status"]), (200, &json!("declined")));
    assert_eq!(app.get(&payments_of(&order)).by(&ben).send().await.body, json!({"items": []}));
    assert_eq!(app.pay(&ben, &order).await.status, 201);
    app.settle().await;

    assert_eq!(app.order(&ben, &order).await["status"], "completed");
    assert_eq!(app.memory.gateway.total_captured(), 1200);
}

#[tokio::test]
async fn an_order_takes_few_declined_cards() {
    let (app, ben, order) = ordered().await;

    let mut answers = Vec::new();
    for _ in 0..12 {
        let reply = app.pay_with(&ben, &order, "tok_chargeDeclined").await;
        assert!(reply.is_documented_problem(), "{reply:?}");
        answers.push(reply.problem().0);
    }

    assert_eq!(answers, [[402; 10].as_slice(), &[409; 2]].concat());
    assert_eq!(app.pay(&ben, &order).await.problem(), (409, "too_many_declines"));
    assert_eq!(app.delete(&format!("/api/orders/{}", id(&order))).by(&ben).send().await.status, 204);
    app.settle().await;
}
