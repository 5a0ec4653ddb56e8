//! A storm of sign-ins holds up nobody who orders.

use axum::Router;
use axum::body::Body;
use futures::future::join_all;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use ticketing_crypto::Argon2Config;
use ticketing_memory::MemoryEngines;
use ticketing_server::config::{Config, HttpConfig, Limits};
use ticketing_server::marketplace::assemble;
use ticketing_server::wiring;
use tower::ServiceExt;

use crate::app::{PASSWORD, offer};

/// Sends JSON and returns the status, the access cookie if one was set, and the body.
async fn send(router: &Router, (path, access): (&str, &str), body: &Value) -> (StatusCode, String, Value) {
    let request = Request::post(path).header("content-type", "application/json");
    let request = if access.is_empty() { request } else { request.header("authorization", format!("Bearer {access}")) };
    let request = request.body(Body::from(body.to_string())).expect("a request");
    let response = router.clone().oneshot(request).await.expect("a router always answers");
    let cookies = response.headers().get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    let access = cookies.filter_map(|cookie| cookie.strip_prefix("access=")).find_map(|rest| rest.split(';').next());
    let (status, access) = (response.status(), access.unwrap_or_default().to_owned());
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    (status, access, serde_json::from_slice(&bytes).unwrap_or_default())
}

#[tokio::test]
async fn orders_are_answered_while_sign_ins_wait_for_their_hashes() {
    let http = HttpConfig { limits: Limits::OFF, passwords_per_address: 1000, ..HttpConfig::default() };
    let config = Config { http, ..Config::default() };
    let cost = Argon2Config { max_concurrent: 1, ..Argon2Config::default() };
    let engines = wiring::engines(&MemoryEngines::default(), cost, &config).unwrap();
    let assembly = assemble(engines, &config).expect("engines that fit together");
    let router = ticketing_server::router(&assembly);
    let running = assembly.start();
    let account = |name: &str| json!({"email": format!("{name}@example.org"), "password": PASSWORD});
    let (_, sally, _) = send(&router, ("/api/users/signup", ""), &account("sally")).await;
    let (_, bob, _) = send(&router, ("/api/users/signup", ""), &account("bob")).await;
    let (_, _, ticket) = send(&router, ("/api/tickets", &sally), &offer("Opera", 1200, 1)).await;

    let storm: Vec<_> = (0..32)
        .map(|_| {
            let (router, body) = (router.clone(), account("sally"));
            tokio::spawn(async move { send(&router, ("/api/users/signin", ""), &body).await.0 })
        })
        .collect();
    tokio::task::yield_now().await;
    let (ordered, _, _) = send(&router, ("/api/orders", &bob), &json!({"ticketId": ticket["id"]})).await;
    let waiting = storm.iter().filter(|sign_in| !sign_in.is_finished()).count();

    assert_eq!(ordered, StatusCode::CREATED);
    assert!(waiting > 0, "every sign-in was answered before the order");
    let answers = join_all(storm).await.into_iter().map(Result::unwrap);
    assert!(answers.into_iter().all(|status| matches!(status, StatusCode::OK | StatusCode::SERVICE_UNAVAILABLE)));
    running.stop().await.expect("no loop ends early");
}
