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
        let path = format!("/api/doors/{}/checks", id(ticket));
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

    assert_eq!((welcome.status.as_u16(), &welcome.body["result"]), (200, &json!("welcome")));
    assert_eq!(again.body, json!({"result": "used", "firstUsedAt": welcome.body["firstUsedAt"]}));
    assert_eq!(scene.pass().await["usedAt"], welcome.body["firstUsedAt"]);
}

#[tokio::test]
async fn a_door_says_why_nobody_is_let_in() {
    let scene = Scene::set(TestApp::start().await).await;
    let other = scene.app.sell(&scene.sally, 5).await;
    let pass = scene.pass().await;

    for (ticket, shown, result) in [
        (&scene.ticket, json!("ZZZ-ZZZ"), "unknown"),
        (&scene.ticket, json!("tomato"), "unknown"),
        (&other, pass["code"].clone(), "unknown"),
        (&other, pass["token"].clone(), "otherTicket"),
    ] {
        assert_eq!(scene.show(ticket, &shown).await.body, json!({"result": result}), "{shown}");
    }
    for shown in [json!(" "), json!("x".repeat(201))] {
        assert_eq!(scene.show(&scene.ticket, &shown).await.problem(), (422, "invalid"), "{shown}");
    }
    scene.app.post(&format!("/api/orders/{}/refund", id(&scene.order))).by(&scene.sally).send().await;
    scene.app.settle().await;
    assert_eq!(scene.show(&scene.ticket, &pass["code"]).await.body, json!({"result": "void"}));
}

#[tokio::test]
async fn the_door_shows_its_counts_and_its_passes() {
    let scene = Scene::set(TestApp::start().await).await;
    let second = scene.app.buy(&scene.ben, &scene.ticket).await;
    scene.app.pay(&scene.ben, &second).await;
    scene.show(&scene.ticket, &scene.pass().await["code"]).await;

    let path = format!("/api/doors/{}/passes?limit=1", id(&scene.ticket));
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
        if refused.status != 200 || tries > 1000 {
            break refused;
        }
    };

    assert_eq!((stopped.problem(), tries), ((429, "rate_limited"), 241));
}

#[tokio::test]
async fn passes_are_reached_through_the_front_door() {
    let scene = Scene::set(Backend::start().await.behind_front_door()).await;

    let welcome = scene.show(&scene.ticket, &scene.pass().await["token"]).await;

    assert_eq!(welcome.body["result"], "welcome");
}

impl Scene {
    /// Makes a link as Sally does, and returns it.
    async fn link(&self, label: &str) -> Value {
        let path = format!("/api/doors/{}/links", id(&self.ticket));
        let made = self.app.post(&path).by(&self.sally).json(&json!({"label": label})).send().await;
        assert_eq!(made.status, 201, "{made:?}");
        made.body
    }

    /// Shows a pass at a door that was opened by a key.
    async fn check(&self, key: &Value, check: &str, body: &Value) -> Value {
        let path = format!("/api/doors/{}/checks", id(&self.ticket));
        let call = self.app.post(&path).header("door-key", key.as_str().expect("a key"));
        let reply = call.header("idempotency-key", check).json(body).send().await;
        self.app.settle().await;
        reply.body
    }
}

#[tokio::test]
async fn a_door_link_opens_its_door_and_nothing_else_until_it_is_revoked() {
    let scene = Scene::set(TestApp::start().await).await;
    let (link, other) = (scene.link("North door").await, scene.link("South door").await);
    let key = link["key"].as_str().expect("a key").to_owned();
    let with_key = async |method, path: String| {
        scene.app.call(method, &path).header("door-key", &key).json(&json!({"label": "x"})).send().await
    };
    let door = format!("/api/doors/{}", id(&scene.ticket));

    let list = with_key("GET", format!("{door}/passes")).await;
    assert_eq!((list.status.as_u16(), &list.body["title"]), (200, &json!("Opera")));
    let welcome = scene.check(&link["key"], "a", &json!({"pass": scene.pass().await["code"]})).await;
    assert_eq!(welcome["result"], "welcome");
    let links = scene.app.get(&format!("{door}/links")).by(&scene.sally).send().await.body;
    assert_eq!(links["items"][0], json!({"id": link["id"], "label": "North door", "madeAt": link["madeAt"]}));
    let second = scene.app.sell(&scene.sally, 2).await;
    for (method, path, status) in [
        ("GET", format!("/api/doors/{}/passes", id(&second)), 403),
        ("GET", format!("{door}/links"), 401),
        ("POST", format!("{door}/links"), 401),
        ("DELETE", format!("{door}/links/{}", id(&link)), 401),
        ("GET", format!("/api/orders/for/{}", id(&scene.ticket)), 401),
        ("GET", "/api/tickets/mine".to_owned(), 401),
    ] {
        assert_eq!(with_key(method, path.clone()).await.status, status, "{method} {path}");
    }

    for _ in 0..2 {
        let gone = scene.app.delete(&format!("{door}/links/{}", id(&link))).by(&scene.sally).send().await;
        assert_eq!(gone.status, 204);
    }
    assert_eq!(with_key("GET", format!("{door}/passes")).await.problem(), (403, "not_your_door"));
    assert_eq!(scene.check(&other["key"], "b", &json!({"pass": "ZZZ-ZZZ"})).await["result"], "unknown");
    assert_eq!(scene.app.unpublished(), 0);
}

#[tokio::test]
async fn a_door_has_twenty_links_at_most() {
    let scene = Scene::set(TestApp::start().await).await;
    for n in 0..20 {
        scene.link(&format!("door {n}")).await;
    }

    let path = format!("/api/doors/{}/links", id(&scene.ticket));
    let refused = scene.app.post(&path).by(&scene.sally).json(&json!({"label": "one more"})).send().await;

    assert_eq!(refused.problem(), (409, "too_many_door_links"));
}

#[tokio::test]
async fn a_check_whose_answer_was_lost_is_welcome_again() {
    let scene = Scene::set(TestApp::start().await).await;
    let (link, body) = (scene.link("North door").await, json!({"pass": scene.pass().await["code"]}));

    let first = scene.check(&link["key"], "a", &body).await;
    scene.app.pass(Duration::from_secs(60)).await;

    assert_eq!(first["result"], "welcome");
    assert_eq!(scene.check(&link["key"], "a", &body).await, first);
    let used = json!({"result": "used", "firstUsedAt": first["firstUsedAt"]});
    assert_eq!(scene.check(&link["key"], "b", &body).await, used);
}

#[tokio::test]
async fn a_door_that_was_offline_tells_whom_it_let_in_and_hears_who_was_in_already() {
    let scene = Scene::set(TestApp::start().await).await;
    let second = scene.app.buy(&scene.ben, &scene.ticket).await;
    scene.app.pay(&scene.ben, &second).await;
    let (link, pass) = (scene.link("North door").await, scene.pass().await);
    let let_in_at = scene.app.now();
    scene.app.pass(Duration::from_secs(600)).await;
    let told = json!({"pass": pass["code"], "at": let_in_at.to_string()});

    let first = scene.check(&link["key"], "a", &told).await;
    let twice = json!({"pass": pass["token"], "at": "2999-01-01T00:00:00Z"});
    let answers = [scene.check(&link["key"], "b", &twice).await, scene.check(&link["key"], "b", &twice).await];

    assert_eq!((&first["result"], &first["firstUsedAt"]), (&json!("welcome"), &json!(let_in_at.to_string())));
    let used = json!({"result": "used", "firstUsedAt": let_in_at.to_string()});
    assert_eq!(answers, [used.clone(), used]);
    let path = format!("/api/doors/{}/passes", id(&scene.ticket));
    let call = scene.app.get(&path).header("door-key", link["key"].as_str().expect("a key"));
    let items = call.send().await.body["items"].clone();
    assert_eq!(
        (&items[0]["usedAt"], &items[0]["againAt"]),
        (&first["firstUsedAt"], &json!(scene.app.now().to_string()))
    );
    assert_eq!((&items[1]["status"], &items[1]["againAt"]), (&json!("issued"), &json!(null)));
}

#[tokio::test]
async fn a_door_without_a_network_recognises_a_code_and_a_token_by_its_list() {
    use sha2::{Digest, Sha256};
    let scene = Scene::set(TestApp::start().await).await;
    let pass = scene.pass().await;

    let path = format!("/api/doors/{}/passes", id(&scene.ticket));
    let list = scene.app.get(&path).by(&scene.sally).send().await.body;

    let digest = |shown: &str| -> Value {
        let digest = Sha256::digest(format!("{}:{shown}", id(&scene.ticket)));
        digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>().into()
    };
    let code = pass["code"].as_str().expect("a code").replace('-', "");
    assert_eq!(list["items"][0]["codeDigest"], digest(&code));
    assert_eq!(list["items"][0]["tokenDigest"], digest(pass["token"].as_str().expect("a token")));
}
