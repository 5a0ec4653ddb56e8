//! Who may do what: every route × {anyone, a stranger, the owner}.
//!
//! Routes come from the description of the API, so a route without a row fails.

use std::time::Duration;

use serde_json::{Value, json};
use ticketing_server::config::MailBy;

use crate::app::{PASSWORD, TestApp, User, id, offer};
use crate::openapi::routes;

/// A route, and what `[anyone, a stranger, the owner]` are answered.
struct Row(&'static str, &'static str, [u16; 3]);

const PUBLIC: [u16; 3] = [200, 200, 200];
const SIGNED_IN: [u16; 3] = [401, 200, 200];

const MATRIX: &[Row] = &[
    Row("GET", "/.well-known/jwks.json", PUBLIC),
    Row("GET", "/livez", PUBLIC),
    Row("GET", "/api/openapi.json", PUBLIC),
    Row("GET", "/api/docs", PUBLIC),
    Row("POST", "/api/users/signup", [201, 201, 201]),
    Row("POST", "/api/users/signin", PUBLIC),
    Row("POST", "/api/users/signout", [401, 204, 204]),
    Row("GET", "/api/users/currentuser", PUBLIC),
    Row("POST", "/api/users/refresh", [401, 204, 204]),
    Row("POST", "/api/users/password", [401, 204, 204]),
    // A link asks for no session, and this one is none of ours.
    Row("POST", "/api/users/confirm", [409, 409, 409]),
    Row("POST", "/api/users/reset", [409, 409, 409]),
    Row("POST", "/api/users/forgot", [202, 202, 202]),
    Row("POST", "/api/users/confirm/again", [401, 202, 202]),
    Row("PUT", "/api/users/name", [401, 204, 204]),
    Row("GET", "/api/users/export", SIGNED_IN),
    Row("POST", "/api/users/delete", [401, 204, 204]),
    Row("GET", "/api/users/sessions", SIGNED_IN),
    Row("DELETE", "/api/users/sessions", [401, 204, 204]),
    Row("DELETE", "/api/users/sessions/{id}", [401, 404, 204]),
    Row("GET", "/api/tickets", PUBLIC),
    Row("POST", "/api/tickets", [401, 201, 201]),
    Row("GET", "/api/tickets/mine", SIGNED_IN),
    Row("GET", "/api/tickets/{id}", PUBLIC),
    Row("PUT", "/api/tickets/{id}", [401, 403, 200]),
    Row("DELETE", "/api/tickets/{id}", [401, 403, 204]),
    Row("GET", "/api/tickets/suggestions", PUBLIC),
    Row("GET", "/api/tickets/{id}/others", PUBLIC),
    Row("POST", "/api/tickets/{id}/reschedule", [401, 403, 200]),
    Row("POST", "/api/tickets/{id}/call-off", [401, 403, 200]),
    Row("GET", "/api/tickets/{id}/live", PUBLIC),
    Row("GET", "/api/live", PUBLIC),
    Row("GET", "/api/orders", SIGNED_IN),
    // The owner of what is ordered is its seller, who cannot order it.
    Row("POST", "/api/orders", [401, 201, 409]),
    Row("GET", "/api/orders/{id}", [401, 404, 200]),
    Row("DELETE", "/api/orders/{id}", [401, 404, 204]),
    // It is not paid yet.
    Row("POST", "/api/orders/{id}/give-back", [401, 404, 409]),
    Row("POST", "/api/orders/{id}/refund", [401, 404, 409]),
    Row("GET", "/api/orders/for/{ticket}", [401, 404, 200]),
    Row("GET", "/api/orders/{id}/passes", [401, 404, 200]),
    // The owner of a door is the seller of its ticket.
    Row("GET", "/api/doors/{ticket}/passes", [401, 403, 200]),
    Row("POST", "/api/doors/{ticket}/checks", [401, 403, 200]),
    Row("GET", "/api/doors/{ticket}/links", [401, 403, 200]),
    Row("POST", "/api/doors/{ticket}/links", [401, 403, 201]),
    Row("DELETE", "/api/doors/{ticket}/links/{link}", [401, 403, 204]),
    Row("GET", "/api/alerts", SIGNED_IN),
    // Nobody here has confirmed an address.
    Row("POST", "/api/alerts", [401, 403, 403]),
    Row("DELETE", "/api/alerts/{id}", [401, 204, 204]),
    Row("POST", "/api/alerts/end", [409, 409, 409]),
    Row("POST", "/api/payments", [401, 404, 201]),
    Row("GET", "/api/payments", [401, 404, 200]),
    Row("DELETE", "/api/payments", [401, 404, 200]),
    // It asks for a signature of the gateway and not for a session.
    Row("POST", "/api/payments/notices", [400, 400, 400]),
];

/// Sally sells, Ben ordered, and Eve has nothing to do with it.
struct Scene {
    app: TestApp,
    sally: User,
    ben: User,
    eve: User,
    ticket: Value,
    order: Value,
    paid: Value,
    pass: Value,
    session: String,
}

impl Scene {
    async fn set() -> Self {
        let app = TestApp::start_with(|config| config.mail = Some(MailBy::Outbox)).await;
        let (sally, ben, eve) = (app.sign_up("sally").await, app.sign_up("ben").await, app.sign_up("eve").await);
        let ticket = app.sell(&sally, 5).await;
        let order = app.buy(&ben, &ticket).await;
        let paid = app.buy(&ben, &ticket).await;
        app.pay(&ben, &paid).await;
        let passes = app.get(&format!("/api/orders/{}/passes", id(&paid))).by(&ben).send().await.body;
        let pass = passes["items"][0]["code"].clone();
        let sessions = app.get("/api/users/sessions").by(&sally).send().await.body;
        let session = id(&sessions["items"][0]).to_owned();
        // A request for something that is a few seconds old waits for its event.
        app.pass(Duration::from_secs(10)).await;
        Self { app, sally, ben, eve, ticket, order, paid, pass, session }
    }

    fn owner(&self, method: &str, path: &str) -> &User {
        let of_the_order = path.starts_with("/api/payments") || path.starts_with("/api/orders");
        let is_sellers = path.ends_with("/refund") || path.ends_with("/for/{ticket}");
        let is_buyers = of_the_order && !is_sellers && (method, path) != ("POST", "/api/orders");
        if is_buyers { &self.ben } else { &self.sally }
    }

    fn fill(&self, method: &str, path: &str) -> String {
        let name = match path {
            "/api/live" => return format!("{path}?ticket={}", id(&self.ticket)),
            "/api/payments" if method != "POST" => return format!("{path}?orderId={}", id(&self.order)),
            _ if path.starts_with("/api/tickets") => id(&self.ticket),
            _ if path.ends_with("/passes") => id(&self.paid),
            _ if path.starts_with("/api/orders") => id(&self.order),
            _ => &self.session,
        };
        path.replace("{id}", name).replace("{ticket}", id(&self.ticket)).replace("{link}", id(&self.order))
    }

    fn body(&self, method: &str, path: &str) -> Option<Value> {
        Some(match (method, path) {
            ("POST", "/api/users/signup") => json!({"email": "new@example.org", "password": PASSWORD}),
            ("POST", "/api/users/signin") => json!({"email": "eve@example.org", "password": PASSWORD}),
            ("POST", "/api/users/password") => {
                json!({"currentPassword": PASSWORD, "password": "velvet anchor tide 77"})
            }
            ("POST", "/api/users/confirm") => json!({"token": "tomato"}),
            ("POST", "/api/users/reset") => json!({"token": "tomato", "password": PASSWORD}),
            ("POST", "/api/users/forgot") => json!({"email": "nobody@example.org"}),
            ("PUT", "/api/users/name") => json!({"displayName": "Ada"}),
            ("POST", "/api/users/delete") => json!({"password": PASSWORD}),
            ("POST", "/api/tickets") | ("PUT", "/api/tickets/{id}") => offer("Opera", 1200, 5),
            ("POST", "/api/tickets/{id}/reschedule") => json!({"title": "Opera", "venue": "Arena"}),
            ("POST", "/api/doors/{ticket}/checks") => json!({"pass": &self.pass}),
            ("POST", "/api/doors/{ticket}/links") => json!({"label": "North door"}),
            ("POST", "/api/orders") => json!({"ticketId": id(&self.ticket)}),
            ("POST", "/api/alerts") => json!({"search": "q=opera"}),
            ("POST", "/api/alerts/end") => json!({"link": "tomato"}),
            ("POST", "/api/payments") => json!({"orderId": id(&self.order), "token": "tok_visa"}),
            ("POST", "/api/payments/notices") => json!({}),
            _ => return None,
        })
    }

    async fn ask(&self, method: &str, path: &str, who: Option<&User>) -> u16 {
        let mut call = self.app.call(method, &self.fill(method, path));
        if let Some(user) = who {
            call = call.by(user);
        }
        if let Some(body) = self.body(method, path) {
            call = call.json(&body);
        }
        let status = call.send().await.status.as_u16();
        self.app.settle().await;
        status
    }
}

#[tokio::test]
async fn nobody_does_what_is_not_theirs() {
    for Row(method, path, expected) in MATRIX {
        let mut answered = [0; 3];
        for (who, answer) in answered.iter_mut().enumerate() {
            // A new scene, since the one before was changed.
            let scene = Scene::set().await;
            let user = [None, Some(&scene.eve), Some(scene.owner(method, path))][who];
            *answer = scene.ask(method, path, user).await;
        }
        assert_eq!(answered, *expected, "{method} {path} as [anyone, stranger, owner]");
    }
}

#[tokio::test]
async fn every_route_has_its_row() {
    let app = TestApp::start().await;
    let mut described = routes(&app.get("/api/openapi.json").send().await.body);
    let mut rows: Vec<_> = MATRIX.iter().map(|Row(method, path, _)| (method.to_string(), path.to_string())).collect();
    described.sort();
    rows.sort();

    assert_eq!(rows, described);
}
