//! Bodies that come slowly, break off, or are shaped like no object.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde_json::{Value, json};

use crate::app::{Call, TestApp, User, id, offer};
use crate::front_door::backend::{self, Backend, front_door};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// Begins, and never goes on.
fn slow() -> Body {
    let first = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{\"title\": "))]);
    Body::from_stream(first.chain(stream::pending()))
}

/// Begins, and goes away.
fn aborted() -> Body {
    let gone = || Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    Body::from_stream(stream::iter([Ok(Bytes::from_static(b"{\"title\": ")), gone()]))
}

fn put_on_sale<'a>(app: &'a TestApp, user: &User, body: Body) -> Call<'a> {
    app.post("/api/tickets").by(user).streamed(JSON, body)
}

#[tokio::test]
async fn a_body_that_does_not_come_in_time_is_the_clients_fault() {
    let backend = Backend::start_with(|config| config.http.request_timeout = Duration::from_millis(300)).await;
    let sally = backend.app.sign_up("sally").await;

    let direct = put_on_sale(&backend.app, &sally, slow()).send().await;
    let form = backend.app.post("/signin").streamed(FORM, slow()).send().await;
    let too_long = put_on_sale(&backend.app, &sally, slow()).header("content-length", "99999999").send().await;
    let app = backend.behind_front_door();
    let through = put_on_sale(&app, &sally, slow()).send().await;

    assert_eq!((direct.problem(), direct.header("connection")), ((408, "slow_body"), "close"));
    assert!(direct.is_documented_problem(), "{direct:?}");
    assert_eq!(form.status, 408);
    assert_eq!((too_long.problem(), through.problem()), ((408, "slow_body"), (408, "slow_body")));
}

#[tokio::test]
async fn a_service_that_is_slow_is_not_the_clients_fault() {
    let silence = axum::Router::new().fallback(|body: Bytes| async move {
        drop(body);
        std::future::pending::<()>().await;
    });
    let service = backend::listen(silence).await;
    let app = front_door(TestApp::start().await, &service, |config| {
        config.http.request_timeout = Duration::from_millis(300);
    });

    assert_eq!(app.post("/api/tickets").json(&json!({})).send().await.problem(), (503, "timeout"));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_the_clients_fault() {
    let backend = Backend::start().await;
    let sally = backend.app.sign_up("sally").await;

    assert_eq!(put_on_sale(&backend.app, &sally, aborted()).send().await.problem(), (400, "malformed"));
    let app = backend.behind_front_door();
    assert_eq!(put_on_sale(&app, &sally, aborted()).send().await.problem(), (400, "malformed"));
}

#[tokio::test]
async fn an_array_is_no_object_at_any_depth() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    let ticket = app.sell(&sally, 2).await;
    let path = format!("/api/tickets/{}", id(&ticket));
    let in_order = json!(["Opera", null, null, null, null, null, {"amount": 1200, "currency": "EUR"}, 2]);
    let mut price = offer("Opera", 1200, 2);
    price["price"] = json!([1200, "EUR"]);
    let bodies: [(&str, &str, Value, &str); 8] = [
        ("POST", "/api/users/signin", json!([sally.email, crate::app::PASSWORD]), "body"),
        ("POST", "/api/users/signup", json!(["ben@example.org", crate::app::PASSWORD]), "body"),
        ("POST", "/api/users/password", json!([crate::app::PASSWORD, "velvet anchor tide 77"]), "body"),
        ("POST", "/api/tickets", in_order, "body"),
        ("POST", "/api/tickets", price.clone(), "price"),
        ("PUT", &path, price, "price"),
        ("POST", "/api/orders", json!([id(&ticket), 1]), "body"),
        ("POST", "/api/payments", json!([id(&ticket), "tok_visa"]), "body"),
    ];

    for (method, path, body, field) in bodies {
        let reply = app.call(method, path).by(&sally).json(&body).send().await;
        assert_eq!((reply.problem(), reply.wrong_fields()), ((422, "invalid"), vec![field]), "{method} {path} {body}");
    }
}

#[tokio::test]
async fn a_field_that_comes_twice_is_refused() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    let bodies = [
        r#"{"title": "a", "title": "b", "price": {"amount": 1, "currency": "EUR"}, "quantity": 1}"#,
        r#"{"title": "a", "titl\u0065": "b", "price": {"amount": 1, "currency": "EUR"}, "quantity": 1}"#,
        r#"{"title": "a", "price": {"amount": 1, "amount": 2, "currency": "EUR"}, "quantity": 1}"#,
    ];

    for body in bodies {
        let reply = app.post("/api/tickets").by(&sally).bytes(JSON, body).send().await;
        assert_eq!(reply.problem(), (422, "invalid"), "{body}");
    }
}
