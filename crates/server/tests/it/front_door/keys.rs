//! A service without accounts asks accounts for its keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, StatusCode};
use serde_json::Value;
use ticketing_core::ports::identity::{Claims, TokenSigner as _, TokenVerifier as _};
use ticketing_crypto::{Argon2Config, Ed25519Signer, JwtVerifier};
use ticketing_server::config::{Config, Service};
use ticketing_server::marketplace::assemble;
use ticketing_server::runtime::Assembly;
use ticketing_server::wiring::{self, Rotation};
use tower::ServiceExt;

use super::backend::listen;
use crate::app::TestApp;
use crate::keys::app_with_keys;

async fn ask(router: &Router, path: &str, token: &str) -> StatusCode {
    let request = Request::get(path).header("authorization", format!("Bearer {token}"));
    router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer").status()
}

/// The tickets service of another process over the same engines, which asks for its keys.
fn tickets_beside(app: &TestApp, accounts: &str) -> Assembly {
    let mut config = Config { services: vec![Service::Tickets], ..Config::default() };
    config.remote.insert(Service::Accounts, format!("http://{accounts}").parse().expect("an address"));
    let engines = wiring::engines(&app.memory, Argon2Config::weak(), &config).expect("a weak hash is a hash");
    let tickets = assemble(engines, &config).expect("engines that fit together");
    tickets.app.health.set_ready();
    tickets
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
    let tickets = tickets_beside(&app, &accounts);
    let (router, operators) = (ticketing_server::router(&tickets), ticketing_server::operators(&tickets.app));
    assert_eq!(ask(&operators, "/readyz", "").await, 503, "nobody can sign in yet");
    assert_eq!(ask(&router, "/api/tickets/mine", &ada.access).await, 503);
    assert_eq!(ask(&router, "/api/tickets", &ada.access).await, 200, "nobody has to be known to look");

    // Time goes on for what fails and is tried again.
    let mut loops = tickets.loops;
    assert!(loops.settle().await.is_err());
    is_up.store(true, Ordering::SeqCst);
    loops.settle().await.expect("accounts tells its keys");

    assert_eq!(ask(&router, "/api/tickets/mine", &ada.access).await, 200);
    assert_eq!(ask(&operators, "/readyz", "").await, 200);
    assert_eq!(ask(&router, "/api/tickets/mine", "tomato").await, 401);
}

#[tokio::test]
async fn a_new_key_is_believed_at_once_and_an_old_one_until_its_tokens_are_over() {
    const MINUTE: Duration = Duration::from_secs(60);
    let (keys, app) = app_with_keys().await;
    let mut tickets = tickets_beside(&app, &listen(app.router.clone()).await);
    let router = ticketing_server::router(&tickets);
    let ada = app.sign_up("ada").await;
    let stolen = Ed25519Signer::from_file(&keys.text(), Duration::ZERO).expect("keys");
    let claims = JwtVerifier::from_jwks(&stolen.jwks()).expect("a key").verify(&ada.access, app.now()).expect("hers");
    let forged = stolen.sign(Claims { expires_at: app.now().after(1000 * MINUTE), ..claims });

    keys.file().rotate(Rotation::After(10 * MINUTE), app.now()).expect("it rotates");
    app.settle().await;
    tickets.loops.settle().await.expect("accounts tells its keys");
    app.lag(10 * MINUTE);

    let ben = app.sign_up("ben").await;
    assert_ne!(ben.signed_by(), ada.signed_by());
    assert_eq!(ask(&router, "/api/tickets/mine", &ben.access).await, 200, "it was known before it signed");
    app.lag(10 * MINUTE - Duration::from_secs(1));
    assert_eq!(ask(&router, "/api/tickets/mine", &forged).await, 200);
    app.lag(Duration::from_secs(1));
    assert_eq!(ask(&router, "/api/tickets/mine", &forged).await, 401, "no token of that key lasts so long");
    app.settle().await;
    tickets.loops.settle().await.expect("nothing fails on memory");
}
