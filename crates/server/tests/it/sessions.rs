//! Sessions: one refresh token at a time, and an end that holds everywhere.

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{PASSWORD, Reply, TestApp, User, id};

pub(crate) async fn refresh(app: &TestApp, user: &User) -> Reply {
    app.post("/api/users/refresh").by(user).send().await
}

pub(crate) async fn who(app: &TestApp, user: &User) -> Value {
    app.get("/api/users/currentuser").by(user).send().await.body["currentUser"].clone()
}

pub(crate) fn renewed(user: &User, reply: &Reply) -> User {
    User { email: user.email.clone(), access: reply.cookie("access"), refresh: reply.cookie("refresh") }
}

const LATER: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_copied_refresh_token_ends_the_session() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;
    let reply = refresh(&app, &ada).await;
    let next = renewed(&ada, &reply);
    app.pass(LATER).await;

    assert_eq!(refresh(&app, &ada).await.problem(), (401, "session_over"));
    assert_eq!(refresh(&app, &next).await.problem(), (401, "session_over"));
    assert_eq!(who(&app, &next).await, Value::Null);
}

#[tokio::test]
async fn a_second_tab_is_no_thief() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;
    let next = renewed(&ada, &refresh(&app, &ada).await);
    app.pass(Duration::from_secs(2)).await;

    let second_tab = refresh(&app, &ada).await;

    assert_eq!((second_tab.status.as_u16(), second_tab.cookie("refresh")), (204, next.refresh.clone()));
    assert!(!second_tab.cookie("access").is_empty());
    app.pass(LATER).await;
    assert_eq!(refresh(&app, &renewed(&ada, &second_tab)).await.status, 204);
}

#[tokio::test]
async fn an_access_token_runs_out_and_is_renewed() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;
    app.pass(Duration::from_secs(5 * 60)).await;

    assert_eq!(app.get("/api/orders").by(&ada).send().await.problem(), (401, "session_over"));
    let next = renewed(&ada, &refresh(&app, &ada).await);
    assert_eq!(app.get("/api/orders").by(&next).send().await.status, 200);
}

#[tokio::test]
async fn a_session_that_nobody_refreshes_ends() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;
    app.pass(Duration::from_secs(31 * 24 * 3600)).await;

    assert_eq!(refresh(&app, &ada).await.problem(), (401, "session_over"));
}

#[tokio::test]
async fn signing_out_holds_everywhere() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;

    let reply = app.post("/api/users/signout").by(&ada).send().await;

    assert_eq!(reply.status, 204);
    assert!(reply.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(app.get("/api/orders").bearer(&ada.access).send().await.problem(), (401, "session_over"));
    assert_eq!(refresh(&app, &ada).await.problem(), (401, "session_over"));
}

#[tokio::test]
async fn who_comes_back_late_can_still_sign_out() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;
    app.pass(Duration::from_secs(600)).await;

    assert_eq!(app.post("/api/users/signout").by(&ada).send().await.status, 204);
    assert_eq!(refresh(&app, &ada).await.problem(), (401, "session_over"));
}

#[tokio::test]
async fn a_session_is_revoked_from_another_device() {
    let app = TestApp::start().await;
    let phone = app.sign_up("ada").await;
    let laptop = app.sign_in(&phone).await;
    let sessions = app.get("/api/users/sessions").by(&laptop).send().await.body;
    let other = sessions["items"].as_array().expect("items").iter().find(|session| session["current"] == false);
    let path = format!("/api/users/sessions/{}", id(other.expect("two sessions")));

    assert_eq!(app.delete(&path).by(&laptop).send().await.status, 204);

    assert_eq!(who(&app, &phone).await, Value::Null);
    assert_eq!(who(&app, &laptop).await["email"], "ada@example.org");
    assert_eq!(app.delete(&path).by(&laptop).send().await.problem(), (404, "session_not_found"));
}

#[tokio::test]
async fn all_other_sessions_end_at_once() {
    let app = TestApp::start().await;
    let phone = app.sign_up("ada").await;
    let laptop = app.sign_in(&phone).await;

    assert_eq!(app.delete("/api/users/sessions").by(&laptop).send().await.status, 204);

    assert_eq!(who(&app, &phone).await, Value::Null);
    assert_eq!(who(&app, &laptop).await["email"], "ada@example.org");
}

#[tokio::test]
async fn another_password_ends_all_other_sessions() {
    let app = TestApp::start().await;
    let phone = app.sign_up("ada").await;
    let laptop = app.sign_in(&phone).await;
    let change = |current: &str| {
        let body = json!({"currentPassword": current, "password": "velvet anchor tide 77"});
        app.post("/api/users/password").by(&laptop).json(&body).send()
    };

    assert_eq!(change("wrong password").await.wrong_fields(), ["currentPassword"]);
    let changed = change(PASSWORD).await;
    assert_eq!(changed.status, 204);

    assert_eq!(who(&app, &phone).await, Value::Null);
    let next = renewed(&laptop, &changed);
    assert_eq!(who(&app, &next).await["email"], "ada@example.org");
    assert_eq!(refresh(&app, &laptop).await.problem(), (401, "session_over"));
    assert_eq!(refresh(&app, &next).await.status, 204);
    let old = json!({"email": "ada@example.org", "password": PASSWORD});
    assert_eq!(app.post("/api/users/signin").json(&old).send().await.problem(), (401, "wrong_credentials"));
    app.settle().await;
}

#[tokio::test]
async fn two_accounts_never_share_an_address() {
    let app = TestApp::start().await;
    app.sign_up("ada").await;
    let again = json!({"email": " ADA@example.org", "password": PASSWORD});

    assert_eq!(app.post("/api/users/signup").json(&again).send().await.problem(), (409, "email_taken"));
}

#[tokio::test]
async fn a_weak_password_is_told_so() {
    let app = TestApp::start().await;

    for password in ["short", "password123", "ada@example.org", &"x".repeat(200)] {
        let body = json!({"email": "ada@example.org", "password": password});
        let reply = app.post("/api/users/signup").json(&body).send().await;
        assert_eq!((reply.problem(), reply.wrong_fields()), ((422, "invalid"), vec!["password"]), "{password}");
    }
}

#[tokio::test]
async fn two_spellings_of_a_mailbox_and_of_a_password_are_one() {
    let app = TestApp::start().await;
    let chosen = json!({"email": "ada@mu\u{308}nchen.de", "password": "Crème brûlée quay 42"});
    assert_eq!(app.post("/api/users/signup").json(&chosen).send().await.body["email"], "ada@münchen.de");
    let typed = json!({"email": "ADA@xn--mnchen-3ya.de", "password": "Cre\u{300}me bru\u{302}le\u{301}e\u{A0}quay 42"});

    assert_eq!(app.post("/api/users/signin").json(&typed).send().await.status, 200);
    assert_eq!(app.post("/api/users/signup").json(&typed).send().await.problem(), (409, "email_taken"));
    app.settle().await;
}

#[tokio::test]
async fn what_nobody_can_see_is_no_address() {
    let app = TestApp::start().await;

    for email in ["\u{3164}@example.org", "ada@\u{2800}.org", "\u{200B}@example.org", "ada\u{3164}@example.org"] {
        let body = json!({"email": email, "password": PASSWORD});
        let reply = app.post("/api/users/signup").json(&body).send().await;
        assert_eq!((reply.problem(), reply.wrong_fields()), ((422, "invalid"), vec!["email"]), "{email:?}");
    }
}
