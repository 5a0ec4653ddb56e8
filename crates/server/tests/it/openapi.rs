//! The description tells all there is.

use http::Request;
use serde_json::Value;

use crate::app::TestApp;

/// Every route, as `GET /path`.
pub(crate) fn routes(description: &Value) -> Vec<(String, String)> {
    let paths = description["paths"].as_object().expect("paths");
    let routes = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("methods").keys();
        methods.map(|method| (method.to_uppercase(), path.clone()))
    });
    routes.collect()
}

#[tokio::test]
async fn every_promised_route_is_described() {
    let app = TestApp::start().await;
    let description = app.get("/api/openapi.json").send().await.body;
    let routes = routes(&description);
    let has = |method: &str, path: &str| routes.contains(&(method.to_owned(), path.to_owned()));

    assert_eq!(description["openapi"], "3.1.0");
    for action in ["signup", "signin", "signout", "refresh", "password"] {
        assert!(has("POST", &format!("/api/users/{action}")), "{action}");
    }
    for path in ["/api/users/currentuser", "/api/users/sessions", "/.well-known/jwks.json", "/api/tickets/{id}/live"] {
        assert!(has("GET", path), "{path}");
    }
    for (method, path) in
        [("PUT", "/api/tickets/{id}"), ("DELETE", "/api/tickets/{id}"), ("DELETE", "/api/orders/{id}")]
    {
        assert!(has(method, path), "{method} {path}");
    }
}

#[tokio::test]
async fn every_operation_tells_what_it_does_and_how_it_refuses() {
    let app = TestApp::start().await;
    let description = app.get("/api/openapi.json").send().await.body;

    for (method, path) in routes(&description) {
        let operation = &description["paths"][&path][method.to_lowercase()];
        assert!(operation["summary"].is_string() && operation["tags"][0].is_string(), "{method} {path}");
        assert!(
            operation["responses"]["default"]["content"]["application/problem+json"].is_object(),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let app = TestApp::start().await;
    let description = app.get("/api/openapi.json").send().await.body;
    let text = description.to_string();

    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(description.pointer(reference).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn the_page_names_every_path() {
    let app = TestApp::start().await;
    let description = app.get("/api/openapi.json").send().await.body;
    let page = app.get("/api/docs").send().await;
    let html = page.body.as_str().expect("a page");

    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(routes(&description).iter().all(|(_, path)| html.contains(path.as_str())));
}

#[tokio::test]
async fn metrics_and_health_are_told() {
    let app = TestApp::start().await;
    app.sign_up("ada").await;

    let metrics = app.ask_operators(Request::get("/metrics")).await.1;
    let metrics = metrics.as_str().expect("text");
    let (status, ready) = app.ask_operators(Request::get("/readyz")).await;

    assert!(
        metrics.contains(r#"ticketing_http_requests_total{method="POST",route="/api/users/signup",status="201"} 1"#)
    );
    assert!(
        metrics.contains("ticketing_consumer_deliveries_total") && metrics.contains("ticketing_order_batcher_queued 0")
    );
    assert!(metrics.contains(r#"ticketing_step_done_total{step="accounts-relay"} 1"#));
    assert_eq!((status, &ready["status"]), (200, &"ready".into()));
    app.app.health.set_stopping();
    assert_eq!(app.ask_operators(Request::get("/readyz")).await.0, 503);
    assert_eq!(app.get("/livez").send().await.status, 200);
}
