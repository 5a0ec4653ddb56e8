//! Whatever comes in: a documented 4xx, never a 5xx, and nothing changed.

use bytes::Bytes;
use serde_json::{Value, json};
use ticketing_server::config::MailBy;

use crate::app::{Call, Reply, TestApp, User, id, offer};
use crate::openapi::routes;

/// A env with something of everything in it, and somebody who may change it.
struct Scene {
    app: TestApp,
    user: User,
    ticket: Value,
    description: Value,
}

impl Scene {
    async fn set() -> Self {
        let app = TestApp::start_with(|config| config.mail = Some(MailBy::Outbox)).await;
        let (user, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
        let ticket = app.sell(&user, 5).await;
        app.buy(&ben, &ticket).await;
        let description = app.get("/api/openapi.json").send().await.body;
        Self { app, user, ticket, description }
    }

    /// Operations whose description has `part`.
    fn operations_with(&self, part: &str) -> Vec<(String, String)> {
        let mut routes = routes(&self.description);
        routes.retain(|(method, path)| {
            !self.description["paths"][path][method.to_lowercase()].pointer(part).unwrap_or(&Value::Null).is_null()
        });
        routes
    }

    fn call(&self, method: &str, path: &str) -> Call<'_> {
        self.app
            .call(
                method,
                &path
                    .replace("{id}", id(&self.ticket))
                    .replace("{ticket}", id(&self.ticket))
                    .replace("{link}", id(&self.ticket)),
            )
            .by(&self.user)
    }

    /// All that a change would show in.
    async fn state(&self) -> Value {
        json!({
            "tickets": self.app.get("/api/tickets/mine").by(&self.user).send().await.body,
            "orders": self.app.get("/api/orders").by(&self.user).send().await.body,
            "sessions": self.app.get("/api/users/sessions").by(&self.user).send().await.body,
            "unpublished": self.app.unpublished(),
            "charged": self.app.memory.gateway.total_captured(),
        })
    }
}

fn assert_refused(reply: &Reply, what: &str) {
    assert!(reply.status.is_client_error(), "{what}: {reply:?}");
    assert!(reply.is_documented_problem(), "{what}: {reply:?}");
}

fn bad_bodies() -> Vec<(&'static str, Bytes)> {
    let text = |text: &'static str| Bytes::from_static(text.as_bytes());
    vec![
        ("nothing", Bytes::new()),
        ("no JSON", text("tomato")),
        ("half of it", text("{\"title\": ")),
        ("two values", text("{} {}")),
        ("no object", text("[1, 2, 3]")),
        ("null", text("null")),
        ("a number too large", text("1e999")),
        ("an unknown field", text("{\"admin\": true}")),
        ("a prototype", text("{\"__proto__\": {}}")),
        ("no UTF-8", Bytes::from_static(b"{\"title\": \"\xff\xfe\"}")),
        ("a lone surrogate", text("{\"title\": \"\\ud800\"}")),
        ("deep nesting", Bytes::from("[".repeat(20_000))),
        ("10 MB", Bytes::from(vec![b'a'; 10 * 1024 * 1024])),
        ("10 MB of JSON", Bytes::from(format!("{{\"title\": \"{}\"}}", "a".repeat(10 * 1024 * 1024)))),
    ]
}

#[tokio::test]
async fn a_bad_body_changes_nothing() {
    let scene = Scene::set().await;
    let before = scene.state().await;

    for (method, path) in scene.operations_with("/requestBody") {
        for (name, body) in bad_bodies() {
            let reply = scene.call(&method, &path).bytes("application/json", body).send().await;
            assert_refused(&reply, &format!("{method} {path} with {name}"));
        }
    }
    assert_eq!(scene.state().await, before);
}

#[tokio::test]
async fn a_body_of_another_type_is_refused() {
    let scene = Scene::set().await;
    let before = scene.state().await;

    for (method, path) in scene.operations_with("/requestBody/content/application~1json/schema/$ref") {
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
            let reply = scene.call(&method, &path).bytes(kind, "{}").send().await;
            assert_eq!(reply.problem(), (415, "unsupported_media_type"), "{method} {path} {kind}");
        }
    }
    assert_eq!(scene.state().await, before);
}

/// Values that no field takes.
fn hostile_values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(0.5),
        json!(1e300),
        json!(18_446_744_073_709_551_615_u64),
        json!([]),
        json!({}),
        json!(""),
        json!("   "),
        json!("a\u{0}b"),
        json!("\u{202E}txt"),
        json!("x".repeat(5000)),
    ]
}

#[tokio::test]
async fn a_hostile_value_in_any_field_never_breaks_anything() {
    let scene = Scene::set().await;
    let ticket = id(&scene.ticket).to_owned();
    let complete = [
        ("POST", "/api/users/signin", json!({"email": "x@example.org", "password": "wrong password"})),
        ("POST", "/api/users/password", json!({"currentPassword": "wrong one", "password": "velvet anchor tide 77"})),
        ("POST", "/api/users/confirm", json!({"token": "1.AAAA"})),
        ("POST", "/api/users/forgot", json!({"email": ""})),
        ("POST", "/api/users/reset", json!({"token": "1.AAAA", "password": "velvet anchor tide 77"})),
        ("POST", "/api/users/delete", json!({"password": "wrong password"})),
        ("POST", "/api/tickets", json!({"title": "", "price": {"amount": 0, "currency": "EUR"}, "quantity": 1})),
        ("PUT", "/api/tickets/{id}", json!({"title": "", "price": {"amount": 0, "currency": "EUR"}, "quantity": 1})),
        ("POST", "/api/tickets/{id}/reschedule", json!({"title": "", "startsAt": "", "timeZone": "", "seats": ""})),
        ("POST", "/api/orders", json!({"ticketId": ticket, "quantity": 1, "factsTag": "8eeef02a39185cfc2295ba81"})),
        ("POST", "/api/doors/{ticket}/links", json!({"label": ""})),
        ("POST", "/api/payments", json!({"orderId": ticket, "token": "tok_visa"})),
    ];
    let before = scene.state().await;

    for (method, path, body) in complete {
        for field in body.as_object().expect("an object").keys() {
            for value in hostile_values() {
                let mut body = body.clone();
                body[field] = value.clone();
                let reply = scene.call(method, path).json(&body).send().await;
                assert_refused(&reply, &format!("{method} {path}: {field} = {value:.80}"));
            }
        }
    }
    assert_eq!(scene.state().await, before);
}

#[tokio::test]
async fn a_hostile_check_lets_nobody_in() {
    let scene = Scene::set().await;
    let before = scene.state().await;

    for value in hostile_values() {
        for body in [json!({"pass": value}), json!({"pass": "ZZZ-ZZZ", "at": value})] {
            let reply = scene.call("POST", "/api/doors/{ticket}/checks").json(&body).send().await;
            let is_unknown = reply.status == 200 && reply.body == json!({"result": "unknown"});
            assert!(is_unknown || reply.is_documented_problem(), "{body:.80}: {reply:?}");
        }
        let at = json!({"pass": "ZZZ-ZZZ", "at": "2999-12-31T23:59:59Z"});
        assert_eq!(scene.call("POST", "/api/doors/{ticket}/checks").json(&at).send().await.body["result"], "unknown");
    }
    for key in ["", "tomato", "\u{7f}", &"0".repeat(32), &"f".repeat(5000)] {
        let call = scene.app.call("GET", &format!("/api/doors/{}/passes", id(&scene.ticket)));
        let reply = call.header_bytes("door-key", key.trim_matches('\u{7f}').as_bytes()).send().await;
        assert!(reply.status.is_client_error(), "{key}: {reply:?}");
    }
    assert_eq!(scene.state().await, before);
}

#[tokio::test]
async fn an_absurd_price_or_quantity_is_refused() {
    let scene = Scene::set().await;
    let before = scene.state().await;

    for body in [
        offer("Opera", 0, 1),
        offer("Opera", u64::MAX, 1),
        offer("Opera", 1, 0),
        offer("Opera", 1, u32::MAX),
        json!({"title": "Opera", "price": {"amount": 1, "currency": "XXX"}, "quantity": 1}),
        json!({"title": "Opera", "price": {"amount": 1, "currency": "eur"}, "quantity": 1}),
        json!({"title": "Opera", "price": {"amount": 1, "currency": "EUR", "free": true}, "quantity": 1}),
        json!({"title": "Opera", "price": 1, "quantity": 1}),
        json!({"title": "Opera", "quantity": 1}),
    ] {
        let reply = scene.call("POST", "/api/tickets").json(&body).send().await;
        assert_eq!(reply.problem(), (422, "invalid"), "{body}");
        assert!(!reply.wrong_fields().is_empty(), "{body}");
    }
    assert_eq!(scene.state().await, before);
}

#[tokio::test]
async fn an_unknown_parameter_is_refused() {
    let scene = Scene::set().await;

    for path in ["/api/tickets", "/api/tickets/mine", "/api/orders", "/api/doors/{ticket}/passes"] {
        for query in ["colour=red", "limit=1&limit=2", "%FF=1", "cursor=a&Cursor=b"] {
            let reply = scene.call("GET", &format!("{path}?{query}")).send().await;
            assert_eq!(reply.problem(), (400, "malformed"), "{path}?{query}");
        }
    }
}

#[tokio::test]
async fn a_hostile_parameter_never_breaks_anything() {
    let scene = Scene::set().await;
    let values = ["-1", "0", "1e9", "%00", "%FF%FE", "99999999999999999999", "'%20OR%201=1", "%F0%9F%8E%AB", "a%0Ab"];
    let long = "x".repeat(3000);

    for (method, path) in scene.operations_with("/parameters") {
        let operation = &scene.description["paths"][&path][method.to_lowercase()];
        let parameters = operation["parameters"].as_array().expect("a list");
        for name in parameters.iter().filter(|one| one["in"] == "query").filter_map(|one| one["name"].as_str()) {
            for value in values.iter().copied().chain([long.as_str()]) {
                let reply = scene.call(&method, &format!("{path}?{name}={value}")).send().await;
                let fine = reply.status == 200 || reply.is_documented_problem() && reply.status.is_client_error();
                assert!(fine, "{method} {path}?{name}={value:.80}: {reply:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_bad_cursor_is_told_so() {
    let scene = Scene::set().await;

    for path in ["/api/tickets", "/api/tickets/mine", "/api/orders"] {
        for cursor in ["tomato", "AAAA", "%00", "====", &"A".repeat(44)] {
            let reply = scene.call("GET", &format!("{path}?cursor={cursor}")).send().await;
            assert_eq!(reply.problem(), (400, "bad_cursor"), "{path} {cursor}");
        }
    }
}

#[tokio::test]
async fn what_is_no_name_names_nothing() {
    let scene = Scene::set().await;
    // An alert that is not there has ended, as was asked for.
    let is_named = |path: &str| path.contains('{') && path != "/api/alerts/{id}";
    let named: Vec<_> = routes(&scene.description).into_iter().filter(|(_, path)| is_named(path)).collect();
    let before = scene.state().await;

    for (method, path) in &named {
        for name in ["0", "tomato", "%00", "%FF", "..%2F..", "00000000-0000-0000-0000-000000000000", &"9".repeat(500)] {
            let call = scene
                .app
                .call(method, &path.replace("{id}", name).replace("{ticket}", name).replace("{link}", name))
                .by(&scene.user);
            let body = match path.rsplit('/').next() {
                Some("reschedule") => json!({"title": "Opera"}),
                Some("checks") => json!({"pass": "ZZZ-ZZZ"}),
                Some("links") => json!({"label": "North door"}),
                _ => offer("Opera", 1200, 5),
            };
            let reply = call.json(&body).send().await;
            assert_eq!(reply.status, 404, "{method} {path} {name:.80}");
            assert_refused(&reply, path);
        }
    }
    assert_eq!((scene.state().await, named.len()), (before, 19));
}

#[tokio::test]
async fn a_strange_header_is_refused_or_ignored() {
    let scene = Scene::set().await;
    let path = format!("/api/tickets/{}", id(&scene.ticket));
    let before = scene.state().await;

    for tag in ["1", "W/1", "w/\"1\"", "\"1\" \"2\"", "\"1\", 2", "*, \"1\"", "\"1", "", ",", "\"a b\""] {
        let reply = scene.call("PUT", &path).header("if-match", tag).json(&offer("x", 1, 5)).send().await;
        assert_eq!(reply.problem(), (400, "malformed"), "{tag}");
    }
    for (name, value) in [("traceparent", "tomato"), ("accept", "\u{7f}"), ("authorization", "Basic x")] {
        let reply = scene.app.get(&path).header(name, value.trim_matches('\u{7f}')).send().await;
        assert_eq!(reply.status, 200, "{name}");
    }
    assert_eq!(scene.state().await, before);
}

#[tokio::test]
async fn another_method_is_refused_with_those_that_are_taken() {
    let scene = Scene::set().await;

    for (_, path) in routes(&scene.description) {
        let reply = scene.call("PATCH", &path).send().await;
        assert_eq!(reply.problem(), (405, "method_not_allowed"), "{path}");
        assert!(!reply.header("allow").is_empty(), "{path}");
    }
    assert_eq!(scene.call("GET", "/api/nothing").send().await.problem(), (404, "route_not_found"));
}
