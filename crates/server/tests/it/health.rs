//! What a process that lacks something tells whoever sends requests to it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use ticketing_crypto::Argon2Config;
use ticketing_memory::{FaultPlan, ManualClock, MemoryEngines};
use ticketing_server::config::Config;
use ticketing_server::marketplace::assemble;
use ticketing_server::wiring;
use tower::ServiceExt;

/// A process, one part of whose engines fails whenever the plan says so.
fn process(fail: impl FnOnce(&mut MemoryEngines, FaultPlan)) -> (Router, FaultPlan) {
    let faults = FaultPlan::counting(Arc::new(ManualClock::default()));
    let mut memory = MemoryEngines::default();
    fail(&mut memory, faults.clone());
    let config = Config::default();
    let engines = wiring::engines(&memory, Argon2Config::weak(), &config).expect("a weak hash is a hash");
    let assembly = assemble(engines, &config);
    assembly.app.health.set_ready();
    (ticketing_server::router(&assembly.app), faults)
}

async fn ask(router: &Router, request: http::request::Builder) -> (u16, Value) {
    let response = router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer");
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

/// The status of `/readyz`, the word, and what does not answer.
async fn readiness(router: &Router) -> (u16, String, Vec<Value>) {
    let (status, body) = ask(router, Request::get("/readyz")).await;
    let checks = body["checks"].as_array().cloned().unwrap_or_default();
    let missing = checks.into_iter().filter(|check| check["ok"] == false).map(|check| check["name"].clone());
    (status, body["status"].as_str().unwrap_or_default().to_owned(), missing.collect())
}

#[tokio::test]
async fn without_sessions_a_process_still_serves_whoever_only_looks() {
    let (router, faults) = process(|memory, faults| memory.sessions = memory.sessions.with_faults(faults));
    assert_eq!(readiness(&router).await, (200, "ready".to_owned(), vec![]));

    faults.crash();
    assert_eq!(readiness(&router).await, (200, "degraded".to_owned(), vec![json!("sessions")]));
    assert_eq!(ask(&router, Request::get("/api/tickets")).await.0, 200);

    faults.revive();
    assert_eq!(readiness(&router).await, (200, "ready".to_owned(), vec![]));
}

#[tokio::test]
async fn without_a_store_of_its_own_a_process_wants_no_requests() {
    let (router, faults) = process(|memory, faults| memory.orders = memory.orders.with_faults(faults));

    faults.crash();
    assert_eq!(readiness(&router).await, (503, "unavailable".to_owned(), vec![json!("orders")]));

    faults.revive();
    assert_eq!(readiness(&router).await, (200, "ready".to_owned(), vec![]));
}
