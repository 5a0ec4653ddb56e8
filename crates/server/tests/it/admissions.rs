//! Passes over HTTP: what a buyer shows, and what a door says.

use std::time::Duration;

use serde_json::{Value, json};
use ticketing_crypto::PassVerifier;

use crate::app::{Reply, TestApp, User, id};
use crate::front_door::backend::Backend;

/// Sally sells, and Ben paid for a place.
struct Scene {
    app: TestApp,
    sally: User,
    ben: User,
    ticket: Value,
    order: Value,
}

impl Scene {
    async fn set(app: TestApp) -> Self {
        let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
        let ticket = app.sell(&sally, 5).await;
        let order = app.buy(&ben, &ticket).await;
        app.pay(&ben, &order).await;
        Self { app, sally, ben, ticket, order }
    }

    async fn pass(&self) -> Value {
        let path = format!("/api/orders/{}/passes", id(&self.order));
        self.app.get(&path).by(&self.ben).send().await.body["items"][0].clone()
    }

    async fn show(&self, ticket: &Value, pass: &Value) -> Reply {
        let path = format!("/api/tickets/{}/admissions", id(ticket));
        let reply = self.app.post(&path).by(&self.sally).json(&json!({"pass": pass})).send().await;
        self.app.settle().await;
        reply
    }
}

#[tokio::test]
async fn a_buyer_is_let_in_once_and_the_second_hears_when() {
    let scene = Scene::set(TestApp::start().await).await;
    let pass = scene.pass().await;
    assert_eq!((&pass["status"], &pass["place"]), (&json!("issued"), &json!(1)));

    let welcome = scene.show(&scene.ticket, &pass["code"]).await;
    scene.app.pass(Duration::from_secs(60)).await;
    let again = scene.show(&scene.ticket, &pass["token"]).await;

    assert_eq!((welcome.status.as_u16(), &welcome.body["status"]), (200, &json!("used")));
    assert_eq!(again.problem(), (409, "pass_already_used"));
    assert!(again.is_documented_problem(), "{again:?}");
    assert_eq!(again.body["errors"], json!([{"field": "usedAt", "message": welcome.body["usedAt"]}]));
    assert_eq!(scene.pass().await["usedAt"], welcome.body["usedAt"]);
}

#[tokio::test]
async fn a_door_says_why_nobody_is_let_in() {
    let scene = Scene::set(TestApp::start().await).await;
    let other = scene.app.sell(&scene.sally, 5).await;
    let pass = scene.pass().await;

    for (ticket, shown, problem) in [
        (&scene.ticket, json!("ZZZ-ZZZ"), (404, "pass_not_found")),
        (&scene.ticket, json!("tomato"), (404, "pass_not_found")),
        (&other, pass["code"].clone(), (404, "pass_not_found")),
        (&other, pass["token"].clone(), (409, "pass_of_another_ticket")),
        (&scene.ticket, json!(" "), (422, "invalid")),
        (&scene.ticket, json!("x".repeat(201)), (422, "invalid")),
    ] {
        let refused = scene.show(ticket, &shown).await;
        assert_eq!(refused.problem(), problem, "{shown}");
    }
}

#[tokio::test]
async fn the_door_shows_its_counts_and_its_passes() {
    let scene = Scene::set(TestApp::start().await).await;
    let second = scene.app.buy(&scene.ben, &scene.ticket).await;
    scene.app.pay(&scene.ben, &second).await;
    scene.show(&scene.ticket, &scene.pass().await["code"]).await;

    let path = format!("/api/tickets/{}/admissions?limit=1", id(&scene.ticket));
    let first = scene.app.get(&path).by(&scene.sally).send().await.body;
    let next = format!("{path}&cursor={}", first["nextCursor"].as_str().expect("more follow"));
    let last = scene.app.get(&next).by(&scene.sally).send().await.body;

    assert_eq!((&first["title"], &first["counts"]), (&json!("Opera"), &json!({"issued": 1, "used": 1, "voided": 0})));
    let status = |page: &Value| (page["items"][0]["orderId"].clone(), page["items"][0]["status"].clone());
    assert_eq!(status(&first), (scene.order["id"].clone(), json!("used")));
    assert_eq!(status(&last), (second["id"].clone(), json!("issued")));
    assert_eq!(last["nextCursor"], json!(null));
    assert!(!first.to_string().contains(scene.pass().await["code"].as_str().expect("a code")), "codes are the buyer's");
}

#[tokio::test]
async fn a_door_without_a_network_knows_a_pass_by_the_published_keys() {
    let scene = Scene::set(TestApp::start().await).await;
    let pass = scene.pass().await;

    let keys = scene.app.get("/.well-known/jwks.json").send().await.body.to_string();
    let read = PassVerifier::from_jwks(&keys).expect("keys").verify(pass["token"].as_str().expect("a token"));

    assert_eq!(read.expect("it is genuine").pass.to_string(), pass["id"]);
}

#[tokio::test]
async fn a_door_that_tries_codes_is_stopped() {
    let scene = Scene::set(TestApp::start().await).await;
    let mut tries = 0;
    let stopped = loop {
        tries += 1;
        let refused = scene.show(&scene.ticket, &json!("ZZZ-ZZZ")).await;
        if refused.status != 404 || tries > 1000 {
            break refused;
        }
    };

    assert_eq!((stopped.problem(), tries), ((429, "rate_limited"), 241));
}

#[tokio::test]
async fn passes_are_reached_through_the_front_door() {
    let scene = Scene::set(Backend::start().await.behind_front_door()).await;

    let welcome = scene.show(&scene.ticket, &scene.pass().await["token"]).await;

    assert_eq!((welcome.status.as_u16(), &welcome.body["status"]), (200, &json!("used")));
}
