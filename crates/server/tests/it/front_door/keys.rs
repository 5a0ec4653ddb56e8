//! A service without accounts asks accounts for its keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, StatusCode};
use serde_json::Value;
use ticketing_crypto::Argon2Config;
use ticketing_server::config::{Config, Service};
use ticketing_server::marketplace::assemble;
use ticketing_server::wiring;
use tower::ServiceExt;

use super::backend::listen;
use crate::app::TestApp;

async fn ask(router: &Router, path: &str, token: &str) -> StatusCode {
    let request = Request::get(path).header("authorization", format!("Bearer {token}"));
    router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer").status()
}

#[tokio::test]
async fn keys_are_asked_for_until_accounts_tells_them() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;
    let keys: Value = app.get("/.well-known/jwks.json").send().await.body;
    let is_up = Arc::new(AtomicBool::new(false));
    let up = Arc::clone(&is_up);
    let tell = move || {
        std::future::ready(if up.load(Ordering::SeqCst) { Ok(keys.to_string()) } else { Err(StatusCode::BAD_GATEWAY) })
    };
    let accounts = listen(Router::new().route("/.well-known/jwks.json", get(tell))).await;
    let mut config = Config { services: vec![Service::Tickets], ..Config::default() };
    config.remote.insert(Service::Accounts, format!("http://{accounts}").parse().expect("an address"));

    let engines = wiring::engines(&app.memory, Argon2Config::weak(), &config).expect("a weak hash is a hash");
    let tickets = assemble(engines, &config).expect("engines that fit together");
    let (router, operators) = (ticketing_server::router(&tickets), ticketing_server::operators(&tickets.app));
    tickets.app.health.set_ready();
    assert_eq!(ask(&operators, "/readyz", "").await, 503, "nobody can sign in yet");
    assert_eq!(ask(&router, "/api/tickets/mine", &ada.access).await, 503);
    assert_eq!(ask(&router, "/api/tickets", &ada.access).await, 200, "whoever only looks need not be known");

    // Time goes on for what fails and is tried again.
    let mut loops = tickets.loops;
    assert!(loops.settle().await.is_err());
    is_up.store(true, Ordering::SeqCst);
    loops.settle().await.expect("accounts tells its keys");

    assert_eq!(ask(&router, "/api/tickets/mine", &ada.access).await, 200);
    assert_eq!(ask(&operators, "/readyz", "").await, 200);
    assert_eq!(ask(&router, "/api/tickets/mine", "tomato").await, 401);
}
