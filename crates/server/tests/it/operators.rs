//! What operators are told, and who is not.

use std::process::Command;

use http::{Request, StatusCode};

use crate::app::TestApp;
use crate::front_door::backend::Backend;
use crate::process::Program;

#[tokio::test]
async fn the_public_is_told_nothing_but_that_the_process_lives() {
    let app = TestApp::start().await;

    assert_eq!(app.get("/livez").send().await.status, 200);
    for path in
        ["/readyz", "/metrics", "/readyz/", "/metrics/", "//metrics", "/api/metrics", "/api/readyz", "/search/rebuild"]
    {
        assert_eq!(app.get(path).send().await.status, 404, "{path}");
    }
    let description = app.get("/api/openapi.json").send().await.body.to_string();
    assert!(!description.contains("/metrics") && !description.contains("/readyz"));
}

#[tokio::test]
async fn a_front_door_passes_no_operator_on() {
    let app = Backend::start().await.behind_front_door();

    for path in ["/readyz", "/metrics", "/api/../metrics", "/api/tickets/../../metrics", "/api/%2e%2e/metrics"] {
        assert_eq!(app.get(path).send().await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn operators_are_told_all() {
    let app = TestApp::start().await;

    for (path, status) in [("/livez", 200), ("/readyz", 200), ("/metrics", 200), ("/api/tickets", 404), ("/", 404)] {
        assert_eq!(app.ask_operators(Request::get(path)).await.0, status, "{path}");
    }
    assert_eq!(app.ask_operators(Request::get("/readyz")).await.1["payments"], "sandbox");
    assert_eq!(app.ask_operators(Request::post("/readyz")).await.0, StatusCode::METHOD_NOT_ALLOWED.as_u16());
}

#[tokio::test]
async fn operators_have_the_search_index_built_again() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    app.sell(&sally, 3).await;
    let look = async || app.ask_operators(Request::get("/search/rebuild")).await.1;
    assert_eq!(look().await["status"], "none");

    let (status, _) = app.ask_operators(Request::post("/search/rebuild")).await;
    assert_eq!(status, 415, "a form of another site cannot ask for it");
    assert_eq!(look().await["status"], "none");
    let json = Request::post("/search/rebuild").header("content-type", "application/json");
    assert_eq!(app.ask_operators_with(json, "{}").await.0, 202);

    app.settle().await;
    let told = look().await;
    assert!(told["status"] == "done" && told["told"].as_u64() > Some(0), "{told}");
}

#[test]
fn operators_are_answered_on_loopback_beside_the_public() {
    let program = Program::start();

    assert!(program.admin.starts_with("127.0.0.1:"), "{}", program.admin);
    assert_ne!(program.admin, program.address);
    assert!(program.readiness().contains("\"payments\":\"sandbox\""), "{}", program.readiness());
    assert!(program.metrics().contains("ticketing_http_requests_total"), "{}", program.metrics());
}

#[test]
fn a_taken_address_of_operators_is_told() {
    let program = Program::start();
    let second = Command::new(env!("CARGO_BIN_EXE_ticketing"))
        .args(["--demo", "false", "--listen", "127.0.0.1:0", "--admin-listen", &program.admin])
        .env_clear()
        .output()
        .expect("the program starts");

    let told = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(1), "{told}");
    assert!(told.contains("--admin-listen") && told.contains(&program.admin), "{told}");
}

#[tokio::test]
async fn every_page_says_that_no_money_is_taken() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;

    let signed_in = ["/", "/sell", "/orders", "/account", "/nothing/here", "/tickets/nothing", "/api/docs"];
    let pages = signed_in.map(|path| (path, app.get(path).by(&sally)));
    for (path, page) in pages.into_iter().chain([("/signin", app.get("/signin"))]) {
        let page = page.send().await.body;
        assert!(page.as_str().is_some_and(|html| html.contains("takes no real money")), "{path}: {page}");
    }
}

fn health(admin: &str) -> (Option<i32>, String) {
    let mut health = Command::new(env!("CARGO_BIN_EXE_ticketing"));
    // A pod of a namespace with a Service called `ticketing`.
    health.args(["health", "--admin-listen", admin]).env_clear().envs([
        ("TICKETING_SERVICE_HOST", "10.96.12.7"),
        ("TICKETING_SERVICE_PORT", "3000"),
        ("TICKETING_PORT", "tcp://10.96.12.7:3000"),
    ]);
    let output = health.output().expect("the program starts");
    (output.status.code(), String::from_utf8(output.stdout).expect("text"))
}

#[test]
fn a_supervisor_asks_the_program_whether_a_process_takes_requests() {
    let program = Program::start();
    let port = program.admin.rsplit(':').next().expect("a port");

    let (code, said) = health(&format!("0.0.0.0:{port}"));
    assert!(code == Some(0) && said.contains("\"status\":\"ready\""), "{code:?}: {said}");

    program.signal("STOP");
    let (code, said) = health(&program.admin);
    program.signal("CONT");
    assert!(code == Some(1) && said.contains("within 4 s"), "{code:?}: {said}");

    let admin = program.admin.clone();
    drop(program);
    let (code, said) = health(&admin);
    assert!(code == Some(1) && said.contains("nothing answers at"), "{code:?}: {said}");
}
