//! Another site cannot act for people who are signed in here.

use serde_json::json;

use crate::app::{Call, PASSWORD, TestApp, User};

fn order_of<'a>(app: &'a TestApp, user: &User) -> Call<'a> {
    let call = app.post("/api/orders").json(&json!({"ticketId": uuid::Uuid::nil()}));
    call.header("cookie", &format!("access={}", user.access))
}

#[tokio::test]
async fn a_cookie_needs_a_page_of_this_site() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;
    let refused = (403, "cross_origin");
    let passed = (404, "ticket_not_found");

    let order = || order_of(&app, &ada);
    assert_eq!(order().send().await.problem(), refused);
    assert_eq!(order().header("origin", "https://evil.example").send().await.problem(), refused);
    assert_eq!(order().header("origin", "null").send().await.problem(), refused);
    assert_eq!(order().header("sec-fetch-site", "cross-site").send().await.problem(), refused);
    assert_eq!(order().header("sec-fetch-site", "same-site").send().await.problem(), refused);
    assert_eq!(order().header("sec-fetch-site", "same-origin").send().await.problem(), passed);
    assert_eq!(order().header("origin", "http://shop.example").send().await.problem(), passed);
    assert_eq!(app.get("/api/orders").header("cookie", &format!("access={}", ada.access)).send().await.status, 200);
}

#[tokio::test]
async fn another_site_cannot_sign_anybody_in() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;
    let body = json!({"email": ada.email, "password": PASSWORD});

    let reply = app.post("/api/users/signin").header("origin", "https://evil.example").json(&body).send().await;

    assert_eq!(reply.problem(), (403, "cross_origin"));
    assert_eq!(reply.cookie("access"), "");
}

#[tokio::test]
async fn a_program_with_a_token_needs_no_page() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;
    let body = json!({"ticketId": uuid::Uuid::nil()});

    assert_eq!(app.post("/api/orders").bearer(&ada.access).json(&body).send().await.status, 404);
}

#[tokio::test]
async fn cookies_are_sent_over_tls_alone_where_there_is_any() {
    let app = TestApp::start_with(|config| {
        config.http.public_origins = vec!["https://tickets.example".parse().expect("an origin")];
    })
    .await;
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    let reply = app.post("/api/users/signup").header("origin", "https://tickets.example").json(&body).send().await;
    app.settle().await;

    assert!(reply.header("set-cookie").ends_with("HttpOnly; SameSite=Lax; Secure"));
    assert!(reply.header("strict-transport-security").starts_with("max-age="));
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let app = TestApp::start().await;

    for path in ["/api/tickets", "/api/docs", "/livez", "/nothing/here"] {
        let reply = app.get(path).send().await;
        assert!(reply.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(!reply.header("content-security-policy").contains("unsafe"), "{path}");
        assert!(reply.header("content-security-policy").ends_with("form-action 'self'"), "{path}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("x-request-id").len(), 36, "{path}");
    }
}

#[tokio::test]
async fn a_caller_may_name_the_request() {
    let app = TestApp::start().await;
    let name = "01931b6e-8f00-7000-8000-00000000002a";

    let named = app.get("/livez").header("x-request-id", name).send().await;
    let refused = app.get("/livez").header("x-request-id", "a\tb<script>").send().await;

    assert_eq!(named.header("x-request-id"), name);
    assert_eq!(refused.header("x-request-id").len(), 36);
}
