//! Tokens that are not ours open nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::app::TestApp;

#[tokio::test]
async fn a_token_opens_what_its_cookie_opens() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;

    assert_eq!(app.get("/api/orders").bearer(&ada.access).send().await.status, 200);
}

#[tokio::test]
async fn a_forged_token_is_refused() {
    let (app, elsewhere) = (TestApp::start().await, TestApp::start().await);
    let ada = app.sign_up("ada").await;
    let foreign = elsewhere.sign_up("ada").await.access;
    let [header, claims, signature] = ada.access.split('.').collect::<Vec<_>>()[..] else { panic!("a JWT") };
    let nobody_signs = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let symmetric = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let longer = URL_SAFE_NO_PAD.encode(r#"{"iss":"ticketing","sub":"x","exp":99999999999}"#);

    for token in [
        foreign,
        format!("{nobody_signs}.{claims}."),
        format!("{symmetric}.{claims}.{signature}"),
        format!("{header}.{longer}.{signature}"),
        format!("{header}.{claims}."),
        "tomato".to_owned(),
        "..".to_owned(),
    ] {
        let reply = app.get("/api/orders").bearer(&token).send().await;
        assert_eq!(reply.problem(), (401, "session_over"), "{token}");
        assert!(reply.header("www-authenticate").starts_with("Bearer"));
    }
}

#[tokio::test]
async fn the_public_key_is_published() {
    let app = TestApp::start().await;

    let keys = app.get("/.well-known/jwks.json").send().await.body;

    assert_eq!((&keys["keys"][0]["kty"], &keys["keys"][0]["crv"]), (&"OKP".into(), &"Ed25519".into()));
    assert!(keys["keys"][0]["d"].is_null());
}

#[tokio::test]
async fn a_strange_cookie_is_nobody() {
    let app = TestApp::start().await;

    for cookie in ["access=", "access=tomato", "access=a.b.c; refresh=%%%", "=;;=;access", "access=\u{FFFD}"] {
        let reply = app.get("/api/users/currentuser").header("cookie", cookie).send().await;
        assert_eq!((reply.status.as_u16(), &reply.body["currentUser"]), (200, &serde_json::Value::Null), "{cookie}");
    }
}
