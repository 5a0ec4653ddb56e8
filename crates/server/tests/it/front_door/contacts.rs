//! Another process asks how to reach people, and nobody else does.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;
use ticketing_conformance::sample::free_address;
use ticketing_core::domain::ids::AccountId;
use ticketing_core::ports::contacts::{ContactPurpose, Contacts};
use ticketing_crypto::Argon2Config;
use ticketing_server::config::{Config, Service};
use ticketing_server::remote::{RemoteContacts, Upstream};
use ticketing_server::wiring;

use super::backend::{front_door, listen};
use crate::app::TestApp;
use crate::keys::app_with_keys;

/// Another process with the keys of a file, which knows where accounts is.
fn beside(app: &TestApp, keys: PathBuf, accounts: &str) -> RemoteContacts {
    let config = Config { services: vec![Service::Admissions], signing_keys: Some(keys), ..Config::default() };
    let engines = wiring::engines(&app.memory, Argon2Config::weak(), &config).expect("a weak hash is a hash");
    let url = format!("http://{accounts}").parse().expect("an address");
    let key = engines.edge.contacts_key.expect("keys of a file are shared");
    RemoteContacts::new(Upstream::new(&url, Duration::ZERO), key)
}

async fn account_of(app: &TestApp, name: &str) -> AccountId {
    let user = app.sign_up(name).await;
    let known = app.get("/api/users/currentuser").by(&user).send().await.body;
    known["currentUser"]["id"].as_str().expect("an id").parse().expect("an id")
}

#[tokio::test]
async fn a_process_with_the_same_keys_learns_how_to_reach_people() {
    let (keys, app) = app_with_keys().await;
    let ada = account_of(&app, "ada").await;
    let contacts = beside(&app, keys.path(), &listen(app.router.clone()).await);

    let told = contacts.contact(ada, ContactPurpose::Tell).await.expect("an answer").expect("somebody");
    assert_eq!((told.email.as_str(), told.token), ("ada@example.org", None));
    let reset = contacts.contact(ada, ContactPurpose::ResetPassword).await.expect("an answer").expect("somebody");
    let body = json!({"token": reset.token.expect("a link").expose(), "password": "velvet anchor tide 77"});
    assert_eq!(app.post("/api/users/reset").json(&body).send().await.status, 204, "its link is good");
    app.settle().await;

    let confirm = contacts.contact(ada, ContactPurpose::ConfirmAddress).await.expect("an answer");
    assert_eq!(confirm, None, "the reset confirmed the address");
    assert_eq!(contacts.contact(AccountId::from_u128(7), ContactPurpose::Tell).await.expect("an answer"), None);
}

#[tokio::test]
async fn nobody_else_learns_how_to_reach_people() {
    let (_keys, app) = app_with_keys().await;
    let ada = account_of(&app, "ada").await;
    let question = json!({"account": ada.uuid(), "purpose": "resetPassword"});
    for bearer in ["", "tomato", &"0".repeat(64), &"ä".repeat(32)] {
        let reply = app.post("/internal/contacts").header_bytes("authorization", format!("Bearer {bearer}").as_bytes());
        assert_eq!(reply.json(&question).send().await.problem(), (404, "route_not_found"), "{bearer}");
    }
    let (others, _other_app) = app_with_keys().await;
    let stranger = beside(&app, others.path(), &listen(app.router.clone()).await);
    assert!(stranger.contact(ada, ContactPurpose::Tell).await.is_err(), "other keys prove nothing");
    let away = beside(&app, others.path(), &free_address().to_string());
    assert!(away.contact(ada, ContactPurpose::Tell).await.is_err());
    let described = app.get("/api/openapi.json").send().await.text();
    assert!(!described.contains("internal"), "it is not part of the API");
}

#[tokio::test]
async fn no_front_door_forwards_a_question_about_people() {
    let (keys, app) = app_with_keys().await;
    let ada = account_of(&app, "ada").await;
    let accounts = listen(app.router.clone()).await;
    let app = front_door(app, &accounts, |_| {});
    let through = beside(&app, keys.path(), &listen(app.router.clone()).await);

    assert!(through.contact(ada, ContactPurpose::Tell).await.is_err());
}
