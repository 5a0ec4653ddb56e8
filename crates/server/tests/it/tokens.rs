//! Tokens that are not ours open nothing.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::Value;
use ticketing_server::config::Secret;

use crate::app::{TestApp, User};
use crate::sessions::{refresh, renewed};

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
        assert_eq!((reply.status.as_u16(), &reply.body["currentUser"]), (200, &Value::Null), "{cookie}");
    }
}

#[tokio::test]
async fn a_token_of_a_release_without_audiences_is_renewed_unnoticed() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let signing_key = Secret::new(STANDARD.encode(key.to_bytes()));
    let app = TestApp::start_with(|config| config.signing_key = Some(signing_key)).await;
    let ada = app.sign_up("ada").await;
    let [header, claims, _] = ada.access.split('.').collect::<Vec<_>>()[..] else { panic!("a JWT") };
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).expect("base64")).expect("JSON");
    let signed = |claims: &Value| {
        let text = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(key.sign(text.as_bytes()).to_bytes()))
    };
    let same = User { access: signed(&claims), ..ada.clone() };
    assert_eq!(app.get("/api/orders").by(&same).send().await.status, 200, "what is signed here is believed");
    assert!(claims.as_object_mut().expect("claims").remove("aud").is_some());
    let old = User { access: signed(&claims), ..ada };

    // A page renews the session by itself, and a program when it is told to.
    let page = app.get("/orders").by(&old).send().await;
    let told = app.get("/api/orders").by(&old).send().await;
    let next = renewed(&old, &refresh(&app, &old).await);

    assert_eq!((page.status.as_u16(), page.cookie("access").is_empty()), (200, false), "{page:?}");
    assert_eq!(told.problem(), (401, "session_over"));
    assert_eq!(page.cookie("refresh"), next.refresh, "both renewed the same session");
    assert_eq!(app.get("/api/orders").by(&next).send().await.status, 200);
}
