//! What a process that lacks something reports to its clients.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use ticketing_core::messaging::driver::{Pace, Step};
use ticketing_core::ports::BoxError;
use ticketing_core::ports::error_chain;
use ticketing_crypto::Argon2Config;
use ticketing_memory::{FaultPlan, ManualClock, MemoryEngines};
use ticketing_server::config::Config;
use ticketing_server::marketplace::assemble;
use ticketing_server::runtime::Assembly;
use ticketing_server::serve::serve_on;
use ticketing_server::state::App;
use ticketing_server::wiring;
use tokio::net::TcpListener;
use tower::ServiceExt;

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process, one part of whose engines fails whenever the plan says so.
fn process(fail: impl FnOnce(&mut MemoryEngines, FaultPlan)) -> (Assembly, FaultPlan) {
    let faults = FaultPlan::counting(Arc::new(ManualClock::default()));
    let mut memory = MemoryEngines::default();
    fail(&mut memory, faults.clone());
    let config = Config::default();
    let engines = wiring::engines(&memory, Argon2Config::weak(), &config).expect("a weak hash is a hash");
    let assembly = assemble(engines, &config).expect("engines that fit together");
    assembly.app.health.set_ready();
    (assembly, faults)
}

pub(crate) async fn ask(router: &Router, request: http::request::Builder) -> (u16, Value) {
    ask_with(router, request, "").await
}

pub(crate) async fn ask_with(router: &Router, request: http::request::Builder, body: &str) -> (u16, Value) {
    let body = Body::from(body.to_owned());
    let response = router.clone().oneshot(request.body(body).expect("a request")).await.expect("an answer");
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into()))
}

/// The status of `/readyz`, the word, and what does not answer.
async fn readiness(app: &App) -> (u16, String, Vec<Value>) {
    let (status, body) = ask(&ticketing_server::operators(app), Request::get("/readyz")).await;
    let checks = body["checks"].as_array().cloned().unwrap_or_default();
    let missing = checks.into_iter().filter(|check| check["ok"] == false).map(|check| check["name"].clone());
    (status, body["status"].as_str().unwrap_or_default().to_owned(), missing.collect())
}

#[tokio::test]
async fn without_sessions_a_process_still_serves_those_who_only_look() {
    let (assembly, faults) = process(|memory, faults| memory.sessions = memory.sessions.with_faults(faults));
    let app = &assembly.app;
    assert_eq!(readiness(app).await, (200, "ready".to_owned(), vec![]));

    faults.crash();
    assert_eq!(readiness(app).await, (200, "degraded".to_owned(), vec![json!("sessions")]));
    assert_eq!(ask(&ticketing_server::router(&assembly), Request::get("/api/tickets")).await.0, 200);

    faults.revive();
    assert_eq!(readiness(app).await, (200, "ready".to_owned(), vec![]));
}

#[tokio::test]
async fn without_a_store_of_its_own_a_process_wants_no_requests() {
    let (assembly, faults) = process(|memory, faults| memory.orders = memory.orders.with_faults(faults));
    let app = &assembly.app;

    faults.crash();
    assert_eq!(readiness(app).await, (503, "unavailable".to_owned(), vec![json!("orders")]));

    faults.revive();
    assert_eq!(readiness(app).await, (200, "ready".to_owned(), vec![]));
}

/// A loop that panics once it is told to.
#[derive(Debug)]
struct Bomb(Arc<AtomicBool>);

#[async_trait]
impl Step for Bomb {
    fn name(&self) -> &str {
        "bomb"
    }

    async fn step(&mut self) -> Result<usize, BoxError> {
        assert!(!self.0.load(Ordering::SeqCst), "a bomb went off");
        Ok(0)
    }

    async fn idle(&mut self) {
        tokio::task::yield_now().await;
    }

    async fn finish(self: Box<Self>) {}
}

/// A marketplace with a loop that panics once it is told to.
fn with_bomb(config: &Config) -> (Assembly, Arc<AtomicBool>) {
    let goes_off = Arc::<AtomicBool>::default();
    let engines = wiring::engines(&MemoryEngines::default(), Argon2Config::weak(), config).expect("a weak hash");
    let mut assembly = assemble(engines, config).expect("engines that fit together");
    let pace = Pace { period: Duration::from_millis(1), ..Pace::default() };
    assembly.loops.take_in(Box::new(Bomb(Arc::clone(&goes_off))), pace);
    (assembly, goes_off)
}

#[tokio::test]
async fn a_process_that_lost_a_loop_is_not_alive() {
    let (assembly, goes_off) = with_bomb(&Config::default());
    let (router, app) = (ticketing_server::router(&assembly), Arc::clone(&assembly.app));
    let running = assembly.start();
    assert_eq!(ask(&router, Request::get("/livez")).await.0, 200);
    assert!(app.metrics.text().contains("ticketing_loops_ended_total 0"), "{}", app.metrics.text());

    goes_off.store(true, Ordering::SeqCst);
    running.failed().await;

    assert_eq!(ask(&router, Request::get("/livez")).await.0, 503);
    assert_eq!(readiness(&app).await, (503, "failed".to_owned(), vec![]));
    assert!(app.metrics.text().contains("ticketing_loops_ended_total 1"), "{}", app.metrics.text());
    let error = running.stop().await.expect_err("a loop ended early");
    assert!(error_chain(&*error).contains("a bomb went off"), "{}", error_chain(&*error));
    assert_eq!(ask(&router, Request::get("/livez")).await.0, 503, "also while it stops");
}

#[tokio::test]
async fn a_process_that_lost_a_loop_ends_with_an_error_by_itself() {
    let config = Config::default();
    let (assembly, goes_off) = with_bomb(&config);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let serving = tokio::spawn(async move { serve_on(listener, assembly, &config).await });

    goes_off.store(true, Ordering::SeqCst);

    let ended = tokio::time::timeout(PATIENCE, serving).await.expect("it ends");
    let error = ended.expect("it does not panic").expect_err("it does not go on as if nothing had happened");
    assert!(error_chain(&*error).contains("the loop bomb ended"), "{}", error_chain(&*error));
}
